/**
 * One attempt: a request for chat or embeddings on its way to a vendor, and what came of it.
 *
 * The pipeline asks for attempts and the providers make them; this is the vocabulary between the two.
 * An attempt that fails is a foreseen "no" and therefore a value. Once a stream has begun there is no
 * other vendor to turn to, so what goes wrong later is an error of the stream.
 */
import type { SseSource } from "../lib/sse.ts";
import type { ChatRequest } from "./chat.ts";
import type { EmbeddingRequest } from "./embedding.ts";

/** What is asked of a vendor: an answer, unless it says otherwise. */
export type UpstreamWork =
  | { readonly operation?: undefined; readonly request: ChatRequest }
  | {
      readonly operation: "embeddings";
      readonly request: EmbeddingRequest;
      /** The vendor sends base64 where that is asked for, and not numbers only. */
      readonly hasBase64: boolean;
    };

export type UpstreamCall = UpstreamWork & {
  /** `provider/model`, as the catalogue has it. */
  readonly model: string;
  /** The vendor's own name for the model. */
  readonly upstreamModel: string;
  /** The client's: when it aborts, the vendor's connection is closed at once. */
  readonly signal: AbortSignal;
  /** Milliseconds left of the time that the whole request has. */
  readonly timeoutMs: number;
  /** The request's own, by which a vendor's bill can be held against ours; the same for all of its calls. */
  readonly requestId?: string;
};

/** What went wrong, as one word. */
export type FailureReason =
  | "rate_limited" // 429
  | "timeout" // ours ran out, or the vendor says that its own did
  | "unreachable" // no connection, or it broke before the first byte of an answer
  | "vendor_error" // 5xx, redirects, and a key or model that the vendor does not accept from us
  | "malformed" // an answer that is none: wrong content type, broken JSON, no choices
  | "rejected" // the vendor finds fault with the client's request
  | "context_overflow" // the request is longer than the model's window
  | "content_filtered" // the vendor's filter refuses the prompt or the answer
  | "cooling" // nobody was called: every key of the vendor is left alone for a while
  | "unaffordable" // nobody was called: the budget cannot hold what the call may cost
  | "aborted"; // the client hung up

export interface UpstreamFailure {
  readonly kind: "failure";
  readonly reason: FailureReason;
  /** For the client: names the trouble, never a key. At most a few hundred printable characters. */
  readonly message: string;
  /** Whether another vendor may succeed where this one failed. */
  readonly isRetryable: boolean;
  /** HTTP status, where there was one. */
  readonly status?: number;
  readonly retryAfterMs?: number;
  /** Of an unaffordable call: what one may cost instead; absent where the model alone has no money left. */
  readonly leftMicroUsd?: number;
  /** The vendor was at work on its answer when the call broke off, and may bill what it had done. */
  readonly mayBeBilled?: true;
}

export interface UpstreamCompletion {
  readonly kind: "completion";
  /** The vendor's body as it came, and parsed; it has at least one choice, or a vector for each input. */
  readonly text: string;
  readonly body: Record<string, unknown>;
  /** A spent budget has ended it early; its usage is an estimate. */
  readonly isStopped?: true;
}

export interface UpstreamStream {
  readonly kind: "stream";
  /**
   * Has its first event already, and that one is no error. Rejects with a RouterError when the vendor
   * fails later. The reader owns it: cancelling closes the vendor's connection.
   */
  readonly events: SseSource;
}

export type UpstreamOutcome = UpstreamCompletion | UpstreamStream | UpstreamFailure;

/** An attempt's outcome, and how many calls it took: one for each of the vendor's keys that was tried. */
export type Dispatched = UpstreamOutcome & { readonly calls: number };

/** Makes one attempt. Never rejects. */
export type Dispatch = (call: UpstreamCall) => Promise<Dispatched>;

/** The part of `provider/model` before the slash. */
export function vendorOf(model: string): string {
  return model.slice(0, model.indexOf("/"));
}
