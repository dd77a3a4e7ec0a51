/** Budgets and rate limits as clients see them: what is refused, what is stopped, what headers say, what is booked. */
import { describe, it } from "vitest";
import type { Ledger } from "../../../worker/domain/ledger.ts";
import { memoryLedger } from "../../contract/memory-ledger.ts";
import { callerWith } from "../fixture/callers.ts";
import { createService, dataOf, errorOf, type ServiceOptions } from "../fixture/service.ts";
import {
  chunk,
  finish,
  openStream,
  parseObject,
  scriptedVendor,
  streamed,
  usageChunk,
  whole,
} from "../fixture/vendor.ts";

const HARD = { window: "total", limit_usd: 1 };

function day(limitUsd: number, more: Record<string, unknown> = {}) {
  return { window: "day", limit_usd: limitUsd, ...more };
}

function limited(
  given: Parameters<typeof callerWith>[0],
  options: ServiceOptions = {},
): { service: ReturnType<typeof createService>; ledger: Ledger } {
  const ledger = memoryLedger();
  return { service: createService({ caller: callerWith(given), ledger, ...options }), ledger };
}

async function budgetsOf(service: ReturnType<typeof createService>) {
  await Promise.all(service.background);
  const response = await service.fetch("/v1/budget");
  const { budgets } = await response.json<{ budgets: Record<string, unknown>[] }>();
  return budgets;
}

/** An answer of openai/small as a stream: 20 prompt tokens and some, 1 and 4 micro-dollars each. */
function answer(tokens: number): ReturnType<typeof streamed> {
  const usage = { prompt_tokens: 20, completion_tokens: tokens, total_tokens: 20 + tokens };
  return streamed(chunk("Hello"), finish(), usageChunk(usage), "[DONE]");
}

