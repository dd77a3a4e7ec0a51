/** What a request asks the cache, and what it is told: the cache's side of the port that the pipeline declares. */
import type { ChatRequest } from "../../domain/chat.ts";
import type { KeptAnswer } from "../../domain/kept-answer.ts";
import type { Policy } from "../../domain/policy.ts";
import type { KeepAlive } from "../../lib/lookup-cache.ts";

/** What is asked, by whom, and what ends the asking. */
export interface Question {
  readonly tenant: string;
  /** `auto`, or the id of the model that the client named. */
  readonly model: string;
  readonly request: ChatRequest;
  /** Its models are those that the caller may use. */
  readonly policy: Policy;
  /** The share of semantic hits that may be wrong, above 0 and below 1. */
  readonly maxFalseHits: number;
  /** Whether it is told of what is near and may not be given. */
  readonly wantsNear: boolean;
  /** The client's. */
  readonly signal: AbortSignal;
  readonly keepAlive: KeepAlive;
}

/** Where an answer goes that is still to be given. Only the first call counts. */
export interface Place {
  /** @param body The whole answer, OpenAI's. */
  keep(answer: KeptAnswer, body: Record<string, unknown>): void;
  /** There will be none for others. */
  leave(): void;
}

interface Hit {
  readonly kind: "hit";
  readonly answer: KeptAnswer;
  readonly ageMs: number;
  /** To another prompt that asks the same in other words. */
  readonly isSemantic: boolean;
  /** Wants a vendor's own whole answer, where this hit is one of the sample that is held against them. Never rejects. */
  readonly audit?: (body: Record<string, unknown>) => Promise<void>;
}

/** What was answered to a prompt that is like this one, to be adapted and not to be given. */
interface NearAnswer {
  readonly kind: "near";
  /** The last user text of that prompt, and what was answered to it. */
  readonly asked: string;
  readonly said: string;
  /** This request's own last user text. */
  readonly text: string;
}

export type Found =
  | Hit
  | NearAnswer
  | { readonly kind: "miss"; readonly place: Place }
  | { readonly kind: "bypass" };
