/**
 * How long a stream may go on under a hard budget.
 *
 * After every read the answer so far is priced, a little above what is counted here, since vendors count a little
 * otherwise. While that is within what is held the stream goes on without being asked. Before it outgrows it, more
 * is asked for, beside the stream; only a stream that has outgrown it waits. Where the budget has less than was
 * asked for, the last of it is taken. When that is used it is asked once more, and then the stream ends.
 *
 * So what a request uses beyond its hold is at most what its last read brought, and what the vendor counts beyond
 * our count and its margin, thinking that it never showed among it.
 */
import type { Cover } from "../domain/purse.ts";

interface AllowanceInput {
  /** What the call may cost as it was covered, micro-dollars. */
  readonly heldMicroUsd: number;
  /** What a call with so many output tokens costs. */
  readonly costOf: (outputTokens: number) => number;
  /** Holds more, so much in all. */
  readonly raise: (microUsd: number) => Promise<Cover>;
}

/** Share by which a vendor may count more tokens than we do; tokenx errs by up to 10 % in most languages. */
const COUNT_MARGIN = 1.1;
/** From this share of the hold on, more is asked for. */
const EARLY = 0.75;
/** By how much a hold grows at a time. */
const GROWTH = 1.5;
/** Budgets that may each have less than the one before. */
const MAX_TRIES = 8;

export class Allowance {
  readonly #input: AllowanceInput;
  #heldMicroUsd: number;
  #raising: Promise<void> | undefined;
  /** The budget had no more to give when it was asked last. */
  #isLast = false;
  /** Nobody can say what it has. */
  #isLost = false;

  constructor(input: AllowanceInput) {
    this.#input = input;
    this.#heldMicroUsd = input.heldMicroUsd;
  }

  /** Whether the stream may go on after so many tokens. Answers at once where nobody needs to be asked. */
  allows(outputTokens: number): boolean | Promise<boolean> {
    const cost = this.#input.costOf(Math.ceil(outputTokens * COUNT_MARGIN));
    if (cost > this.#heldMicroUsd) return this.#outgrown(cost);
    if (cost > this.#heldMicroUsd * EARLY && !this.#isLast) this.#raising ??= this.#raise(cost);
    return true;
  }

  async #outgrown(cost: number): Promise<boolean> {
    await this.#raising;
    // Also after a refusal: others may have given back since.
    if (cost > this.#heldMicroUsd && !this.#isLost) await this.#raise(cost);
    return cost <= this.#heldMicroUsd;
  }

  async #raise(cost: number): Promise<void> {
    const wanted = Math.ceil(Math.max(cost, this.#heldMicroUsd) * GROWTH);
    try {
      this.#isLast = !(await this.#hold(wanted));
    } catch {
      // A ledger that cannot be asked gives nothing more.
      this.#isLost = true;
      this.#isLast = true;
    } finally {
      this.#raising = undefined;
    }
  }

  /** Holds so much, or the last there is. Resolves with whether it was all. */
  async #hold(wanted: number): Promise<boolean> {
    let asked = wanted;
    // A refusal names one budget, and the next may have less.
    for (let tries = 0; tries < MAX_TRIES && asked > this.#heldMicroUsd; tries++) {
      const cover = await this.#input.raise(asked);
      if (cover.isCovered) {
        this.#heldMicroUsd = asked;
        break;
      }
      asked = cover.leftMicroUsd;
    }
    return this.#heldMicroUsd >= wanted;
  }
}
