/**
 * One abort signal for everything that may end an operation: the caller hangs up, a phase takes too
 * long, or the whole does.
 *
 * An operation passes through phases (connect, first byte, idle), each with its own patience. Entering
 * a phase ends the one before; "total" runs beside them. Whatever fires first aborts `signal`, and its
 * reason says what it was: a `DeadlineError`, or the caller's own reason.
 *
 * A stream enters and leaves a phase with every read, so that must cost next to nothing: a phase is a note of
 * when it is over, and one timer runs that looks at the note. Where it comes too early it starts anew for
 * what is left, so a phase ends at its millisecond all the same.
 *
 * Invariant: after `close` no timer runs and no listener hangs on the caller's signal, so a deadline
 * never outlives its operation. `close` may be called any number of times.
 */
import { systemClock, type Clock } from "./clock.ts";

/** Starts a timer and returns the function that stops it. */
export type StartTimer = (callback: () => void, delayMs: number) => () => void;

function startTimer(callback: () => void, delayMs: number): () => void {
  const timer = setTimeout(callback, delayMs);
  return () => clearTimeout(timer);
}

/** The reason of a signal whose time ran out. */
export class DeadlineError extends Error {
  override readonly name = "DeadlineError";
  readonly phase: string;
  readonly limitMs: number;

  constructor(phase: string, limitMs: number) {
    super(`Nothing came within ${limitMs} ms (${phase})`);
    this.phase = phase;
    this.limitMs = limitMs;
  }
}

interface Phase {
  readonly name: string;
  readonly limitMs: number;
  /** Milliseconds since 1970. */
  readonly overMs: number;
}

interface DeadlineOptions {
  readonly parent?: AbortSignal;
  /** The one that the timers go by. */
  readonly clock?: Clock;
  readonly timer?: StartTimer;
}

export class Deadline {
  readonly #controller = new AbortController();
  readonly #parent: AbortSignal | undefined;
  readonly #clock: Clock;
  readonly #startTimer: StartTimer;
  #phase: Phase | undefined;
  /** The timer of the phases, where one runs, and when it looks. */
  #stopLook: (() => void) | undefined;
  #lookMs = 0;
  #stopTotal: (() => void) | undefined;

  /** An already aborted `parent` gives an already aborted signal. */
  constructor({ parent, clock = systemClock, timer = startTimer }: DeadlineOptions = {}) {
    this.#parent = parent;
    this.#clock = clock;
    this.#startTimer = timer;
    if (parent?.aborted) this.#controller.abort(parent.reason);
    else parent?.addEventListener("abort", this.#followParent);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Gives the next phase `limitMs` from now; the phase before it is over. */
  enter(phase: string, limitMs: number): void {
    if (this.signal.aborted) return;
    const overMs = this.#clock.nowMs() + limitMs;
    this.#phase = { name: phase, limitMs, overMs };
    if (this.#stopLook === undefined || overMs < this.#lookMs) this.#lookAfter(limitMs);
  }

  /** Ends the phase; until the next one only the total runs. */
  leave(): void {
    this.#phase = undefined;
  }

  /** Gives everything together `limitMs` from now. */
  limitTotal(limitMs: number): void {
    this.#stopTotal?.();
    if (this.signal.aborted) return;
    this.#stopTotal = this.#startTimer(
      () => this.abort(new DeadlineError("total", limitMs)),
      limitMs,
    );
  }

  /** Settles as `work` does, or rejects with the signal's reason once that aborts. */
  race<T>(work: Promise<T>): Promise<T> {
    const { signal } = this;
    return new Promise<T>((resolve, reject) => {
      function abort(): void {
        reject(signal.reason);
      }
      if (signal.aborted) abort();
      else signal.addEventListener("abort", abort);
      void work.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
    });
  }

  /** Aborts the operation and closes the deadline. */
  abort(reason: unknown): void {
    this.#controller.abort(reason);
    this.close();
  }

  /** Stops every timer and lets go of the parent; the signal stays as it is. */
  close(): void {
    this.#stopLook?.();
    this.#stopTotal?.();
    this.#stopLook = undefined;
    this.#stopTotal = undefined;
    this.#parent?.removeEventListener("abort", this.#followParent);
  }

  readonly #followParent = (): void => {
    this.abort(this.#parent?.reason);
  };

  #lookAfter(delayMs: number): void {
    this.#stopLook?.();
    this.#lookMs = this.#clock.nowMs() + delayMs;
    this.#stopLook = this.#startTimer(() => this.#look(), delayMs);
  }

  #look(): void {
    this.#stopLook = undefined;
    if (this.#phase === undefined) return;
    const { name, limitMs, overMs } = this.#phase;
    const leftMs = overMs - this.#clock.nowMs();
    // A clock that was set back must not make a phase longer than it may be.
    if (leftMs > 0) this.#lookAfter(Math.min(leftMs, limitMs));
    else this.abort(new DeadlineError(name, limitMs));
  }
}
