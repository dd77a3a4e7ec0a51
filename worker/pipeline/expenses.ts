/**
 * What one request's calls cost beside the one that answers it.
 *
 * A vendor bills for what it did, whatever became of it: an answer that a content filter has emptied, one
 * that broke off or was not waited for any longer, and what the client has left. Of those only the first
 * comes with a count. For the others the prompt is counted, and of the forecast answer as much as the time
 * sufficed for, but under a hard budget all that was held: there a guess that is too low would be money that nobody
 * has. A vendor that said no bills nothing, and neither does one that was never called.
 *
 * Under a budget each call is covered before it is made, by what it may cost at the forecast's 90th percentile
 * beside what the calls before it may have cost. A call that its budget cannot cover is not made.
 *
 * The loser of a hedge has a price of its own (settlement.ts): it is the client who asked for that.
 */
import type { ChatRequest } from "../domain/chat.ts";
import type { Candidate } from "../domain/decision.ts";
import { RouterError } from "../domain/errors.ts";
import { sumOf, withCost, type Costs, type Cover, type Purse } from "../domain/purse.ts";
import type { Dispatch, Dispatched, UpstreamFailure, UpstreamOutcome } from "../domain/upstream.ts";
import type { Deps } from "./ports.ts";
import { countPrompt } from "./token-count.ts";
import { countsOf, estimated, type TokenCounts } from "./usage.ts";

/** A call that has not answered the client, and what its vendor probably bills. */
export interface Expense {
  readonly candidate: Candidate;
  readonly counts: TokenCounts;
  /** It costs no less: under a hard budget what was held, where nobody can say what the vendor bills. */
  readonly leastMicroUsd?: number;
}

interface Call {
  readonly candidate: Candidate;
  readonly startedMs: number;
  /** What it may cost, as far as its budget holds it. */
  heldMicroUsd: number;
  ended?: { readonly outcome: Dispatched; readonly atMs: number };
}

export interface ExpensesInput {
  readonly request: ChatRequest;
  readonly candidates: readonly Candidate[];
  readonly purse: Purse;
  /** What a call may cost. */
  readonly holdOf: (candidate: Candidate) => number;
  /** The request as a vendor may be asked when a call may cost so much at most. */
  readonly requestWithin: (candidate: Candidate, leftMicroUsd: number) => ChatRequest;
  /** Estimated, of prompt and answer: for limits of tokens. */
  readonly tokens: number;
}

/** The calls of one request, which all go through its `dispatch`. */
export class Expenses {
  readonly #input: ExpensesInput;
  readonly #deps: Pick<Deps, "dispatch" | "clock">;
  readonly #calls: Call[] = [];
  #turn: Promise<unknown> = Promise.resolve();

  constructor(input: ExpensesInput, deps: Pick<Deps, "dispatch" | "clock">) {
    this.#input = input;
    this.#deps = deps;
  }

