/**
 * The first chunks of a stream, held until they tell whether the vendor has begun to answer. Pure.
 *
 * A role alone says nothing: vendors send it at once, and some break off, refuse or filter after it. So a
 * stream has begun with its first words, thoughts or calls among them, or with an end that says why; then
 * what was held goes on with it. One that ends before that is a failure, and the client can be given another
 * vendor's answer. Empty chunks are passed on after so many of them: somebody may be counting on them.
 */
import type { UpstreamFailure } from "../domain/upstream.ts";
import { isRecord, jsonIn } from "../lib/json.ts";
import type { SseEvent } from "../lib/sse.ts";
import type { Endpoint } from "./endpoints.ts";
import { emptied, malformed } from "./failures.ts";

/** Chunks held; vendors send one about the prompt's filtering, and one of the role. */
const MAX_HELD = 16;

/** What the chunks have come to: `words` decides. In this order one outweighs the one before it. */
const SEEN = ["nothing", "choice", "filter", "words"] as const;

export class StreamOpening {
  readonly #held: SseEvent[] = [];
  #seen = 0;
  #isOver = false;

  /** Chunks that came together; undefined for the stream's end. What follows `[DONE]` counts for nothing. */
  add(chunks: readonly SseEvent[] | undefined): void {
    if (chunks === undefined) this.#isOver = true;
    for (const chunk of chunks ?? []) {
      this.#isOver ||= chunk.data === "[DONE]";
      if (!this.#isOver && SEEN[this.#seen] !== "words")
        for (const choice of choicesOf(chunk)) this.#seen = Math.max(this.#seen, rankOf(choice));
      this.#held.push(chunk);
    }
  }

  /** All chunks. */
  get held(): readonly SseEvent[] {
    return this.#held;
  }

  /** It has the vendor's word that an answer is coming, though none of it. */
  get isPromised(): boolean {
    return this.#seen > SEEN.indexOf("nothing");
  }

  /** Whether the chunks tell enough. */
  get isDecided(): boolean {
    return SEEN[this.#seen] === "words" || this.#isOver || this.#held.length >= MAX_HELD;
  }

  /** Why this is no beginning of an answer; undefined where it is one, or still may be. */
  faultOf(endpoint: Endpoint): UpstreamFailure | undefined {
    const seen = SEEN[this.#seen];
    if (seen === "words" || (this.isPromised && !this.#isOver)) return undefined;
    if (seen === "filter") return emptied(endpoint);
    const isEmpty = this.#held.length === 0 || this.#held[0]!.data === "[DONE]";
    const what = isEmpty ? "events" : seen === "nothing" ? "choices" : "an answer";
    return malformed(endpoint, `a stream without ${what}`);
  }
}

function choicesOf({ data }: SseEvent): Record<string, unknown>[] {
  const chunk = jsonIn(data);
  const choices = isRecord(chunk) ? chunk["choices"] : undefined;
  return Array.isArray(choices) ? choices.filter(isRecord) : [];
}

function rankOf({ delta, finish_reason: reason }: Record<string, unknown>): number {
  const said = isRecord(delta) ? Object.entries(delta) : [];
  if (said.some(([name, value]) => name !== "role" && isFilled(value)))
    return SEEN.indexOf("words");
  if (reason === "content_filter") return SEEN.indexOf("filter");
  return SEEN.indexOf(reason ? "words" : "choice");
}

function isFilled(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : Boolean(value);
}
