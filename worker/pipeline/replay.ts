/**
 * Gives an answer that was kept. It goes the way of a vendor's, through the meter and into every wire format, with
 * three differences: nobody was called, it costs nothing, and it says how old it is.
 *
 * A stream that was kept is given as that stream, chunk by chunk. What was kept in the other form is put into the
 * form that is asked for. A request that is answered so counts as one request of the rate limits and as no token.
 */
import type { Costs, Purse } from "../domain/purse.ts";
import { isRecord, jsonIn } from "../lib/json.ts";
import type { SseSource } from "../lib/sse.ts";
import type { StreamedAnswer, WholeAnswer } from "./answer.ts";
import { wholeOf } from "./assemble.ts";
import { chunksOf } from "./chunks-of.ts";
import { meterStream, StreamMeter } from "./meter.ts";
import type { CacheHit, Deps } from "./ports.ts";
import type { CompleteOrder } from "./settlement.ts";
import { countsOf } from "./usage.ts";

/** Events that are given at once, so that the first leave before the last are read. */
const BATCH = 32;

const NOTHING: Costs = new Map();

/** Throws RouterError where the caller's rate limits or keys say no: 429, 401. */
export async function replay(
  { answer, ageMs, isSemantic }: Pick<CacheHit, "answer" | "ageMs" | "isSemantic">,
  { order, purse }: { order: CompleteOrder; purse: Purse },
  deps: Pick<Deps, "clock" | "log">,
): Promise<WholeAnswer | StreamedAnswer> {
  const { request, tag, caller } = order;
  const { content, origin, referenceMicroUsd } = answer;
  const status = isSemantic ? "semantic" : "hit";
  await purse.cover(NOTHING, 0);
  purse.settle(NOTHING, 0);
  const bill = {
    costMicroUsd: 0,
    costs: NOTHING,
    hedgeMicroUsd: 0,
    savedMicroUsd: referenceMicroUsd,
  };
  const ageS = Math.floor(ageMs / 1_000);
  const receipt = {
    cost_usd: 0,
    saved_usd: referenceMicroUsd / 1e6,
    model: origin.model,
    attempts: 0,
    cache: status,
    age_s: ageS,
  };
  const frame = {
    origin,
    attemptCount: 0,
    hedged: undefined,
    cache: { status, ageS } as const,
    timing: { routeMs: deps.clock.nowMs() - tag.startedMs, upstreamMs: 0 },
    standings: purse.standings(),
  };
  deps.log.write("info", "completion", {
    request_id: tag.id,
    tenant: caller.tenant.id,
    key: caller.key.id,
    model: origin.model,
    weights: origin.weights,
    decision: origin.reason,
    cache: status,
    age_s: ageS,
    is_stream: request.stream === true,
    cost_micro_usd: 0,
    saved_micro_usd: referenceMicroUsd,
    duration_ms: deps.clock.nowMs() - tag.startedMs,
  });
  if (request.stream === true) {
    const chunks = content.kind === "stream" ? content.chunks : chunksOf(bodyIn(content.text));
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    const meter = new StreamMeter({ request, receipt: () => receipt });
    const events = meterStream(sourceOf(chunks), { meter, onEnd: () => resolve() });
    return { ...frame, kind: "streamed", events, ended: ended.then(() => purse.closed) };
  }
  const body = content.kind === "stream" ? wholeOf(content.chunks) : bodyIn(content.text);
  const text = content.kind === "stream" ? JSON.stringify(body) : content.text;
  const counts = countsOf({ body }, request);
  return { ...frame, kind: "whole", text, body, isStopped: false, counts, bill, receipt };
}

/** A completion's body; that it is an object was seen when it was kept. */
function bodyIn(text: string): Record<string, unknown> {
  const body = jsonIn(text);
  return isRecord(body) ? body : {};
}

function sourceOf(chunks: readonly string[]): SseSource {
  let at = 0;
  return {
    async next() {
      if (at >= chunks.length) return undefined;
      const batch = chunks.slice(at, at + BATCH);
      at += batch.length;
      return batch.map((data) => ({ event: undefined, data }));
    },
    cancel() {
      at = chunks.length;
    },
  };
}
