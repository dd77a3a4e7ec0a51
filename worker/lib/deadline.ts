/**
 * One abort signal for everything that may end an operation: the caller hangs up, a phase takes too
 * long, or the whole does.
 *
 * An operation passes through phases (connect, first byte, idle), each with its own patience. Entering
 * a phase ends the one before; "total" runs beside them. Whatever fires first aborts `signal`, and its
 * reason says what it was: a `DeadlineError`, or the caller's own reason.
 *
 * Invariant: after `close` no timer runs and no listener hangs on the caller's signal, so a deadline
 * never outlives its operation. `close` may be called any number of times.
 */

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

export class Deadline {
  readonly #controller = new AbortController();
  readonly #parent: AbortSignal | undefined;
  readonly #startTimer: StartTimer;
  #stopPhase: (() => void) | undefined;
  #stopTotal: (() => void) | undefined;

  /** An already aborted `parent` gives an already aborted signal. */
  constructor({ parent, timer = startTimer }: { parent?: AbortSignal; timer?: StartTimer } = {}) {
    this.#parent = parent;
    this.#startTimer = timer;
    if (parent?.aborted) this.#controller.abort(parent.reason);
    else parent?.addEventListener("abort", this.#followParent);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Gives the next phase `limitMs` from now; the phase before it is over. */
  enter(phase: string, limitMs: number): void {
    this.#stopPhase?.();
    this.#stopPhase = this.#expireAfter(phase, limitMs);
  }

  /** Ends the phase; until the next one only the total runs. */
  leave(): void {
    this.#stopPhase?.();
    this.#stopPhase = undefined;
  }

  /** Gives everything together `limitMs` from now. */
  limitTotal(limitMs: number): void {
    this.#stopTotal?.();
    this.#stopTotal = this.#expireAfter("total", limitMs);
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
    this.#stopPhase?.();
    this.#stopTotal?.();
    this.#stopPhase = undefined;
    this.#stopTotal = undefined;
    this.#parent?.removeEventListener("abort", this.#followParent);
  }

  readonly #followParent = (): void => {
    this.abort(this.#parent?.reason);
  };

  #expireAfter(phase: string, limitMs: number): (() => void) | undefined {
    if (this.signal.aborted) return undefined;
    return this.#startTimer(() => this.abort(new DeadlineError(phase, limitMs)), limitMs);
  }
}
