/**
 * What becomes of an answer for those who will ask the same: it is remembered while it passes, and handed to the
 * cache when it has ended well.
 *
 * Remembered is what the vendor said, before anything of ours is put into it. Nothing is handed over of an answer that
 * broke, was left or stopped, is too long to be remembered, or came of a model that was taken only because a budget
 * could not hold a better one.
 */
import type { Origin } from "../domain/kept-answer.ts";
import type { UpstreamCompletion, UpstreamStream } from "../domain/upstream.ts";
import type { SseSource } from "../lib/sse.ts";
import { wholeOf } from "./assemble.ts";
import type { StreamEnding } from "./meter.ts";
import type { CachePlace } from "./ports.ts";
import type { Bill } from "./settlement.ts";

/** UTF-16 units of a stream's events. */
const MAX_REMEMBERED = 1 << 20;

/** Of one request. `end` or `leave` must be called, whatever becomes of it; the first counts. */
export class Keeping {
  readonly #place: CachePlace | undefined;
  #outcome: UpstreamCompletion | UpstreamStream | undefined;
  #chunks: string[] = [];
  #length = 0;

  /** @param place Undefined where nothing is to be kept. */
  constructor(place: CachePlace | undefined) {
    this.#place = place;
  }

  /** The outcome, to be used in the place of the one given. */
  watch<T extends UpstreamCompletion | UpstreamStream>(outcome: T): T {
    if (this.#place === undefined) return outcome;
    this.#outcome = outcome;
    if (outcome.kind === "completion") return outcome;
    return { ...outcome, events: this.#recorded(outcome.events) };
  }

  end(ending: StreamEnding, bill: Bill, origin: Origin): void {
    const body = ending === "complete" ? this.#body() : undefined;
    const isSecondBest = origin.reason === "within_budget";
    if (this.#outcome === undefined || body === undefined || isSecondBest) return this.leave();
    const { costMicroUsd, savedMicroUsd } = bill;
    const referenceMicroUsd = Math.max(costMicroUsd + savedMicroUsd, 0);
    const content =
      this.#outcome.kind === "completion"
        ? { kind: "completion" as const, text: this.#outcome.text }
        : { kind: "stream" as const, chunks: this.#chunks };
    this.#place?.keep({ content, origin, costMicroUsd, referenceMicroUsd }, body);
  }

  /** The whole answer; undefined where it cannot be put together. */
  #body(): Record<string, unknown> | undefined {
    if (this.#outcome?.kind === "completion") return this.#outcome.body;
    if (this.#length > MAX_REMEMBERED) return undefined;
    try {
      return wholeOf(this.#chunks);
    } catch {
      return undefined;
    }
  }

  leave(): void {
    this.#place?.leave();
  }

  #recorded(events: SseSource): SseSource {
    return {
      next: async () => {
        const batch = await events.next();
        for (const { data } of batch ?? []) this.#remember(data);
        return batch;
      },
      cancel: (reason) => events.cancel(reason),
    };
  }

  #remember(data: string): void {
    this.#length += data.length;
    if (this.#length <= MAX_REMEMBERED) this.#chunks.push(data);
    else this.#chunks = [];
  }
}
