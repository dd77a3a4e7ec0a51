/**
 * What becomes of an answer for those who will ask the same: it is handed to the cache when it has ended well.
 *
 * Nothing is handed over of an answer that broke, was left or stopped, is too long to be remembered, or came of a model
 * that was not the preferred one: taken because a budget could not hold a better one, or drawn.
 */
import type { Origin } from "../domain/kept-answer.ts";
import type { StreamEnding } from "./meter.ts";
import type { CachePlace } from "./ports.ts";
import type { Recollection } from "./recollection.ts";
import type { Bill } from "./settlement.ts";

const SECOND_BEST = ["within_budget", "explored"];

/** Of one request. `end` or `leave` must be called, whatever becomes of it; the first counts. */
export class Keeping {
  readonly #place: CachePlace | undefined;

  /** @param place Undefined where nothing is to be kept. */
  constructor(place: CachePlace | undefined) {
    this.#place = place;
  }

  /** Whether the answer must be remembered. */
  get isWanted(): boolean {
    return this.#place !== undefined;
  }

  end(said: Recollection, { ending, bill, origin }: Ended): void {
    if (this.#place === undefined) return;
    const isBest = !SECOND_BEST.includes(origin.reason);
    const body = ending === "complete" && isBest ? said.body() : undefined;
    const { content } = said;
    if (content === undefined || body === undefined) return this.leave();
    const { costMicroUsd, savedMicroUsd } = bill;
    const referenceMicroUsd = Math.max(costMicroUsd + savedMicroUsd, 0);
    this.#place.keep({ content, origin, costMicroUsd, referenceMicroUsd }, body);
  }

  leave(): void {
    this.#place?.leave();
  }
}

interface Ended {
  readonly ending: StreamEnding;
  readonly bill: Bill;
  readonly origin: Origin;
}
