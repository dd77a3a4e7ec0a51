/**
 * What one request's calls cost beside the one that answers it.
 *
 * A vendor bills for what it did, whatever became of it: an answer that a content filter has emptied, one
 * that broke off or was not waited for any longer, and what the client has left. Of those only the first
 * comes with a count. For the others the prompt is counted, and of the forecast answer as much as the time
 * sufficed for. A vendor that said no bills nothing, and neither does one that was never called.
 *
 * The loser of a hedge has a price of its own (settlement.ts): it is the client who asked for that.
 */
import type { ChatRequest } from "../domain/chat.ts";
import type { Candidate } from "../domain/decision.ts";
import type { Dispatch, Dispatched, UpstreamOutcome } from "../domain/upstream.ts";
import type { Deps } from "./ports.ts";
import { countPrompt } from "./token-count.ts";
import { countsOf, estimated, type TokenCounts } from "./usage.ts";

/** A call that has not answered the client, and what its vendor probably bills. */
export interface Expense {
  readonly candidate: Candidate;
  readonly counts: TokenCounts;
}

interface Call {
  readonly candidate: Candidate;
  readonly startedMs: number;
  ended?: { readonly outcome: Dispatched; readonly atMs: number };
}

/** The calls of one request, which all go through its `dispatch`. */
export class Expenses {
  readonly #request: ChatRequest;
  readonly #candidates: readonly Candidate[];
  readonly #deps: Pick<Deps, "dispatch" | "clock">;
  readonly #calls: Call[] = [];

  constructor(
    { request, candidates }: { request: ChatRequest; candidates: readonly Candidate[] },
    deps: Pick<Deps, "dispatch" | "clock">,
  ) {
    this.#request = request;
    this.#candidates = candidates;
    this.#deps = deps;
  }

  readonly dispatch: Dispatch = async (work) => {
    const { dispatch, clock } = this.#deps;
    const candidate = this.#candidates.find(({ model }) => model === work.model);
    if (candidate === undefined) return dispatch(work);
    const call: Call = { candidate, startedMs: clock.nowMs() };
    this.#calls.push(call);
    const outcome = await dispatch(work);
    call.ended = { outcome, atMs: clock.nowMs() };
    return outcome;
  };

  /** Calls made, those under way among them. */
  get count(): number {
    return this.#calls.reduce((sum, { ended }) => sum + (ended?.outcome.calls ?? 1), 0);
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
      return [{ candidate, counts: countsOf(outcome, this.#request) }];
    if (outcome?.kind === "failure" && !outcome.mayBeBilled && !isLeft(call)) return [];
    const written = writtenAfter((ended?.atMs ?? this.#deps.clock.nowMs()) - startedMs, candidate);
    const output = written * (this.#request.n ?? 1);
    return [{ candidate, counts: estimated(countPrompt(this.#request), output) }];
  }
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
