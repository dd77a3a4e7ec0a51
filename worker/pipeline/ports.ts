/**
 * What the use cases need from outside. compose.ts supplies it; tests supply something simpler.
 *
 * Scoring is the router's port (routing/ports.ts), attempts are domain/upstream.ts, the clock is
 * lib/clock.ts. Ids come in as a function because the pipeline is where they are minted.
 */
import type { ChatMessage, ChatRequest } from "../domain/chat.ts";
import type { EmbeddingModel } from "../domain/embedding.ts";
import type { EventLog } from "../domain/event.ts";
import type { KeptAnswer } from "../domain/kept-answer.ts";
import type { Lessons } from "../domain/lessons.ts";
import type { Policy } from "../domain/policy.ts";
import type { Purse } from "../domain/purse.ts";
import type { PacedBudget, Standing } from "../domain/standing.ts";
import type { Caller } from "../domain/tenant.ts";
import type { Dispatch } from "../domain/upstream.ts";
import type { Clock } from "../lib/clock.ts";
import type { Pause } from "../lib/pause.ts";
import type { DecideInput } from "../routing/decide.ts";
import type { LatencyBook } from "../routing/latency-book.ts";
import type { PaceBook } from "../routing/pace.ts";
import type { PromptScorer, ScoredPrompt } from "../routing/ports.ts";

/** One line of the log. Fields are short and carry no prompt, no answer and no key. Must not throw. */
export interface Log {
  write(
    level: "debug" | "info" | "warn" | "error",
    event: string,
    fields?: Readonly<Record<string, string | number | boolean | undefined>>,
  ): void;
}

/** Which vendors the deployment holds keys for. */
interface VendorKeys {
  has(vendorId: string): boolean;
  readonly size: number;
  /** The secret that would add a vendor, such as OPENAI_API_KEY; undefined for an unknown vendor. */
  secretOf(vendorId: string): string | undefined;
}

/** A forecast, with the certificate of the release that made it where it has one at today's prices. */
export interface CertifiedPrompt extends ScoredPrompt, Pick<DecideInput, "certificate"> {}

/** The router's port, which may know what its release's quality floors are certified by. */
interface CertifiedScorer extends PromptScorer {
  score(...input: Parameters<PromptScorer["score"]>): Promise<CertifiedPrompt>;
}

/** Who pays, and what of it is left. */
interface Purses {
  /** The purse of one request, to be settled whatever becomes of it. */
  open(caller: Caller, requestId: string): Purse;
  /**
   * Where all budgets and limits of the callers stand, who are of one organisation; what they share, once. Rejects when
   * that cannot be found out.
   */
  standings(callers: readonly [Caller, ...Caller[]]): Promise<readonly Standing[]>;
  /** What to pace the caller by; nothing where it is not paced. Never rejects. */
  paced(caller: Caller): Promise<readonly PacedBudget[]>;
}

/** A request as the cache is asked about it. */
export interface CacheQuestion {
  readonly tenant: string;
  /** `auto`, or the id of the model that the client named. */
  readonly model: string;
  readonly request: ChatRequest;
  /** Its models are those that the caller may use. */
  readonly policy: Policy;
  /** The share of semantic hits that may be wrong. */
  readonly maxFalseHits: number;
  /** Whether it is told of what is near and may not be given. */
  readonly wantsNear: boolean;
  readonly signal: AbortSignal;
  readonly keepAlive: Commission["keepAlive"];
}

export interface CacheHit {
  readonly kind: "hit";
  readonly answer: KeptAnswer;
  readonly ageMs: number;
  /** To another prompt that asks the same in other words. */
  readonly isSemantic: boolean;
  /** Wants a vendor's own whole answer, where this hit is one of the sample that is held against them. Never rejects. */
  readonly audit?: (body: Record<string, unknown>) => Promise<void>;
}

/** What was answered to a prompt that is like this one, to be adapted and not to be given. */
export interface CacheNear {
  readonly kind: "near";
  /** The last user text of that prompt, and what was answered to it. */
  readonly asked: string;
  readonly said: string;
  /** This request's own last user text. */
  readonly text: string;
}

/** Where an answer goes that is still to be given. Only the first call counts, and one of them must be made. */
export interface CachePlace {
  /** Kept only where it is fit for others. @param body The whole answer, OpenAI's. */
  keep(answer: KeptAnswer, body: Record<string, unknown>): void;
  /** There will be none. */
  leave(): void;
}

/** What was answered before to the same tenant's same request, or to one like it. */
interface AnswerCache {
  /** Never rejects. May wait for another request that asks the same. */
  find(
    question: CacheQuestion,
  ): Promise<
    | CacheHit
    | CacheNear
    | { readonly kind: "miss"; readonly place: CachePlace }
    | { readonly kind: "bypass" }
  >;
}

/** What a judge is asked, and how its reply is read. */
interface JudgeWords {
  messages(judged: { readonly prompt: string; readonly answer: string }): readonly ChatMessage[];
  /** 0 to 1; undefined where the reply says nothing. */
  score(reply: string): number | undefined;
}

export interface Deps {
  readonly scorer: CertifiedScorer;
  /** The catalogue's models that make vectors. */
  readonly embeddings: readonly EmbeddingModel[];
  readonly keys: VendorKeys;
  readonly dispatch: Dispatch;
  readonly purses: Purses;
  /** Undefined where the deployment has none. */
  readonly cache: AnswerCache | undefined;
  /** Where decisions are remembered; undefined where the deployment has no place for them. */
  readonly events: EventLog | undefined;
  /** First twelve digits of the SHA-256 of the catalogue. */
  readonly catalogDigest: () => Promise<string>;
  /** How answers are graded by a model. */
  readonly judge: JudgeWords;
  /** What was learnt since the weights were trained; undefined where nobody learns. */
  readonly lessons: Lessons | undefined;
  readonly clock: Clock;
  /** What this isolate has learnt of the models' latency. */
  readonly latency: LatencyBook;
  /** What this isolate has learnt of what requests cost at any price of money. */
  readonly pace: PaceBook;
  readonly pause: Pause;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** A request's whole time, all of its attempts and its stream together. */
  readonly totalTimeoutMs: number;
  /** A fresh unguessable id, without prefix. */
  readonly mintId: () => string;
  readonly log: Log;
}

/** A catalogue entry, as the scorer's port has it. */
export type CatalogModel = PromptScorer["catalog"][number];

/** A request's identity, from its first line to its last log entry. */
export interface RequestTag {
  readonly id: string;
  readonly startedMs: number;
}

/** A request under way, whatever it asks for. */
export interface Commission {
  readonly tag: RequestTag;
  readonly caller: Caller;
  /** The client's; its abort ends the attempt under way. */
  readonly signal: AbortSignal;
  /** Takes work that goes on after the answer; it never rejects. */
  readonly keepAlive: (work: Promise<unknown>) => void;
}

/** Mints the tag of a request that has just arrived. */
export function tagRequest({ mintId, clock }: Pick<Deps, "mintId" | "clock">): RequestTag {
  return { id: `req_${mintId()}`, startedMs: clock.nowMs() };
}
