/**
 * How a request treats what may fail without harm: it waits for it so long and no longer, goes on without, and the log
 * hears of it. Nobody waits for a client that has gone.
 */
import type { Clock } from "../../lib/clock.ts";
import { Deadline, type StartTimer } from "../../lib/deadline.ts";

/** What may fail without harm. */
export type Step = "namespace" | "near" | "far" | "flight" | "neighbours" | "audit" | "count";

interface PatienceOptions {
  readonly clock: Clock;
  readonly timer?: StartTimer;
  /** The client's. */
  readonly signal: AbortSignal;
  /** Is told of what failed. Must not throw. */
  readonly fail: (step: Step, error: unknown) => void;
}

/** Nothing here rejects. */
export class Patience {
  readonly #options: PatienceOptions;

  constructor(options: PatienceOptions) {
    this.#options = options;
  }

  /** What comes of work within `limitMs`; undefined where nothing does. */
  async within<T>(limitMs: number, step: Step, work: Promise<T>): Promise<T | undefined> {
    const { clock, timer, signal, fail } = this.#options;
    const deadline = new Deadline({ parent: signal, clock, ...(timer !== undefined && { timer }) });
    deadline.limitTotal(limitMs);
    try {
      return await deadline.race(work);
    } catch (error) {
      if (!signal.aborted) fail(step, error);
      return undefined;
    } finally {
      deadline.close();
    }
  }

  /** What comes of work that goes on after the answer; undefined where it fails. */
  async try<T>(step: Step, work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      this.#options.fail(step, error);
      return undefined;
    }
  }
}
