/**
 * What a vendor said, remembered while it passes to the client, before anything of ours is put into it. For whoever
 * wants the whole answer at its end: the cache keeps it, and the event log looks for what went wrong with it.
 *
 * An answer that is too long is let pass unremembered.
 */
import type { UpstreamCompletion, UpstreamStream } from "../domain/upstream.ts";
import type { SseSource } from "../lib/sse.ts";
import { wholeOf } from "./assemble.ts";

/** UTF-16 units of a stream's events. */
const MAX_REMEMBERED = 1 << 20;

/** Of one answer. */
export class Recollection {
  #outcome: UpstreamCompletion | UpstreamStream | undefined;
  #chunks: string[] = [];
  #length = 0;
  /** Put together once, by the first who wants it. */
  #whole: { readonly body: Record<string, unknown> | undefined } | undefined;

  /** The outcome, to be used in the place of the one given. */
  watch<T extends UpstreamCompletion | UpstreamStream>(outcome: T): T {
    this.#outcome = outcome;
    if (outcome.kind === "completion") return outcome;
    return { ...outcome, events: this.#recorded(outcome.events) };
  }

  /** As it came; undefined where nothing was watched. */
  get content():
    | { readonly kind: "completion"; readonly text: string }
    | { readonly kind: "stream"; readonly chunks: string[] }
    | undefined {
    if (this.#outcome === undefined) return undefined;
    return this.#outcome.kind === "completion"
      ? { kind: "completion", text: this.#outcome.text }
      : { kind: "stream", chunks: this.#chunks };
  }

  /** The whole answer, OpenAI's; undefined where it cannot be put together. For when it has ended. */
  body(): Record<string, unknown> | undefined {
    this.#whole ??= { body: this.#put() };
    return this.#whole.body;
  }

  #put(): Record<string, unknown> | undefined {
    if (this.#outcome?.kind === "completion") return this.#outcome.body;
    if (this.#outcome === undefined || this.#length > MAX_REMEMBERED) return undefined;
    try {
      return wholeOf(this.#chunks);
    } catch {
      return undefined;
    }
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