describe("a hard budget", () => {
  it("is charged what a whole answer cost, and says what is left", async ({ expect }) => {
    const { send, requests } = scriptedVendor(answer(10));
    const { service } = limited({ tenant: { budgets: [HARD] } }, { send });
    const response = await service.chat({ model: "openai/small" });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({
      object: "chat.completion",
      choices: [{ message: { content: "Hello" }, finish_reason: "stop" }],
      usage: { completion_tokens: 10 },
    });
    // Asked for a stream, so that it can be watched.
    expect(requests[0]!.body).toMatchObject({ stream: true });
    expect(response.headers.get("x-sluice-cost-usd")).toBe("0.000060");
    expect(response.headers.get("x-sluice-budget-limit-usd")).toBe("1.000000");
    expect(response.headers.get("x-sluice-budget-remaining-usd")).toBe("0.999940");
    expect(response.headers.get("x-sluice-budget-held-usd")).toBe("0.000000");
    expect(await budgetsOf(service)).toMatchObject([
      { scope: "tenant", id: "shop", window: "total", kind: "hard", spent_usd: 0.00006 },
      { scope: "tenant", window: "month", kind: "counted", spent_usd: 0.00006 },
    ]);
  });

  it("holds the forecast's 90th percentile while a stream runs", async ({ expect }) => {
    const vendor = openStream();
    const { send } = scriptedVendor(vendor.respond);
    const { service } = limited({ tenant: { budgets: [HARD] } }, { send });
    vendor.write(chunk("He"));
    const response = await service.chat({ model: "openai/small", stream: true });
    const held = Number(response.headers.get("x-sluice-budget-held-usd"));
    expect(held).toBeGreaterThan(0.0016); // 400 tokens at 4 micro-dollars, and the prompt
    expect(held).toBeLessThan(0.0017);
    vendor.write(finish(), usageChunk({ prompt_tokens: 20, completion_tokens: 9 }), "[DONE]");
    const last = parseObject((await dataOf(response)).at(-2));
    expect(last["sluice"]).toMatchObject({ cost_usd: 0.000056 });
    expect((await budgetsOf(service))[0]).toMatchObject({ spent_usd: 0.000056, held_usd: 0 });
  });

  it("answers 402 without a call when nothing affordable is left", async ({ expect }) => {
    const { send, requests } = scriptedVendor();
    const { service } = limited({ tenant: { budgets: [day(0.000001)] } }, { send });
    const response = await service.chat();
    expect(response.headers.get("x-should-retry")).toBe("false");
    expect(response.headers.get("x-sluice-budget-remaining-usd")).toBe("0.000001");
    expect(response.headers.get("x-sluice-budget-reset")).toMatch(/^\d+$/);
    expect(await errorOf(response)).toMatchObject({
      status: 402,
      type: "insufficient_quota",
      code: "insufficient_quota",
      message: expect.stringMatching(
        /tenant shop's day budget of \$0\.000001 has \$0\.000001 left/,
      ),
    });
    expect(requests).toEqual([]);
    expect(await budgetsOf(service)).toMatchObject([{ spent_usd: 0, held_usd: 0 }, {}]);
  });

  it("turns to a cheaper model when the preferred one is too dear", async ({ expect }) => {
    const { send } = scriptedVendor(answer(1));
    const { service } = limited({ key: { budgets: [day(0.0005)] } }, { send });
    const response = await service.chat({ model: "auto:quality" });
    expect(response.status).toBe(200);
    expect(response.headers.get("x-sluice-decision")).toBe("within_budget");
    expect(response.headers.get("x-sluice-model")).toBe("groq/tiny");
  });

  it("of one model closes that model only", async ({ expect }) => {
    const { send } = scriptedVendor(answer(1), answer(1));
    const budgets = [day(0.000001, { model: "openai/large" }), HARD];
    const { service } = limited({ organisation: { budgets } }, { send });
    const response = await service.chat({ model: "auto:quality" });
    expect(response.status).toBe(200);
    expect(response.headers.get("x-sluice-model")).not.toBe("openai/large");
    expect((await service.chat({ model: "openai/large" })).status).toBe(402);
    expect(await budgetsOf(service)).toMatchObject([
      { scope: "organisation", model: "openai/large", spent_usd: 0 },
      { scope: "organisation", id: "acme" },
      { kind: "counted" },
    ]);
  });

  it("asks for more when a stream outgrows its hold", async ({ expect }) => {
    const vendor = openStream();
    const { send } = scriptedVendor(vendor.respond);
    const { service } = limited({ tenant: { budgets: [HARD] } }, { send });
    vendor.write(chunk("word ".repeat(1_000)));
    const response = await service.chat({ model: "openai/small", stream: true });
    vendor.write(
      chunk("more"),
      finish(),
      usageChunk({ prompt_tokens: 20, completion_tokens: 1_001 }),
    );
    vendor.write("[DONE]");
    const data = await dataOf(response);
    expect(data.at(-1)).toBe("[DONE]");
    expect(data.some((text) => text.includes('"stopped"'))).toBe(false);
    expect((await budgetsOf(service))[0]).toMatchObject({ spent_usd: 0.004024, held_usd: 0 });
  });

  it("ends a stream lawfully when it has no more to give", async ({ expect }) => {
    const vendor = openStream();
    const { send } = scriptedVendor(vendor.respond);
    const { service } = limited({ tenant: { budgets: [day(0.002)] } }, { send });
    vendor.write(chunk("word ".repeat(300)));
    const response = await service.chat({
      model: "openai/small",
      stream: true,
      stream_options: { include_usage: true },
    });
    vendor.write(chunk("word ".repeat(100)), chunk("word ".repeat(100)), chunk("never asked for"));
    const chunks = (await dataOf(response)).map((text) =>
      text === "[DONE]" ? { done: true } : parseObject(text),
    );
    expect(chunks.slice(-3)).toMatchObject([
      { choices: [{ index: 0, delta: {}, finish_reason: "length" }], usage: null },
      { choices: [], usage: { completion_tokens: 503 }, sluice: { stopped: "budget" } },
      { done: true },
    ]);
    await vendor.left;
    expect(service.log).toContainEqual(expect.objectContaining({ ending: "stopped" }));
    // 503 tokens and the prompt: beyond the limit by less than the last read brought.
    const [budget] = await budgetsOf(service);
    expect(budget).toMatchObject({ held_usd: 0, spent_usd: 0.002017 });
  });

  it("ends a whole answer just so", async ({ expect }) => {
    const vendor = openStream();
    const { send } = scriptedVendor(vendor.respond);
    const { service } = limited({ tenant: { budgets: [day(0.002)] } }, { send });
    vendor.write(chunk("word ".repeat(600)), chunk("never asked for"));
    const response = await service.chat({ model: "openai/small" });
    expect(response.headers.get("x-sluice-stopped")).toBe("budget");
    expect(await response.json()).toMatchObject({
      choices: [{ finish_reason: "length" }],
      usage: { completion_tokens: 603 },
    });
  });

  it("tries another model where a watched answer breaks off, and pays for both", async ({
    expect,
  }) => {
    const { send, requests } = scriptedVendor(streamed(chunk("Hel")), answer(5));
    const { service } = limited({ tenant: { budgets: [HARD] } }, { send });
    const response = await service.chat();
    expect(response.status).toBe(200);
    expect(requests).toHaveLength(2);
    const cost = Number(response.headers.get("x-sluice-cost-usd"));
    expect((await budgetsOf(service))[0]).toMatchObject({ spent_usd: cost, held_usd: 0 });
  });

  it("books a call that broke off at what it held, since nobody knows its bill", async ({
    expect,
  }) => {
    const { send } = scriptedVendor(streamed(chunk("Hel")), answer(5));
    const { service } = limited({ tenant: { budgets: [HARD] } }, { send });
    const response = await service.chat({ model: "openai/small" });
    const beside = Number(response.headers.get("x-sluice-cost-usd")) - 0.00004;
    expect(beside).toBeGreaterThan(0.0016); // 400 tokens at 4 micro-dollars, and the prompt
    expect(beside).toBeLessThan(0.0017);
    expect((await budgetsOf(service))[0]).toMatchObject({ held_usd: 0 });
  });

  it("gives back what it held where nobody answers", async ({ expect }) => {
    const { service } = limited(
      { tenant: { budgets: [HARD] } },
      { send: scriptedVendor(whole({ choices: [] })).send },
    );
    expect((await service.chat()).status).toBeGreaterThanOrEqual(500);
    expect((await budgetsOf(service))[0]).toMatchObject({ held_usd: 0 });
  });

  it("lets nobody through while its ledger cannot be reached", async ({ expect }) => {
    const { send, requests } = scriptedVendor();
    const ledger: Ledger = { ...memoryLedger(), reserve: () => Promise.reject(new Error("down")) };
    const { service } = limited({ tenant: { budgets: [HARD] } }, { send, ledger });
    expect(await errorOf(await service.chat())).toMatchObject({
      status: 503,
      code: "ledger_unreachable",
    });
    expect(requests).toEqual([]);
  });
});

