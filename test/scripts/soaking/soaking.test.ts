/** The judge of a soak sees through what only looks like an end, and its books find a wrong price. */
import { createServer, type Server } from "node:http";
import { afterAll, beforeAll, describe, it } from "vitest";
import catalogJson from "../../../router-models/catalog.json" with { type: "json" };
import { parseCatalog } from "../../../router-models/catalog.ts";
import { RequestLog, type RequestRecord } from "../../../scripts/simulation/request-log.ts";
import { compareBooks } from "../../../scripts/soaking/ledger.ts";
import {
  soakOne,
  type SoakRequest,
  type SoakResult,
} from "../../../scripts/soaking/one-request.ts";

const ASKED: SoakRequest = {
  id: "soak-0",
  model: "auto",
  isStream: false,
  hedgeMs: undefined,
  leaveAfterMs: undefined,
};
const ERROR = '{"error":{"message":"m","type":"server_error","code":"c"}}';
const RECEIPT = '{"choices":[],"sluice":{"cost_usd":0.5}}';

let server: Server;
let url: string;
/** Undefined: none ever comes. */
let answer: { status: number; type: string; text: string } | undefined;

beforeAll(async () => {
  server = createServer((_, response) => {
    if (answer === undefined) return;
    response.writeHead(answer.status, { "content-type": answer.type }).end(answer.text);
  });
  await new Promise<void>((done) => void server.listen(0, "127.0.0.1", done));
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("no port");
  url = `http://127.0.0.1:${address.port}`;
});
afterAll(() => server.closeAllConnections());
afterAll(() => void server.close());

function sse(...data: readonly string[]): string {
  return data.map((line) => `data: ${line}\n\n`).join("");
}

describe("soakOne", () => {
  it.for<[string, number, string]>([
    ["answer", 200, '{"choices":[{"index":0}]}'],
    ["invalid", 200, '{"choices":[]}'],
    ["invalid", 200, "<html>"],
    ["error", 502, ERROR],
    ["invalid", 200, ERROR],
    ["invalid", 502, '{"error":{"message":"m"}}'],
  ])("takes for %s: %i %s", async ([ending, status, text], { expect }) => {
    answer = { status, type: "application/json", text };
    expect((await soakOne(url, ASKED)).ending).toBe(ending);
  });

  it.for<[string, string]>([
    ["answer", sse('{"choices":[{}]}', RECEIPT, "[DONE]")],
    ["invalid", sse('{"choices":[{}]}', "[DONE]")],
    ["invalid", sse('{"choices":[{}]}', RECEIPT)],
    ["invalid", sse("{torn", RECEIPT, "[DONE]")],
    ["error in stream", sse('{"choices":[{}]}', ERROR)],
    ["invalid", sse(ERROR, "[DONE]")],
    ["invalid", sse(ERROR, RECEIPT)],
  ])("takes for %s: %s", async ([ending, text], { expect }) => {
    answer = { status: 200, type: "text/event-stream; charset=utf-8", text };
    expect((await soakOne(url, ASKED)).ending).toBe(ending);
  });

  it("knows a client that left from a connection that broke", async ({ expect }) => {
    answer = undefined;
    expect((await soakOne(url, { ...ASKED, leaveAfterMs: 5 })).ending).toBe("left");
    expect((await soakOne("http://127.0.0.1:1", ASKED)).ending).toBe("invalid");
  });
});

const { models } = parseCatalog(catalogJson);
const [model] = models;
const { inputUsdPerMTok, outputUsdPerMTok } = model!.price;

function record(): RequestRecord {
  const [vendor] = model!.id.split("/");
  const arrival = { model: model!.id, upstreamModel: "m", isStream: false, headers: {} };
  const open = new RequestLog().open({ ...arrival, vendor: vendor!, body: { user: "soak-0" } });
  open.note(
    { promptTokens: 1e5, completionTokens: 1e5, reasoningTokens: 0, cacheWriteTokens: 0 },
    undefined,
  );
  open.end("finished");
  return open.record;
}

function paid(costUsd: number, more: Partial<SoakResult> = {}): SoakResult {
  return {
    request: ASKED,
    ending: "answer",
    detail: "200",
    requestId: "req_1",
    costUsd,
    hedgeCostUsd: 0,
    attempts: 1,
    isEstimate: false,
    model: model!.id,
    output: "",
    ...more,
  };
}

describe("compareBooks", () => {
  const owedUsd = (inputUsdPerMTok + outputUsdPerMTok) / 10;
  const books = { records: [record()], catalog: models };

  it("finds what a client paid other than the vendor counted", ({ expect }) => {
    const charges = new Map([["req_1", 1]]);
    const right = compareBooks({ ...books, charges, results: [paid(owedUsd)] });
    expect(right).toMatchObject({ compared: 1, different: [], chargedTwice: 0, uncharged: 0 });
    const wrong = compareBooks({ ...books, charges, results: [paid(2 * owedUsd)] });
    expect(wrong.different).toHaveLength(1);
  });

  it("finds two charges for a request, and none", ({ expect }) => {
    const charges = new Map([["req_2", 2]]);
    const found = compareBooks({ ...books, charges, results: [paid(owedUsd)] });
    expect(found).toMatchObject({ chargedTwice: 1, uncharged: 1 });
  });

  it("leaves estimates and hedges of two answers aside", ({ expect }) => {
    const charges = new Map([["req_1", 1]]);
    const estimate = compareBooks({ ...books, charges, results: [paid(9, { isEstimate: true })] });
    const second = compareBooks({ ...books, charges, results: [paid(9, { attempts: 2 })] });
    expect(second.compared).toBe(0);
    expect(estimate.compared).toBe(0);
    const records = [record(), record()];
    expect(compareBooks({ ...books, records, charges, results: [paid(9)] }).compared).toBe(0);
  });
});
