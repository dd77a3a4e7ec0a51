/**
 * The calls of one request: covered by its purse, watched where a hard budget pays, tried one after the other. What
 * was spent in vain is settled, whoever answers or nobody.
 */
import type { Candidate } from "../domain/decision.ts";
import { RouterError } from "../domain/errors.ts";
import type { Purse } from "../domain/purse.ts";
import { canStream } from "../routing/requirements.ts";
import { afford } from "./afford.ts";
import { Allowance } from "./allowance.ts";
import { makeAttempts } from "./attempts.ts";
import { Expenses } from "./expenses.ts";
import { costAtMost, holdOf } from "./hold.ts";
import { requireKnown } from "./model-name.ts";
import { withinMoney } from "./output-limit.ts";
import type { CatalogModel, Deps } from "./ports.ts";
import type { Route } from "./route.ts";
import { Settlement, type CompleteOrder } from "./settlement.ts";
import { watched } from "./watch.ts";

interface WorkInput {
  readonly order: CompleteOrder;
  readonly routed: Route;
  readonly purse: Purse;
}

export class Work {
  readonly #input: WorkInput;
  readonly #deps: Deps;
  readonly #expenses: Expenses;

  constructor(input: WorkInput, deps: Deps) {
    this.#input = input;
    this.#deps = deps;
    const { order, routed, purse } = input;
    const { request } = order;
    const { candidates, attempts } = routed.decision;
    const watch = { allowanceOf: (model: string) => this.#allowanceOf(model) };
    const dispatch = purse.isBounded ? watched(deps.dispatch, watch) : deps.dispatch;
    const answers = attempts[0]!.outputTokensP50 * (request.n ?? 1);
    this.#expenses = new Expenses(
      {
        request,
        candidates,
        purse,
        holdOf: (candidate) => this.#holdOf(candidate),
        requestWithin: (candidate, leftMicroUsd) =>
          withinMoney(request, {
            leftMicroUsd,
            inputTokens: routed.forecast.inputTokens,
            model: this.#entryOf(candidate.model),
          }),
        tokens: routed.forecast.inputTokens + answers,
      },
      { dispatch, clock: deps.clock },
    );
  }

  /** Calls made so far. */
  get calls(): number {
    return this.#expenses.count;
  }

  /** Throws RouterError, after what was spent in vain is settled. */
  async carryOut() {
    const { order, routed } = this.#input;
    const { request, policy, tag, signal } = order;
    const expenses = this.#expenses;
    const { dispatch } = expenses;
    const decision = await afford(routed.decision, { expenses, holdOf: this.#holdOf.bind(this) });
    const { id: requestId, startedMs } = tag;
    const { inputTokens } = routed.forecast;
    const input = { request, inputTokens, decision, policy, requestId, signal, startedMs };
    const made = await makeAttempts(input, { ...this.#deps, dispatch }).catch((error: unknown) => {
      const spentMicroUsd = this.#settleInVain(error);
      if (error instanceof RouterError) error.spentMicroUsd = spentMicroUsd;
      throw error;
    });
    const { outcome, hedged, ...answered } = made;
    const success = {
      ...answered,
      count: expenses.count,
      expenses: expenses.beside(outcome, hedged),
      ...(hedged !== undefined && expenses.hasCalled(hedged) && { hedged }),
    };
    return { decision, outcome, success };
  }

  /** How long a stream of the candidate's may go on; undefined where no hard budget pays for it. */
  allowanceOf(candidate: Candidate): Allowance | undefined {
    const { purse, routed } = this.#input;
    if (!purse.isBounded) return undefined;
    const { inputTokens } = routed.forecast;
    const model = this.#entryOf(candidate.model);
    return new Allowance({
      heldMicroUsd: this.#holdOf(candidate),
      costOf: (outputTokens) => costAtMost(inputTokens, outputTokens, model),
      raise: (microUsd) => this.#expenses.raise(candidate, microUsd),
    });
  }

  /** The same for a call of a whole answer; undefined where the model has no stream of it to watch. */
  #allowanceOf(model: string): Allowance | undefined {
    const { order, routed } = this.#input;
    const { request } = order;
    const candidate = routed.decision.candidates.find((entry) => entry.model === model);
    if (request.stream === true || candidate === undefined) return undefined;
    return canStream(request, this.#entryOf(model)) ? this.allowanceOf(candidate) : undefined;
  }

  #holdOf(candidate: Candidate): number {
    const { order, routed, purse } = this.#input;
    const { inputTokens } = routed.forecast;
    const model = this.#entryOf(candidate.model);
    const { isBounded } = purse;
    return holdOf(candidate, { request: order.request, inputTokens, model, isBounded });
  }

  #entryOf(model: string): CatalogModel {
    return requireKnown(model, this.#deps.scorer.catalog);
  }

  /** What a request that nobody has answered has cost; that has a line of charge where it is anything. */
  #settleInVain(error: unknown): number {
    const { order, routed, purse } = this.#input;
    const [first, ...rest] = this.#expenses.inVain();
    if (first === undefined) return 0;
    const { candidate, leastMicroUsd } = first;
    const success = { candidate, leastMicroUsd, count: this.#expenses.count, expenses: rest };
    const ending = order.signal.aborted ? "cancelled" : "broken";
    const settlement = new Settlement({ order, routed, success, purse }, this.#deps);
    return settlement.settle(ending, first.counts, error).costMicroUsd;
  }
}