describe("a soft budget", () => {
  it("warns and goes on", async ({ expect }) => {
    const { send } = scriptedVendor(whole(), whole());
    const budgets = [day(0.000001, { kind: "soft" })];
    const { service } = limited({ tenant: { budgets } }, { send });
    const response = await service.chat();
    expect(response.status).toBe(200);
    expect(response.headers.get("x-sluice-budget-warning")).toBe("tenant-usd-day is spent");
    expect(response.headers.get("x-sluice-budget-remaining-usd")).toBe("0.000000");
  });

  it("needs no ledger, and is charged when that is back", async ({ expect }) => {
    const { send } = scriptedVendor(whole());
    const memory = memoryLedger();
    let failures = 3;
    const ledger: Ledger = {
      ...memory,
      reserve: () => Promise.reject(new Error("down")),
      settle: (settlement) =>
        failures-- > 0 ? Promise.reject(new Error("down")) : memory.settle(settlement),
    };
    const { service } = limited(
      { tenant: { budgets: [day(1, { kind: "soft" })] } },
      { send, ledger },
    );
    const response = await service.chat();
    const cost = Number(response.headers.get("x-sluice-cost-usd"));
    expect((await budgetsOf(service))[0]).toMatchObject({ spent_usd: cost });
  });
});

describe("rate limits", () => {
  it("of requests are told in both conventions, and refuse with a time to wait", async ({
    expect,
  }) => {
    const { send } = scriptedVendor(whole(), whole());
    const { service } = limited({ key: { limits: [{ unit: "requests", limit: 2 }] } }, { send });
    const first = await service.chat();
    expect(first.headers.get("x-ratelimit-limit-requests")).toBe("2");
    expect(first.headers.get("x-ratelimit-remaining-requests")).toBe("1");
    expect(first.headers.get("x-ratelimit-reset-requests")).toMatch(/^[1-3]s$/);
    expect(first.headers.get("ratelimit-policy")).toBe('"key-requests-60s";q=2;qu="requests";w=60');
    expect(first.headers.get("ratelimit")).toMatch(/^"key-requests-60s";r=1;t=[1-3]$/);
    expect((await service.chat()).status).toBe(200);
    const refused = await service.chat();
    expect(refused.headers.get("x-ratelimit-remaining-requests")).toBe("0");
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(await errorOf(refused)).toMatchObject({
      status: 429,
      type: "rate_limit_error",
      code: "rate_limit_exceeded",
    });
    await Promise.all(service.background);
    service.timers.advance(66_000);
    expect((await service.chat()).status).toBe(200);
  });

  it("of tokens hold the forecast and settle what was used", async ({ expect }) => {
    const { send } = scriptedVendor(whole());
    const limits = [{ unit: "tokens", limit: 1_000 }];
    const { service } = limited({ tenant: { limits } }, { send });
    const response = await service.chat();
    const { usage } = await response.json<{ usage: { total_tokens: number } }>();
    const left = 1_000 - usage.total_tokens;
    expect(response.headers.get("x-ratelimit-remaining-tokens")).toBe(String(left));
  });

  it("of tokens say so where a request never fits", async ({ expect }) => {
    const limits = [{ unit: "tokens", limit: 50 }];
    const { service } = limited({ tenant: { limits } });
    const refused = await service.chat();
    expect(refused.headers.get("x-should-retry")).toBe("false");
    expect(await errorOf(refused)).toMatchObject({ status: 429, code: "request_too_large" });
  });

  it("of requests at once count those under way", async ({ expect }) => {
    const vendor = openStream();
    const { send } = scriptedVendor(vendor.respond, whole());
    const limits = [{ unit: "concurrent", limit: 1 }];
    const { service } = limited({ key: { limits } }, { send });
    vendor.write(chunk("He"));
    const running = await service.chat({ stream: true });
    expect(running.headers.get("ratelimit-policy")).toBe(
      '"key-concurrent-now";q=1;qu="concurrent-requests"',
    );
    expect((await service.chat()).status).toBe(429);
    vendor.write(finish(), "[DONE]");
    await running.text();
    await Promise.all(service.background);
    expect((await service.chat()).status).toBe(200);
  });

  it("count a decision without a call", async ({ expect }) => {
    const { service } = limited({ key: { limits: [{ unit: "requests", limit: 1 }] } });
    const init = {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ model: "auto", messages: [{ role: "user", content: "Hi" }] }),
    };
    expect((await service.fetch("/v1/route", init)).status).toBe(200);
    expect((await service.fetch("/v1/route", init)).status).toBe(429);
  });
});

