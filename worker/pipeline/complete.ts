/**
 * The main use case: a chat request is routed, carried out, metered and answered.
 *
 *     route → attempts in order → whole answer, or stream through the meter → settlement
 *
 * Where the caller has budgets or limits a purse stands beside it: it covers each call before it is made, and is
 * settled whatever becomes of the request.
 */
import type { Candidate } from "../domain/decision.ts";
import { RouterError } from "../domain/errors.ts";
import type { Costs, Purse } from "../domain/purse.ts";
import type { Standing } from "../domain/standing.ts";
import type { SseSource } from "../lib/sse.ts";
import { canStream } from "../routing/requirements.ts";
import { afford } from "./afford.ts";
import { Allowance } from "./allowance.ts";
import { makeAttempts } from "./attempts.ts";
import { Expenses } from "./expenses.ts";
import { costAtMost, holdOf } from "./hold.ts";
import { requireKnown } from "./model-name.ts";
import { withinMoney } from "./output-limit.ts";
import type { CatalogModel, Deps } from "./ports.ts";
import { route, type Route } from "./route.ts";
import { Settlement, type Bill, type CompleteOrder } from "./settlement.ts";
import { countsOf, type TokenCounts } from "./usage.ts";
import { watched } from "./watch.ts";

/** Milliseconds of waiting; workerd's clock does not move while it computes. */
interface Timing {
  readonly routeMs: number;
  /** Until the answer, or until a stream's first event, failed attempts included. */
  readonly upstreamMs: number;
}

interface AnswerFrame {
  readonly route: Route;
  readonly answeredBy: Candidate;
  readonly attemptCount: number;
  /** The model that a hedge hung up on. */
  readonly hedged: string | undefined;
  readonly timing: Timing;
  /** Of the caller's budgets and limits. */
  readonly standings: readonly Standing[];
}

/** A whole answer: the vendor's body as it came, and parsed. */
interface WholeAnswer extends AnswerFrame {
  readonly kind: "whole";
  readonly text: string;
  readonly body: Record<string, unknown>;
  /** A spent budget has ended it early. */
  readonly isStopped: boolean;
  readonly counts: TokenCounts;
  readonly bill: Bill;
  /** The same with who gave it, for formats that show it in the answer itself. */
  readonly receipt: Record<string, unknown>;
}

/**
 * A stream of OpenAI's chunks, which the reader owns; an error is one of them. `ended` resolves when it is over,
 * however it ends.
 */
interface StreamedAnswer extends AnswerFrame {
  readonly kind: "streamed";
  readonly events: SseSource;
  readonly ended: Promise<void>;
}

/** Nobody was called: the client asked for the decision only. */
interface DryAnswer {
  readonly kind: "dry";
  readonly route: Route;
  readonly timing: Timing;
  readonly standings: readonly Standing[];
}

export type Answer = WholeAnswer | StreamedAnswer | DryAnswer;

/**
 * Answers a chat request. Throws RouterError as `route` and `makeAttempts` do, and where its budgets or limits say no:
 * 402, 429, 401 for a key that was turned off, 503 where a hard budget cannot be asked.
 */
export async function complete(order: CompleteOrder, deps: Deps): Promise<Answer> {
  const purse = deps.purses.open(order.caller, order.tag.id);
  order.keepAlive(purse.closed);
  try {
    return await answer(order, purse, deps);
  } catch (error) {
    purse.settle(NOTHING, 0); // Unless what was spent in vain has been settled already.
    if (error instanceof RouterError) error.standings = purse.standings();
    throw error;
  }
}

const NOTHING: Costs = new Map();

async function answer(order: CompleteOrder, purse: Purse, deps: Deps): Promise<Answer> {
  const { policy, tag } = order;
  const paced = await deps.purses.paced(order.caller);
  const routed = await route({ ...order, paced }, deps);
  const routedMs = deps.clock.nowMs();
  const routeMs = routedMs - tag.startedMs;
  if (policy.dry_run) {
    await purse.cover(NOTHING, 0);
    purse.settle(NOTHING, 0);
    const standings = purse.standings();
    return { kind: "dry", route: routed, standings, timing: { routeMs, upstreamMs: 0 } };
  }
  const work = new Work({ order, routed, purse }, deps);
  const { outcome, success, decision } = await work.carryOut();
  const paid = { ...routed, decision };
  const allowance = work.allowanceOf(success.candidate);
  const settlement = new Settlement({ order, routed: paid, success, purse, allowance }, deps);
  const frame = {
    route: paid,
    answeredBy: success.candidate,
    attemptCount: success.count,
    hedged: success.hedged?.model,
    timing: { routeMs, upstreamMs: deps.clock.nowMs() - routedMs },
  };
  if (outcome.kind === "stream") {
    const standings = purse.standings();
    return { ...frame, kind: "streamed", standings, ...settlement.meter(outcome) };
  }
  const { text, body, isStopped = false } = outcome;
  const counted = countsOf(outcome, order.request);
  const counts = isStopped ? { ...counted, isEstimate: true } : counted;
  const bill = settlement.settle(isStopped ? "stopped" : "complete", counts);
  const receipt = settlement.receipt(bill, counts);
  const standings = purse.standings();
  return { ...frame, kind: "whole", text, body, isStopped, counts, bill, receipt, standings };
}

interface WorkInput {
  readonly order: CompleteOrder;
  readonly routed: Route;
  readonly purse: Purse;
}

/** The calls of one request: covered, watched, tried one after the other. */
class Work {
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
