/**
 * The main use case: a chat request is routed, carried out, metered and answered.
 *
 *     route → attempts in order → whole answer, or stream through the meter → settlement
 */
import type { Candidate } from "../domain/decision.ts";
import { RouterError } from "../domain/errors.ts";
import type { SseSource } from "../lib/sse.ts";
import { makeAttempts } from "./attempts.ts";
import { Expenses } from "./expenses.ts";
import type { Deps } from "./ports.ts";
import { route, type Route } from "./route.ts";
import { Settlement, type Bill, type CompleteOrder } from "./settlement.ts";
import { countsOf, type TokenCounts } from "./usage.ts";

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
}

/** A whole answer: the vendor's body as it came, and parsed. */
interface WholeAnswer extends AnswerFrame {
  readonly kind: "whole";
  readonly text: string;
  readonly body: Record<string, unknown>;
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
}

export type Answer = WholeAnswer | StreamedAnswer | DryAnswer;

/** Answers a chat request. Throws RouterError as `route` and `makeAttempts` do. */
export async function complete(order: CompleteOrder, deps: Deps): Promise<Answer> {
  const { request, policy, tag, signal } = order;
  const routed = await route(order, deps);
  const routedMs = deps.clock.nowMs();
  const routeMs = routedMs - tag.startedMs;
  if (policy.dry_run) return { kind: "dry", route: routed, timing: { routeMs, upstreamMs: 0 } };

  const { decision, forecast } = routed;
  const { id: requestId, startedMs } = tag;
  const { inputTokens } = forecast;
  const input = { request, inputTokens, decision, policy, requestId, signal, startedMs };
  const expenses = new Expenses({ request, candidates: decision.candidates }, deps);
  const { dispatch } = expenses;
  const { outcome, ...answered } = await makeAttempts(input, { ...deps, dispatch }).catch(
    (error: unknown) => {
      const spentMicroUsd = settleInVain({ order, routed, expenses, error }, deps);
      if (error instanceof RouterError) error.spentMicroUsd = spentMicroUsd;
      throw error;
    },
  );
  const success = { ...answered, expenses: expenses.beside(outcome, answered.hedged) };
  const { candidate, count } = success;
  const settlement = new Settlement({ order, routed, success }, deps);
  const frame = {
    route: routed,
    answeredBy: candidate,
    attemptCount: count,
    hedged: success.hedged?.model,
    timing: { routeMs, upstreamMs: deps.clock.nowMs() - routedMs },
  };
  if (outcome.kind === "stream")
    return { ...frame, kind: "streamed", ...settlement.meter(outcome) };
  const counts = countsOf(outcome, request);
  const bill = settlement.settle("complete", counts);
  const receipt = settlement.receipt(bill, counts);
  const { text, body } = outcome;
  return { ...frame, kind: "whole", text, body, counts, bill, receipt };
}

interface InVain {
  readonly order: CompleteOrder;
  readonly routed: Route;
  readonly expenses: Expenses;
  readonly error: unknown;
}

/** What a request that nobody has answered has cost; that has a line of charge where it is anything. */
function settleInVain({ order, routed, expenses, error }: InVain, deps: Deps): number {
  const [first, ...rest] = expenses.inVain();
  if (first === undefined) return 0;
  const success = { candidate: first.candidate, count: expenses.count, expenses: rest };
  const ending = order.signal.aborted ? "cancelled" : "broken";
  const settlement = new Settlement({ order, routed, success }, deps);
  return settlement.settle(ending, first.counts, error).costMicroUsd;
}