it("turns away a key whose gate was shut, whatever this isolate remembers", async ({ expect }) => {
  const { service, ledger } = limited({});
  await ledger.shut("key:key_k", service.timers.clock.nowMs() + 60_000);
  expect(await errorOf(await service.chat())).toMatchObject({
    status: 401,
    code: "revoked_api_key",
  });
});

it("charges embeddings, and refuses what their budget cannot pay", async ({ expect }) => {
  const vector = { object: "list", data: [{ index: 0, embedding: [0.5] }] };
  const body = JSON.stringify({ ...vector, usage: { prompt_tokens: 7, total_tokens: 7 } });
  const { send } = scriptedVendor(() => new Response(body, { headers: JSON_TYPE }));
  const { service } = limited({ tenant: { budgets: [day(0.00002)] } }, { send });
  function embed(input: string): Promise<Response> {
    const asked = JSON.stringify({ model: "openai/vectors", input });
    return service.fetch("/v1/embeddings", { method: "POST", headers: JSON_TYPE, body: asked });
  }
  const response = await embed("Hi");
  expect(response.headers.get("x-sluice-budget-remaining-usd")).toBe("0.000006");
  expect((await budgetsOf(service))[0]).toMatchObject({ spent_usd: 0.000014, held_usd: 0 });
  expect((await embed("many words ".repeat(50))).status).toBe(402);
});

const JSON_TYPE = { "content-type": "application/json" };
