/**
 * Budgets where a request does not go straight: other models and hedges beside the first, clients that leave, ends
 * that a budget brings about, in every wire format.
 */
import { describe, it } from "vitest";
import type { Ledger } from "../../../worker/domain/ledger.ts";
import { memoryLedger } from "../../contract/memory-ledger.ts";
import { callerWith } from "../fixture/callers.ts";
import { createService, dataOf, errorOf, type ServiceOptions } from "../fixture/service.ts";
import {
  chunk,
  finish,
  json,
  openStream,
  parseObject,
  scriptedVendor,
  silent,
  streamed,
  usageChunk,
  type Responder,
} from "../fixture/vendor.ts";

const HARD = { window: "total", limit_usd: 1 };
const JSON_TYPE = { "content-type": "application/json" };
/** openai/small first, then mistral/medium, then openai/large. */
const CHEAP = {
  model: "auto:cost",
  sluice: { allow_models: ["openai/small", "mistral/medium", "openai/large"] },
};
/** What a call of these may cost: 400 tokens, and a prompt of 5. */
const SMALL = 1_605;
const MEDIUM = 3_210;

function setUp(
  given: Parameters<typeof callerWith>[0],
  responders: readonly Responder[],
  options: ServiceOptions & { ledger?: Partial<Ledger> } = {},
) {
  const memory = memoryLedger();
  const asked: number[] = [];
  const ledger: Ledger = {
    ...memory,
    reserve(reservation) {
      asked.push(reservation.draws[0]!.amount);
      return memory.reserve(reservation);
    },
    ...options.ledger,
  };
  const vendor = scriptedVendor(...responders);
  const { send } = vendor;
  const service = createService({ send, caller: callerWith(given), ...options, ledger });
  async function budgets() {
    await Promise.all(service.background);
    const response = await service.fetch("/v1/budget");
    return (await response.json<{ budgets: Record<string, unknown>[] }>()).budgets;
  }
  return { service, memory, asked, requests: vendor.requests, budgets };
}

function answer(tokens = 5): Responder {
  const usage = { prompt_tokens: 20, completion_tokens: tokens };
  return streamed(chunk("Hello"), finish(), usageChunk(usage), "[DONE]");
}

function costOf(response: Response): number {
  return Number(response.headers.get("x-sluice-cost-usd"));
}

describe("a fallback", () => {
  const GIVEN = { tenant: { budgets: [HARD] } };

  it("after a failure that nobody bills raises the hold to the dearer", async ({ expect }) => {
    const { service, asked, budgets } = setUp(GIVEN, [json(500, {}), answer()]);
    const response = await service.chat(CHEAP);
    expect(response.headers.get("x-sluice-model")).toBe("mistral/medium");
    expect(asked).toEqual([SMALL, MEDIUM]);
    expect((await budgets())[0]).toMatchObject({ held_usd: 0, spent_usd: costOf(response) });
  });

  it("after an answer that broke off holds both", async ({ expect }) => {
    const { service, asked } = setUp(GIVEN, [streamed(chunk("Hel")), answer()]);
    expect((await service.chat(CHEAP)).status).toBe(200);
    expect(asked).toEqual([SMALL, SMALL + MEDIUM]);
  });

  it("passes over a model whose own budget is spent", async ({ expect }) => {
    const spent = { window: "day", limit_usd: 0.000001, model: "mistral/medium" };
    const { service, requests } = setUp({ tenant: { budgets: [HARD, spent] } }, [
      json(500, {}),
      answer(),
    ]);
    const response = await service.chat(CHEAP);
    expect(response.status).toBe(200);
    expect(response.headers.get("x-sluice-model")).toBe("openai/large");
    expect(requests).toHaveLength(2);
  });

  it("charges each model's budget what that model cost", async ({ expect }) => {
    const models = ["openai/small", "mistral/medium"].map((model) => ({ ...HARD, model }));
    const { service, budgets } = setUp({ tenant: { budgets: [HARD, ...models] } }, [
      streamed(chunk("Hel")),
      answer(),
    ]);
    const response = await service.chat(CHEAP);
    const [all, small, medium] = (await budgets()).map((one) => Number(one["spent_usd"]) * 1e6);
    expect(medium).toBeCloseTo(20 * 2 + 5 * 8, 6);
    expect(small).toBeGreaterThan(0);
    expect(all).toBeCloseTo(small! + medium!, 6);
    expect(all).toBeCloseTo(costOf(response) * 1e6, 6);
  });

  it("to vectors that cannot be covered leaves the bill of what broke off", async ({ expect }) => {
    const memory = memoryLedger();
    let trips = 0;
    const { service, budgets } = setUp(GIVEN, [() => new Response("{", { headers: JSON_TYPE })], {
      ledger: {
        ...memory,
        reserve(reservation) {
          trips += 1;
          return trips === 1 ? memory.reserve(reservation) : Promise.reject(new Error("down"));
        },
      },
    });
    const body = JSON.stringify({ model: "openai/vectors", input: "Hi" });
    const response = await service.fetch("/v1/embeddings", {
      method: "POST",
      headers: JSON_TYPE,
      body,
    });
    expect(response.status).toBe(503);
    expect(trips).toBe(2);
    expect(costOf(response)).toBeGreaterThan(0);
    expect((await budgets())[0]).toMatchObject({ held_usd: 0, spent_usd: costOf(response) });
  });
});

