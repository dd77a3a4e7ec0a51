/** Paced budgets as clients see them: quality glides down as money runs ahead of time, and everything says so. */
import { describe, it } from "vitest";
import { memoryLedger } from "../../contract/memory-ledger.ts";
import { callerWith } from "../fixture/callers.ts";
import { createService, errorOf, type TestService } from "../fixture/service.ts";
import { chunk, finish, scriptedVendor, streamed, usageChunk } from "../fixture/vendor.ts";

const HOUR_MS = 3_600_000;

/** Costs some $0.004 at openai/large, and $0.00002 at the cheapest. */
function answer() {
  const usage = { prompt_tokens: 5, completion_tokens: 100 };
  return streamed(chunk("Hello"), finish(), usageChunk(usage), "[DONE]");
}

function paced(limitUsd: number, more: Record<string, unknown> = {}) {
  return { window: "day", limit_usd: limitUsd, is_paced: true, ...more };
}

function setUp(given: Parameters<typeof callerWith>[0]): TestService {
  return createService({
    send: scriptedVendor(answer()).send,
    caller: callerWith(given),
    ledger: memoryLedger(),
  });
}

async function ask(service: TestService, fields: Record<string, unknown> = {}) {
  const response = await service.chat({ model: "auto:quality", ...fields });
  await response.text();
  await Promise.all(service.background);
  return {
    status: response.status,
    model: response.headers.get("x-sluice-model"),
    lambda: response.headers.get("x-sluice-budget-lambda"),
    remainingUsd: Number(response.headers.get("x-sluice-budget-remaining-usd")),
  };
}

async function budgetsOf(service: TestService) {
  const response = await service.fetch("/v1/budget");
  return (await response.json<{ budgets: Record<string, unknown>[] }>()).budgets;
}

describe("a paced budget", () => {
  it("has no price while there is money for the best", async ({ expect }) => {
    const service = setUp({ tenant: { budgets: [paced(1_000)] } });
    service.timers.advance(12 * HOUR_MS);
    const first = await ask(service);
    expect(first).toMatchObject({ status: 200, model: "openai/large", lambda: "0.000" });
    const [budget] = await budgetsOf(service);
    expect(budget).toMatchObject({ is_paced: true, quality_per_usd: 0 });
  });

  it("turns to cheaper models as money runs out, and refuses nobody", async ({ expect }) => {
    // Requests come evenly, and the money does for ten of them at the best model.
    const service = setUp({ key: { budgets: [paced(0.04)] } });
    const asked = [];
    for (let at = 0; at < 48; at++) {
      asked.push(await ask(service));
      service.timers.advance(HOUR_MS / 2 - 1);
    }
    expect(asked.every(({ status }) => status === 200)).toBe(true);
    const dear = asked.filter(({ model }) => model === "openai/large").length;
    expect(dear).toBeLessThan(24);
    expect(new Set(asked.map(({ model }) => model)).size).toBeGreaterThan(1);
    expect(asked.every(({ lambda }) => Number.isFinite(Number(lambda)) && lambda !== null)).toBe(
      true,
    );
    expect(asked.at(-1)!.remainingUsd).toBeGreaterThan(0);
  });

  it("begins anew with its window", async ({ expect }) => {
    const service = setUp({ key: { budgets: [paced(0.012)] } });
    service.timers.advance(12 * HOUR_MS);
    for (let at = 0; at < 9; at++) await ask(service);
    const tight = Number((await ask(service)).lambda);
    expect(tight).toBeGreaterThan(0.03);
    service.timers.advance(12 * HOUR_MS);
    const [budget] = await budgetsOf(service);
    expect(budget).toMatchObject({ spent_usd: 0, starts_at: "1970-01-02T00:00:00.000Z" });
  });

  it("of several the tightest sets the price", async ({ expect }) => {
    const service = setUp({
      organisation: { budgets: [paced(1_000)] },
      tenant: { budgets: [paced(0.001, { kind: "soft" })] },
    });
    service.timers.advance(HOUR_MS);
    await ask(service);
    const { model, lambda } = await ask(service);
    expect(model).not.toBe("openai/large");
    expect(Number(lambda)).toBeGreaterThan(0.03);
    const [loose, tight] = await budgetsOf(service);
    expect(loose!["quality_per_usd"]).toBe(0);
    expect(tight!["quality_per_usd"]).toBeGreaterThan(0);
  });

  it("leaves a model that was named alone, and learns what it cost", async ({ expect }) => {
    const service = setUp({ tenant: { budgets: [paced(0.02)] } });
    const named = await ask(service, { model: "openai/large" });
    expect(named).toMatchObject({ model: "openai/large", lambda: null });
    const [budget] = await budgetsOf(service);
    expect(budget!["quality_per_usd"]).toBeTypeOf("number");
  });

  it("learns what embeddings cost, since they are among the requests that it divides money by", async ({
    expect,
  }) => {
    const service = setUp({ tenant: { budgets: [paced(0.02)] } });
    const init = {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ model: "openai/vectors", input: "Hi" }),
    };
    await (await service.fetch("/v1/embeddings", init)).text();
    const [budget] = await budgetsOf(service);
    expect(budget!["quality_per_usd"]).toBeTypeOf("number");
  });

  it("is shown without a price before a request was seen", async ({ expect }) => {
    const service = setUp({ tenant: { budgets: [paced(1)] } });
    const [budget, counted] = await budgetsOf(service);
    expect(budget).toMatchObject({ is_paced: true, quality_per_usd: null });
    expect(counted).not.toHaveProperty("quality_per_usd");
  });

  it("refuses at its limit like any other, where it is hard", async ({ expect }) => {
    const service = setUp({ tenant: { budgets: [paced(0.000001)] } });
    expect(await errorOf(await service.chat())).toMatchObject({ status: 402 });
  });

  it("is in the decision that /v1/route shows, which learns nothing of it", async ({ expect }) => {
    const service = setUp({ tenant: { budgets: [paced(0.001)] } });
    const init = {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ model: "auto", messages: [{ role: "user", content: "Hi" }] }),
    };
    await (await service.fetch("/v1/route", init)).text();
    expect((await budgetsOf(service))[0]).toMatchObject({ quality_per_usd: null });
    await ask(service);
    const response = await service.fetch("/v1/route", init);
    const { lambda } = await response.json<{ lambda: number }>();
    expect(response.headers.get("x-sluice-budget-lambda")).toBe(lambda.toPrecision(4));
    expect(lambda).toBeGreaterThan(0.08); // The preset's own.
  });
});
