/**
 * The main use case: a chat request is routed, carried out, metered and answered.
 *
 *     cache ──kept──→ the same answer again
 *     route → attempts in order → whole answer, or stream through the meter → settlement → cache
 *
 * Where the caller has budgets or limits a purse stands beside it: it covers each call before it is made, and is
 * settled whatever becomes of the request.
 */
import type { Candidate } from "../domain/decision.ts";
import { RouterError } from "../domain/errors.ts";
import type { Origin } from "../domain/kept-answer.ts";
import type { Costs, Purse } from "../domain/purse.ts";
import type { Answer, CacheStatus, DryAnswer } from "./answer.ts";
import { judge } from "./judging.ts";
import { Keeping } from "./keeping.ts";
import { tagRequest, type CacheHit, type Deps } from "./ports.ts";
import { Recollection } from "./recollection.ts";
import { Recording } from "./recording.ts";
import { replay } from "./replay.ts";
import { rewriteOf, wantsRewrite } from "./rewrite.ts";
import { askedOf, route, type Route } from "./route.ts";
import { Settlement, type CompleteOrder } from "./settlement.ts";
import { countsOf } from "./usage.ts";
import { Work } from "./work.ts";

/**
 * Answers a chat request. Throws RouterError as `route` and `makeAttempts` do, and where its budgets or limits say no:
 * 402, 429, 401 for a key that was turned off, 503 where a hard budget cannot be asked.
 */
export async function complete(order: CompleteOrder, deps: Deps): Promise<Answer> {
  if (order.policy.dry_run) return decideOnly(order, deps);
  return withPurse(order, deps, (purse) => answer(order, purse, deps));
}

/** The decision that an order would get. Throws RouterError as `complete` does; nobody is called. */
export async function decideOnly(order: CompleteOrder, deps: Deps): Promise<DryAnswer> {
  return withPurse(order, deps, async (purse) => {
    const paced = await deps.purses.paced(order.caller);
    const routed = await route({ ...order, paced }, deps);
    const routeMs = deps.clock.nowMs() - order.tag.startedMs;
    await purse.cover(NOTHING, 0);
    purse.settle(NOTHING, 0);
    const standings = purse.standings();
    return { kind: "dry", route: routed, standings, timing: { routeMs, upstreamMs: 0 } };
  });
}

async function withPurse<T>(
  order: CompleteOrder,
  deps: Deps,
  work: (purse: Purse) => Promise<T>,
): Promise<T> {
  const purse = deps.purses.open(order.caller, order.tag.id);
  order.keepAlive(purse.closed);
  try {
    return await work(purse);
  } catch (error) {
    purse.settle(NOTHING, 0); // Unless what was spent in vain has been settled already.
    if (error instanceof RouterError) error.standings = purse.standings();
    throw error;
  }
}

const NOTHING: Costs = new Map();

async function answer(order: CompleteOrder, purse: Purse, deps: Deps): Promise<Answer> {
  const found = await recall(order, deps);
  if (found.kind === "hit") {
    const given = await replay(found, { order, purse }, deps);
    if (found.audit !== undefined) order.keepAlive(auditBy(found.audit, order, deps));
    return given;
  }
  if (found.kind === "near") {
    const around = {
      purse,
      keeping: new Keeping(undefined),
      cache: { status: "rewrite" },
    } as const;
    return carryOut(rewriteOf(order, found), around, deps);
  }
  const keeping = new Keeping(found.kind === "miss" ? found.place : undefined);
  try {
    return await carryOut(order, { purse, keeping, cache: { status: found.kind } }, deps);
  } catch (error) {
    keeping.leave();
    throw error;
  }
}

/** What the cache has for the order, once it is known to ask for nothing that its caller may not have. */
async function recall(
  order: CompleteOrder,
  deps: Deps,
): ReturnType<NonNullable<Deps["cache"]>["find"]> {
  if (deps.cache === undefined || order.policy.cache === "off") return { kind: "bypass" };
  const { request, caller, signal, keepAlive } = order;
  const { pinned: model = "auto", policy } = askedOf(order, deps);
  const { id: tenant, max_false_hits: maxFalseHits } = caller.tenant;
  const wantsNear = wantsRewrite(order);
  const question = { tenant, model, request, policy, maxFalseHits, wantsNear };
  return deps.cache.find({ ...question, signal, keepAlive });
}

/**
 * Has a vendor answer what was answered by likeness, so that the two can be compared. A request of its own, paid for as
 * any other and kept for whoever asks the very same; where nobody answers it there is no audit. Never rejects.
 */
async function auditBy(
  audit: NonNullable<CacheHit["audit"]>,
  order: CompleteOrder,
  deps: Deps,
): Promise<void> {
  const { stream: _, stream_options: _options, ...request } = order.request;
  const { hedge: _hedge, ...policy } = order.policy;
  try {
    const own = await complete(
      {
        ...order,
        request,
        policy: { ...policy, cache: "refresh" },
        tag: tagRequest(deps),
        signal: new AbortController().signal,
      },
      deps,
    );
    if (own.kind === "whole" && !own.isStopped) await audit(own.body);
  } catch (error) {
    const code = error instanceof RouterError ? error.code : "internal_error";
    deps.log.write("info", "audit_failed", { request_id: order.tag.id, code });
  }
}

interface Around {
  readonly purse: Purse;
  readonly keeping: Keeping;
  readonly cache: CacheStatus;
}

async function carryOut(order: CompleteOrder, around: Around, deps: Deps): Promise<Answer> {
  const { purse, keeping, cache } = around;
  const { tag } = order;
  const paced = await deps.purses.paced(order.caller);
  const routed = await route({ ...order, paced }, deps);
  const routedMs = deps.clock.nowMs();
  const routeMs = routedMs - tag.startedMs;
  const work = new Work({ order, routed, purse }, deps);
  const recording = new Recording(order, deps);
  const made = await work.carryOut().catch((error: unknown) => {
    recording.fail(routed, { error, attempts: work.calls });
    throw error;
  });
  const { success, decision } = made;
  const said = new Recollection();
  const isWanted = keeping.isWanted || recording.isWanted;
  const outcome = isWanted ? said.watch(made.outcome) : made.outcome;
  const paid = { ...routed, decision };
  const origin = originOf(success.candidate, paid);
  const allowance = work.allowanceOf(success.candidate);
  const settlement = new Settlement(
    {
      order,
      routed: paid,
      success,
      purse,
      allowance,
      onSettled: (settled) => {
        keeping.end(said, { ...settled, origin });
        recording.end(routed, { settled, said });
        if (settled.ending === "complete")
          order.keepAlive(judge(order, { routed, said }, { deps, ask: complete }));
      },
    },
    deps,
  );
  const isPaced = decision.qualityPerUsd !== undefined;
  const frame = {
    origin: { ...origin, ...(isPaced && { lambda: decision.lambda }) },
    cache,
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

function originOf({ model, score }: Candidate, { weights, decision, forecast }: Route): Origin {
  return { model, score, weights, reason: decision.reason, inputTokens: forecast.inputTokens };
}