/** Of a hedge, which is over at once. */
async function pause(): Promise<void> {}

describe("a hedge", () => {
  const HEDGED = { headers: { "x-sluice-hedge": "800" } };

  it("holds both, and charges each model its own", async ({ expect }) => {
    const models = ["openai/small", "mistral/medium"].map((model) => ({ ...HARD, model }));
    const { service, asked, budgets } = setUp(
      { tenant: { budgets: [HARD, ...models] } },
      [silent(), answer()],
      { pause },
    );
    const response = await service.chat(CHEAP, HEDGED);
    expect(asked).toEqual([SMALL, SMALL + MEDIUM]);
    expect(response.headers.get("x-sluice-hedged")).toBe("openai/small");
    const [all, small, medium] = await budgets();
    expect(all).toMatchObject({ held_usd: 0, spent_usd: costOf(response) });
    expect(small).toMatchObject({
      spent_usd: Number(response.headers.get("x-sluice-hedge-cost-usd")),
    });
    expect(medium).toMatchObject({ held_usd: 0, spent_usd: (20 * 2 + 5 * 8) / 1e6 });
  });

  it("is not begun where only the first can be paid", async ({ expect }) => {
    const first = openStream();
    const { service, requests, budgets } = setUp(
      { tenant: { budgets: [{ ...HARD, limit_usd: 0.002 }] } },
      [first.respond],
      { pause },
    );
    first.write(chunk("Hello"), finish(), usageChunk(), "[DONE]");
    const response = await service.chat(CHEAP, HEDGED);
    expect(response.status).toBe(200);
    expect(requests).toHaveLength(1);
    expect(response.headers.get("x-sluice-hedged")).toBeNull();
    expect(response.headers.get("x-sluice-attempts")).toBe("1");
    expect((await budgets())[0]).toMatchObject({ held_usd: 0, spent_usd: costOf(response) });
  });

  it("that the first outruns while the second is being paid for costs nothing", async ({
    expect,
  }) => {
    const memory = memoryLedger();
    const second = Promise.withResolvers<void>();
    const first = openStream();
    let trips = 0;
    const { service, requests, budgets } = setUp({ tenant: { budgets: [HARD] } }, [first.respond], {
      pause,
      ledger: {
        ...memory,
        async reserve(reservation) {
          trips += 1;
          if (trips === 2) {
            first.write(chunk("Hello"), finish(), usageChunk(), "[DONE]");
            await second.promise;
          }
          return memory.reserve(reservation);
        },
      },
    });
    const response = await service.chat(CHEAP, HEDGED);
    second.resolve();
    expect(trips).toBe(2);
    expect(requests).toHaveLength(1);
    expect(response.headers.get("x-sluice-hedged")).toBeNull();
    expect(costOf(response)).toBe((10 + 20 * 4) / 1e6);
    expect((await budgets())[0]).toMatchObject({ held_usd: 0, spent_usd: costOf(response) });
    expect((await budgets())[0]).toMatchObject({ held_usd: 0 });
  });
});

describe("a client that leaves", () => {
  const GIVEN = {
    tenant: { budgets: [HARD], limits: [{ unit: "concurrent", limit: 5 }] },
  };

  it("before it is covered is not called for, and holds nothing", async ({ expect }) => {
    const memory = memoryLedger();
    const client = new AbortController();
    const { service, requests, budgets } = setUp(GIVEN, [], {
      ledger: {
        ...memory,
        reserve(reservation) {
          client.abort();
          return memory.reserve(reservation);
        },
      },
    });
    const response = await service.chat({ stream: true }, { signal: client.signal });
    expect(response.status).toBe(499);
    expect(requests).toEqual([]);
    expect((await budgets())[0]).toMatchObject({ held_usd: 0, spent_usd: 0 });
  });

  it("before it reads its stream pays for what had been written", async ({ expect }) => {
    const vendor = openStream();
    vendor.write(chunk("He"));
    const { service, budgets } = setUp(GIVEN, [vendor.respond]);
    const response = await service.chat({ ...CHEAP, stream: true });
    await response.body!.cancel();
    await vendor.left;
    const [budget] = await budgets();
    expect(budget).toMatchObject({ held_usd: 0 });
    expect(budget!["spent_usd"]).toBeGreaterThan(0);
    const limits = await (await service.fetch("/v1/budget")).json<{ limits: unknown[] }>();
    expect(limits.limits).toMatchObject([{ unit: "concurrent", used: 0 }]);
  });

  it("while its stream waits for more money pays for it, and holds nothing", async ({ expect }) => {
    const memory = memoryLedger();
    const vendor = openStream();
    const asked = Promise.withResolvers<void>();
    const raised = Promise.withResolvers<void>();
    let trips = 0;
    const { service, budgets } = setUp(GIVEN, [vendor.respond], {
      ledger: {
        ...memory,
        async reserve(reservation) {
          trips += 1;
          if (trips === 2) {
            asked.resolve();
            await raised.promise;
          }
          return memory.reserve(reservation);
        },
      },
    });
    vendor.write(chunk("word ".repeat(600)));
    const response = await service.chat({ model: "openai/small", stream: true });
    const reader = response.body!.getReader();
    const reading = reader.read();
    await asked.promise;
    await reader.cancel();
    await reading;
    await vendor.left;
    raised.resolve();
    const [budget] = await budgets();
    expect(budget!["held_usd"]).toBe(0);
    expect(budget!["spent_usd"]).toBeGreaterThan(0.0024);
  });
});

