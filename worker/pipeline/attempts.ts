/**
 * Carries a decision out: its attempts one after the other, in rounds, until one answers.
 *
 * A retryable failure (a limit, a timeout, a vendor in trouble, an answer that is none) moves on to the
 * next model. A fault of the client's request does not: every vendor would find it, and each finding
 * costs time. Two refusals are special. A request too long for a model goes on to every candidate with a
 * larger window, also beyond the decision's first few; one too dear for its budget to every cheaper one. A request or answer that a content filter took
 * gets one try at another vendor; if that does not answer, the filter's own word goes to the client.
 *
 * When a round has failed there may be another (rounds.ts). All of it together has one deadline, of
 * which each attempt gets what is left. Where the client asks for it, the first attempt is hedged.
 */
import type { ChatRequest } from "../domain/chat.ts";
import type { Candidate, Decision } from "../domain/decision.ts";
import type { Policy } from "../domain/policy.ts";
import {
  vendorOf,
  type Dispatched,
  type UpstreamCompletion,
  type UpstreamFailure,
  type UpstreamOutcome,
  type UpstreamStream,
} from "../domain/upstream.ts";
import { isRecord } from "../lib/json.ts";
import type { BegunCall } from "../routing/latency-book.ts";
import { exhausted, hungUp, refused } from "./attempt-errors.ts";
import { race, type Attempt } from "./hedge.ts";
import { requireKnown, upstreamNameOf } from "./model-name.ts";
import type { Deps } from "./ports.ts";
import { nextRound, type Failed } from "./rounds.ts";

/** The attempt that answered. */
export interface Success {
  readonly candidate: Candidate;
  readonly outcome: UpstreamCompletion | UpstreamStream;
  /** Calls made, the one that answered included. */
  readonly count: number;
  /** For whoever learns from it how long such calls take. */
  readonly call: BegunCall;
  /** The attempt that a hedge hung up on: its vendor may bill what it had produced. */
  readonly hedged?: Candidate;
}

interface AttemptsInput {
  readonly request: ChatRequest;
  /** Estimated, of the prompt. */
  readonly inputTokens: number;
  readonly decision: Pick<Decision, "attempts" | "candidates">;
  readonly policy: Pick<Policy, "hedge">;
  readonly requestId: string;
  readonly signal: AbortSignal;
  /** When the request's time began, milliseconds since 1970. */
  readonly startedMs: number;
}

type AttemptDeps = Pick<
  Deps,
  "scorer" | "dispatch" | "clock" | "latency" | "log" | "pause" | "random" | "totalTimeoutMs"
>;

/** Throws RouterError: 400 the vendor's verdict on the request; 429, 502, 503 or 504 when all have failed. */
export async function makeAttempts(input: AttemptsInput, deps: AttemptDeps): Promise<Success> {
  return new Chain(input, deps).run();
}

type Answered = Pick<Success, "candidate" | "outcome">;

class Chain {
  readonly #input: AttemptsInput;
  readonly #deps: AttemptDeps;
  readonly #deadlineMs: number;
  #queue: readonly Candidate[];
  /** By model, the latest failure last. */
  readonly #failed = new Map<string, Failed>();
  /** The latest call of each model. */
  readonly #begun = new Map<string, BegunCall>();
  #calls = 0;
  /** The largest window that was too small. */
  #overflowedTokens = 0;
  /** What a content filter has said; from then on one more attempt is made at most. */
  #filter: Answered | UpstreamFailure | undefined;
  #hedged: Candidate | undefined;

  constructor(input: AttemptsInput, deps: AttemptDeps) {
    this.#input = input;
    this.#deps = deps;
    this.#queue = input.decision.attempts;
    this.#deadlineMs = input.startedMs + deps.totalTimeoutMs;
  }

