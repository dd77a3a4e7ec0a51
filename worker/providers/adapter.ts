/**
 * What a vendor's wire format is to Sluice: three pure conversions between it and OpenAI's chat format,
 * in which everything inside the Worker speaks. dispatch.ts moves the bytes and watches the clock; an
 * adapter never does.
 *
 * An adapter drops nothing silently. What its vendor cannot be asked for is kept out by the model's
 * capabilities in the catalogue, before anybody gets here, and refused where it gets here all the same;
 * what passes through unchanged for one vendor and has another name at the next is renamed.
 */
import type { ChatRequest } from "../domain/chat.ts";
import type { UpstreamCompletion, UpstreamFailure } from "../domain/upstream.ts";
import type { SseEvent } from "../lib/sse.ts";
import type { Endpoint } from "./endpoints.ts";

export interface HttpRequest {
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly body: string;
}

export interface Adapter {
  /**
   * The request that asks `endpoint` for `upstreamModel`'s answer. Its headers hold the key. Throws
   * RouterError for what this vendor has no words for; another vendor may have them.
   */
  buildRequest(endpoint: Endpoint, request: ChatRequest, upstreamModel: string): HttpRequest;
  /** A whole answer of status 2xx, or the failure that it hides. `text` is the same body, unparsed. */
  readAnswer(answer: VendorAnswer, endpoint: Endpoint): UpstreamCompletion | UpstreamFailure;
  /**
   * The reader of one stream, which is asked for each of its events in turn.
   * @param createdS Unix time in seconds, for a vendor that does not tell it.
   */
  openStream(endpoint: Endpoint, createdS: number): StreamReader;
}

export interface VendorAnswer {
  readonly text: string;
  readonly body: Record<string, unknown>;
  /** Unix time in seconds, for a vendor that does not tell it. */
  readonly createdS: number;
}

export interface StreamReader {
  /**
   * OpenAI's chunks (or `[DONE]`) that one event of the vendor stands for, which may be none, or the
   * failure that it tells of. Never throws; after a failure it is not asked again.
   */
  take(event: SseEvent): readonly SseEvent[] | UpstreamFailure;
}