  readonly dispatch: Dispatch = async (work) => {
    const { dispatch, clock } = this.#deps;
    const candidate = this.#input.candidates.find(({ model }) => model === work.model);
    if (candidate === undefined) return dispatch(work);
    const heldMicroUsd = this.#input.holdOf(candidate);
    const begun = await this.#inTurn(async () => {
      const cover = await this.#cover(candidate.model, heldMicroUsd).catch(unknownCover);
      if (!cover.isCovered) return cover;
      const call: Call = { candidate, startedMs: clock.nowMs(), heldMicroUsd };
      // Who was hung up on meanwhile is not called.
      if (!work.signal.aborted) this.#calls.push(call);
      return call;
    });
    if ("isCovered" in begun) return { ...unaffordable(begun), calls: 0 };
    const call: Call = begun;
    const beside = sumOf(this.#heldCosts(call));
    const leftMicroUsd = this.#input.purse.leftFor(candidate.model) - beside;
    const request = this.#input.requestWithin(candidate, leftMicroUsd);
    const outcome = await dispatch({ ...work, operation: undefined, request });
    call.ended = { outcome, atMs: clock.nowMs() };
    return outcome;
  };

  /** Sees to it that one more call of the candidate is covered. Rejects as `Purse.cover` does. */
  async cover(candidate: Candidate): Promise<Cover> {
    return this.#inTurn(() => this.#cover(candidate.model, this.#input.holdOf(candidate)));
  }

  /** The same for a call that has been made and costs more than was held, `microUsd` in all. */
  async raise(candidate: Candidate, microUsd: number): Promise<Cover> {
    const call = this.#calls.findLast(({ candidate: { model } }) => model === candidate.model);
    if (call === undefined) return { isCovered: true };
    return this.#inTurn(async () => {
      if (microUsd <= call.heldMicroUsd) return { isCovered: true };
      const cover = await this.#cover(candidate.model, microUsd, call);
      if (cover.isCovered) call.heldMicroUsd = microUsd;
      return cover;
    });
  }

  /** One after the other, since each asks for what the ones before it hold and its own. */
  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => {});
    return turn;
  }

  /** Covers a call of `microUsd` beside the others; what is left then is left for it. */
  async #cover(model: string, microUsd: number, own?: Call): Promise<Cover> {
    const { purse, tokens } = this.#input;
    const others = this.#heldCosts(own);
    const cover = await purse.cover(withCost(others, model, microUsd), tokens);
    if (cover.isCovered) return cover;
    const beside = cover.model === undefined ? sumOf(others) : (others.get(cover.model) ?? 0);
    return { ...cover, leftMicroUsd: Math.max(cover.leftMicroUsd - beside, 0) };
  }

  /** What the calls so far may have cost, without this one. */
  #heldCosts(own: Call | undefined): Costs {
    return this.#calls
      .filter((call) => call !== own && !isFree(call))
      .reduce<Costs>(
        (costs, { candidate, heldMicroUsd }) => withCost(costs, candidate.model, heldMicroUsd),
        new Map(),
      );
  }

  /** Calls made, those under way among them. */
  get count(): number {
    return this.#calls.reduce((sum, { ended }) => sum + (ended?.outcome.calls ?? 1), 0);
  }

  /** Whether the candidate was called; one that waits for its cover was not. */
  hasCalled({ model }: Candidate): boolean {
    return this.#calls.some(({ candidate }) => candidate.model === model);
  }

  /** What was spent on the way to `answer`. @param hedged Who was hung up on: has a price of its own. */
  beside(answer: UpstreamOutcome, hedged: Candidate | undefined): Expense[] {
    return this.#calls
      .filter(
        ({ candidate, ended }) => ended?.outcome !== answer && candidate.model !== hedged?.model,
      )
      .flatMap((call) => this.#expenseOf(call));
  }

  /** What was spent for no answer at all. */
  inVain(): Expense[] {
    return this.#calls.flatMap((call) => this.#expenseOf(call));
  }

  #expenseOf(call: Call): Expense[] {
    const { candidate, startedMs, ended } = call;
    const outcome = ended?.outcome;
    if (outcome?.kind === "completion")
      return [{ candidate, counts: countsOf(outcome, this.#input.request) }];
    if (isFree(call)) return [];
    const written = writtenAfter((ended?.atMs ?? this.#deps.clock.nowMs()) - startedMs, candidate);
    const { request, purse } = this.#input;
    const counts = estimated(countPrompt(request), written * (request.n ?? 1));
    return [{ candidate, counts, ...(purse.isBounded && { leastMicroUsd: call.heldMicroUsd }) }];
  }
}

/** Whether the vendor bills nothing for it, for certain. */
function isFree(call: Call): boolean {
  const outcome = call.ended?.outcome;
  return outcome?.kind === "failure" && outcome.mayBeBilled !== true && !isLeft(call);
}

type Refused = Extract<Cover, { isCovered: false }>;

/** A ledger that cannot be asked about a further call covers nothing more. */
function unknownCover(error: unknown): Refused {
  if (error instanceof RouterError) return { isCovered: false, leftMicroUsd: 0, error };
  throw error;
}

function unaffordable({ leftMicroUsd, model, error: { message } }: Refused): UpstreamFailure {
  const failure = { kind: "failure", reason: "unaffordable", message, isRetryable: true } as const;
  return model === undefined ? { ...failure, leftMicroUsd } : failure;
}

/** Whether the vendor had been called when the client, or a hedge, hung up on it. */
function isLeft({ ended }: Call): boolean {
  const outcome = ended?.outcome;
  return outcome?.kind === "failure" && outcome.reason === "aborted" && outcome.calls > 0;
}

/** Output tokens of one choice that a model has probably written this long after it was asked. */
function writtenAfter(
  elapsedMs: number,
  { ttftMs, latencyMs, outputTokensP50 }: Candidate,
): number {
  const share = (elapsedMs - ttftMs) / Math.max(latencyMs - ttftMs, 1);
  return Math.round(outputTokensP50 * Math.min(Math.max(share, 0), 1));
}