  async run(): Promise<Success> {
    const { clock, random, pause } = this.#deps;
    for (let rounds = 1; ; rounds++) {
      const answered = await this.#walk();
      if (answered !== undefined) return this.#success(answered);
      if (this.#filter !== undefined) break;
      const nowMs = clock.nowMs();
      const failed = [...this.#failed.values()];
      const time = { rounds, nowMs, deadlineMs: this.#deadlineMs, jitter: random() };
      const next = nextRound(
        failed.filter(({ candidate }) => this.#isLargeEnough(candidate)),
        time,
      );
      if (next === undefined) throw exhausted(failed, this.#calls);
      await pause(next.waitMs, this.#input.signal);
      if (this.#input.signal.aborted) throw hungUp();
      this.#queue = next.candidates;
    }
    if ("kind" in this.#filter) throw refused(this.#filter);
    return this.#success(this.#filter);
  }

  /** One round. Throws RouterError where going on would help nobody. */
  async #walk(): Promise<Answered | undefined> {
    for (;;) {
      const [candidate, ...rest] = this.#queue;
      if (candidate === undefined || this.#timeLeftMs() <= 0) return undefined;
      this.#queue = rest;
      const ended = await this.#try(candidate);
      // Of a hedge one may answer what the other refuses.
      for (const [tried, outcome] of ended)
        if (isAnswer(outcome)) return { candidate: tried, outcome };
      for (const [tried, outcome] of ended)
        if (outcome.kind === "failure") this.#takeFailure(tried, outcome);
        else if (this.#filter === undefined) this.#turnFromFilter({ candidate: tried, outcome });
    }
  }

  /** The attempt, or the two of a hedge, in the order in which they ended. */
  async #try(candidate: Candidate): Promise<(readonly [Candidate, Dispatched])[]> {
    const { hedge } = this.#input.policy;
    const [next] = this.#queue;
    if (hedge === undefined || next === undefined || this.#calls > 0) {
      const outcome = await this.#call(candidate)(this.#input.signal);
      this.#calls += outcome.calls;
      return [[candidate, outcome]];
    }
    const both = [candidate, next] as const;
    const delayMs = hedge === "auto" ? this.#patienceMs(candidate) : hedge;
    const { settled, loser } = await race([this.#call(candidate), this.#call(next)], {
      delayMs,
      pause: this.#deps.pause,
      signal: this.#input.signal,
    });
    if (settled.length + (loser === undefined ? 0 : 1) > 1) this.#queue = this.#queue.slice(1);
    if (loser !== undefined) this.#hedged = both[loser];
    this.#calls += settled.reduce((sum, [, { calls }]) => sum + calls, loser === undefined ? 0 : 1);
    return settled.map(([index, outcome]) => [both[index], outcome]);
  }

  /** Nine calls of ten have begun to answer by then; a whole answer begins when it is complete. */
  #patienceMs({ ttftP90Ms, latencyP90Ms }: Candidate): number {
    return this.#input.request.stream === true ? ttftP90Ms : latencyP90Ms;
  }

  #call({ model, outputTokensP50: outputTokens }: Candidate): Attempt {
    const { clock, dispatch, latency, log } = this.#deps;
    const { request, requestId, inputTokens } = this.#input;
    const entry = this.#entryOf(model);
    const upstreamModel = upstreamNameOf(entry);
    return async (signal) => {
      const startedMs = clock.nowMs();
      this.#begun.set(model, latency.begin(entry, { inputTokens, outputTokens }, startedMs));
      const timeoutMs = Math.max(this.#timeLeftMs(), 0);
      const outcome = await dispatch({
        model,
        upstreamModel,
        request,
        signal,
        timeoutMs,
        requestId,
      });
      // Who was hung up on has not failed.
      if (outcome.kind === "failure" && outcome.reason !== "aborted")
        log.write("warn", "attempt_failed", {
          request_id: requestId,
          model,
          reason: outcome.reason,
          status: outcome.status,
          duration_ms: clock.nowMs() - startedMs,
        });
      return outcome;
    };
  }

  #takeFailure(candidate: Candidate, failure: UpstreamFailure): void {
    if (failure.reason === "aborted") throw hungUp();
    const { model } = candidate;
    this.#failed.delete(model);
    this.#failed.set(model, { model, candidate, failure, atMs: this.#deps.clock.nowMs() });
    if (this.#filter !== undefined) return;
    if (failure.reason === "content_filtered") return this.#turnFromFilter({ candidate, failure });
    if (failure.reason === "unaffordable") return this.#turnCheaper(failure);
    if (!failure.isRetryable) throw refused(failure);
    if (failure.reason !== "context_overflow") return;
    this.#overflowedTokens = Math.max(this.#overflowedTokens, this.#entryOf(model).contextTokens);
    this.#queue = this.#untried().filter((other) => this.#isLargeEnough(other));
  }

  /** What is left of the money may do for another model. */
  #turnCheaper({ leftMicroUsd: left = Infinity }: UpstreamFailure): void {
    this.#queue = this.#untried().filter(({ costP90MicroUsd: cost }) => cost <= left);
  }

  #turnFromFilter(said: Answered | { candidate: Candidate; failure: UpstreamFailure }): void {
    this.#filter = "failure" in said ? said.failure : said;
    const vendor = vendorOf(said.candidate.model);
    const other = this.#untried().find(
      (candidate) => vendorOf(candidate.model) !== vendor && this.#isLargeEnough(candidate),
    );
    this.#queue = other === undefined ? [] : [other];
  }

  /** What is left of the queue, then every other candidate that has not failed; each once. */
  #untried(): Candidate[] {
    const { attempts, candidates } = this.#input.decision;
    const rest = candidates.filter(
      (candidate) => !attempts.includes(candidate) && !this.#failed.has(candidate.model),
    );
    return [...new Set([...this.#queue, ...rest])];
  }

  #isLargeEnough({ model }: Candidate): boolean {
    return this.#entryOf(model).contextTokens > this.#overflowedTokens;
  }

  #entryOf(model: string) {
    return requireKnown(model, this.#deps.scorer.catalog);
  }

  #timeLeftMs(): number {
    return this.#deadlineMs - this.#deps.clock.nowMs();
  }

  #success({ candidate, outcome }: Answered): Success {
    return {
      candidate,
      outcome,
      count: this.#calls,
      call: this.#begun.get(candidate.model)!,
      ...(this.#hedged !== undefined && { hedged: this.#hedged }),
    };
  }
}

function isAnswer(outcome: UpstreamOutcome): outcome is UpstreamCompletion | UpstreamStream {
  return outcome.kind === "stream" || (outcome.kind === "completion" && !isFiltered(outcome));
}

/** An answer of which a content filter has left nothing. */
function isFiltered({ body: { choices } }: UpstreamCompletion): boolean {
  if (!Array.isArray(choices) || choices.length === 0) return false;
  return choices.every((choice) => {
    if (!isRecord(choice) || choice["finish_reason"] !== "content_filter") return false;
    const { message } = choice;
    if (!isRecord(message)) return true;
    const { content, refusal, tool_calls: calls } = message;
    return !content && !refusal && !(Array.isArray(calls) && calls.length > 0);
  });
}
