/** Which requests wait for their vendor's bill: those that were cut or lost, and no whole answer. */
import { describe, it } from "vitest";
import { memoryLedger } from "../../contract/memory-ledger.ts";
import { callerWith } from "../fixture/callers.ts";
import { createService, type ServiceOptions } from "../fixture/service.ts";
import {
  chunk,
  finish,
  json,
  scriptedVendor,
  silent,
  streamed,
  usageChunk,
  type Responder,
} from "../fixture/vendor.ts";

const ANSWER = streamed(chunk("Hello"), finish(), usageChunk(), "[DONE]");
const UNCOUNTED = streamed(chunk("Hello"), finish(), "[DONE]");
const BROKEN = streamed(chunk("Hel"));
const COUNTED = streamed(chunk("Hel", { usage: { prompt_tokens: 9, completion_tokens: 50 } }));
const VECTORS = json(200, { object: "list", data: [{ index: 0, embedding: [1] }], usage: {} });

/** More than a fifth of a cent pays for. */
const PIECES = Array.from({ length: 9 }, () => chunk("word ".repeat(100)));
const LONG = streamed(...PIECES, finish(), usageChunk(), "[DONE]");

/** An answer that breaks off within its JSON. */
function torn(): Response {
  return new Response("{", { headers: { "content-type": "application/json" } });
}

interface Case {
  readonly body?: Record<string, unknown>;
  readonly headers?: Record<string, string>;
  readonly limitUsd?: number;
  readonly options?: ServiceOptions;
  readonly path?: string;
}

/** Asks, reads to the end, and lists what the ledger has no certain price for. */
async function unbilledAfter(responders: readonly Responder[], given: Case) {
  const { body, headers = {}, limitUsd = 1, options, path = "/v1/chat/completions" } = given;
  const ledger = memoryLedger();
  const service = createService({
    send: scriptedVendor(...responders).send,
    caller: callerWith({ tenant: { budgets: [{ window: "total", limit_usd: limitUsd }] } }),
    ledger,
    ...options,
  });
  const asked = { model: "openai/small", messages: [{ role: "user", content: "Hi" }], ...body };
  const response = await service.fetch(path, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(asked),
  });
  await response.text();
  await Promise.all(service.background);
  const [listed, ...others] = await ledger.unbilled();
  if (listed === undefined) return undefined;
  if (others.length > 0) throw new Error("One request is listed more than once.");
  return { ...listed, isOwn: listed.id === response.headers.get("x-sluice-request-id") };
}

const STREAM = { body: { stream: true } };
const EMBEDDINGS = { path: "/v1/embeddings", body: { model: "openai/vectors", input: "Hi" } };
const AUTO = { body: { model: "auto:cost" } };
const HEDGED = {
  ...AUTO,
  headers: { "x-sluice-hedge": "800" },
  options: { pause: async () => {} },
};

describe("what has a certain price", () => {
  it.for<[what: string, responders: readonly Responder[], given: Case]>([
    ["a whole answer", [ANSWER], {}],
    ["a stream", [ANSWER], STREAM],
    ["an answer whose vendor counts nothing", [UNCOUNTED], {}],
    ["a stream of such a vendor", [UNCOUNTED], STREAM],
    ["an answer after a refusal that nobody bills", [json(503, {}), ANSWER], {}],
    ["no answer at all", [json(400, {})], {}],
    ["vectors", [VECTORS], EMBEDDINGS],
    ["a decision without a call", [], { headers: { "x-sluice-dry-run": "true" } }],
  ])("%s", async ([, responders, given], { expect }) => {
    expect(await unbilledAfter(responders, given)).toBeUndefined();
  });
});

describe("what waits for its bill", () => {
  it.for<[what: string, responders: readonly Responder[], given: Case]>([
    ["a stream that its budget ended", [LONG], { ...STREAM, limitUsd: 0.002 }],
    ["a whole answer that it ended", [LONG], { limitUsd: 0.002 }],
    ["a stream that broke", [BROKEN], STREAM],
    ["a stream that broke and had counted so far", [COUNTED], STREAM],
    ["an answer after one that broke off", [BROKEN, ANSWER], {}],
    ["nothing but answers that broke off", [BROKEN], {}],
    ["an answer that has outrun another", [silent(), ANSWER], HEDGED],
    ["vectors after some that were torn", [torn, VECTORS], EMBEDDINGS],
    ["vectors that were torn", [torn], EMBEDDINGS],
  ])("%s", async ([, responders, given], { expect }) => {
    const listed = await unbilledAfter(responders, given);
    expect(listed).toMatchObject({ why: "estimated", isOwn: true });
    const money = listed!.amounts.find(({ account }) => account === "tenant:shop/usd/total");
    expect(money?.amount).toBeGreaterThan(0);
  });
});