it("shows a request that money has turned away no use of its rate limit", async ({ expect }) => {
  const { service } = setUp(
    {
      tenant: { budgets: [{ ...HARD, limit_usd: 0.000001 }] },
      key: { limits: [{ unit: "requests", limit: 5 }] },
    },
    [],
  );
  const response = await service.chat();
  expect(response.status).toBe(402);
  expect(response.headers.get("x-ratelimit-remaining-requests")).toBe("5");
});

it("answers a dry run under a budget that is spent, and holds nothing for it", async ({
  expect,
}) => {
  const { service, budgets } = setUp(
    { tenant: { budgets: [{ ...HARD, limit_usd: 0.000001 }] } },
    [],
  );
  const response = await service.chat({}, { headers: { "x-sluice-dry-run": "true" } });
  expect(response.status).toBe(200);
  expect(response.headers.get("x-sluice-budget-remaining-usd")).toBe("0.000001");
  expect((await budgets())[0]).toMatchObject({ held_usd: 0, spent_usd: 0 });
});

it("gives back what it held for a request that the vendor has refused", async ({ expect }) => {
  const { service, budgets } = setUp({ tenant: { budgets: [HARD] } }, [
    json(400, { error: { message: "bad" } }),
  ]);
  expect(await errorOf(await service.chat(CHEAP))).toMatchObject({ status: 400 });
  expect((await budgets())[0]).toMatchObject({ held_usd: 0, spent_usd: 0 });
});

/** 603 tokens where the budget pays for some 450. */
function long(more: readonly string[] = []) {
  const vendor = openStream();
  vendor.write(chunk("word ".repeat(600)), ...more);
  return vendor;
}

describe("an answer that its budget ends", () => {
  const GIVEN = { tenant: { budgets: [{ ...HARD, limit_usd: 0.002 }] } };

  async function ask(path: string, fields: Record<string, unknown>) {
    const { service } = setUp(GIVEN, [long().respond]);
    const body = JSON.stringify({ model: "openai/small", ...fields });
    return service.fetch(path, { method: "POST", headers: JSON_TYPE, body });
  }

  const MESSAGE = { max_tokens: 5_000, messages: [{ role: "user", content: "Hi" }] };

  it("is a message that has reached its length", async ({ expect }) => {
    const whole = await ask("/v1/messages", MESSAGE);
    expect(whole.headers.get("x-sluice-stopped")).toBe("budget");
    expect(await whole.json()).toMatchObject({ type: "message", stop_reason: "max_tokens" });
    const stream = await ask("/v1/messages", { ...MESSAGE, stream: true });
    const text = await stream.text();
    expect(text).toContain('"stop_reason":"max_tokens"');
    expect(text.trimEnd()).toMatch(/"type":"message_stop".*$/);
    expect(text).not.toContain('"type":"error"');
  });

  it("is a response that is incomplete", async ({ expect }) => {
    const incomplete = {
      status: "incomplete",
      incomplete_details: { reason: "max_output_tokens" },
    };
    const whole = await ask("/v1/responses", { input: "Hi" });
    expect(await whole.json()).toMatchObject({
      object: "response",
      ...incomplete,
      sluice: { is_usage_estimated: true },
    });
    const stream = await ask("/v1/responses", { input: "Hi", stream: true });
    const last = (await stream.text()).trimEnd().split("\n").at(-1)!;
    expect(parseObject(last.replace(/^data: /, ""))).toMatchObject({
      type: "response.incomplete",
      response: incomplete,
    });
  });

  it("is none where the last read has finished it, and costs what the vendor says", async ({
    expect,
  }) => {
    const vendor = long([finish()]);
    const { service, budgets } = setUp(GIVEN, [vendor.respond]);
    const response = await service.chat({ model: "openai/small", stream: true });
    vendor.write(usageChunk({ prompt_tokens: 20, completion_tokens: 700 }), "[DONE]");
    const data = await dataOf(response);
    expect(data.some((text) => text.includes('"stopped"'))).toBe(false);
    expect((await budgets())[0]).toMatchObject({ spent_usd: 0.00282, held_usd: 0 });
  });
});
