/** What the event log gets of requests, through the whole service: every decision once, and of prompts what is allowed. */
import { describe, it } from "vitest";
import {
  decisionRecordSchema,
  type DecisionRecord,
  type LogRecord,
} from "../../../worker/domain/event.ts";
import type { Lesson } from "../../../worker/domain/lessons.ts";
import { routeSchema } from "../../../worker/http/wire/view-schemas.ts";
import { unpackFloats, unpackInts } from "../../../worker/lib/packed-numbers.ts";
import { callerWith } from "../fixture/callers.ts";
import { createService, type ServiceOptions } from "../fixture/service.ts";
import {
  chunk,
  finish,
  json,
  openStream,
  scriptedVendor,
  streamed,
  usageChunk,
  whole,
  type Responder,
} from "../fixture/vendor.ts";

function recorded(
  responders: readonly Responder[],
  { tenant = {}, ...more }: ServiceOptions & { tenant?: Record<string, unknown> } = {},
) {
  const records: LogRecord[] = [];
  const service = createService({
    send: scriptedVendor(...responders).send,
    caller: callerWith({ tenant }),
    events: {
      record: async (given) => void records.push(...given),
      erase: async () => undefined,
      standing: async () => ({ rows: 0, unfiled: 0, pending: 0, lost: 0 }),
    },
    ...more,
  });
  async function decisions(): Promise<DecisionRecord[]> {
    await Promise.all(service.background);
    return records.map((record) => decisionRecordSchema.parse(JSON.parse(JSON.stringify(record))));
  }
  return { service, decisions };
}

describe("the event log", () => {
  it("gets a whole answer's decision with all it was made of, and what came of it", async ({
    expect,
  }) => {
    const { service, decisions } = recorded([whole()]);
    await (await service.chat({ model: "auto:cost", max_tokens: 50 })).text();
    const [record, ...others] = await decisions();
    expect(others).toEqual([]);
    expect(record).toMatchObject({
      kind: "decision",
      id: "req_1",
      tenant: "shop",
      catalog: "0123456789ab",
      needs: { capabilities: [], contextTokens: 55, maxOutputTokens: 50 },
      policy: { preset: "cost" },
      moment: { lifts: {}, caution: 0 },
      decision: {
        reason: "best_utility",
        reference: "openai/large",
        propensities: { "openai/small": 1 },
      },
      outcome: {
        model: "openai/small",
        ending: "complete",
        attempts: 1,
        inputTokens: 10,
        outputTokens: 20,
        isEstimated: false,
        costMicroUsd: 90,
        costs: { "openai/small": 90 },
        signals: [],
      },
    });
    expect(record!.decision.attempts[0]).toBe("openai/small");
    expect(record!.decision.candidates.length).toBeGreaterThan(1);
    expect(record).not.toHaveProperty("features");
    expect(record).not.toHaveProperty("prompt");
  });

  it("gets a stream's when it has ended", async ({ expect }) => {
    const { service, decisions } = recorded([
      streamed(chunk("Hello"), finish(), usageChunk(), "[DONE]"),
    ]);
    const answer = await service.chat({ model: "auto", stream: true });
    await answer.text();
    const [record] = await decisions();
    expect(record!.outcome).toMatchObject({ ending: "complete", outputTokens: 20, signals: [] });
    expect(record!.outcome).toHaveProperty("ttftMs");
  });

  it("knows who has left, and who got no answer", async ({ expect }) => {
    const stream = openStream();
    const left = recorded([stream.respond]);
    const answer = left.service.chat({ model: "auto", stream: true });
    stream.write(chunk("Hel"));
    const reader = (await answer).body!.getReader();
    await reader.read();
    await reader.cancel();
    await stream.left;
    const [cancelled] = await left.decisions();
    expect(cancelled!.outcome).toMatchObject({ ending: "cancelled", signals: ["hung_up"] });

    const failing = recorded(Array.from({ length: 20 }, () => json(500, { error: {} })));
    expect((await failing.service.chat({ model: "auto" })).status).toBe(502);
    const [failed] = await failing.decisions();
    expect(failed!.outcome).toMatchObject({ model: null, ending: "failed", signals: ["failed"] });
    expect(failed!.outcome.attempts).toBeGreaterThan(1);
  });

  it("gets nothing of a decision alone, of what nobody was asked, and of a tenant without events", async ({
    expect,
  }) => {
    const dry = recorded([whole()]);
    await dry.service.chat({ model: "auto", sluice: { dry_run: true } });
    expect((await dry.service.chat({ model: "nobody/knows" })).status).toBe(404);
    expect(await dry.decisions()).toEqual([]);
    const silent = recorded([whole()], { tenant: { events: "off" } });
    await silent.service.chat({ model: "auto" });
    expect(await silent.decisions()).toEqual([]);
  });

  it("gets features and prompts where the tenant says so, and never an answer", async ({
    expect,
  }) => {
    const asked = { model: "auto", messages: [{ role: "user", content: "What is a weir?" }] };
    const features = recorded([whole()], { tenant: { events: "features" } });
    await features.service.chat(asked);
    const [some] = await features.decisions();
    const { ids, weights, tableRows } = some!.features!;
    expect(unpackInts(ids).length).toBe(unpackFloats(weights).length);
    expect(Math.max(...unpackInts(ids))).toBeLessThan(tableRows);
    expect(JSON.stringify(some)).not.toContain("weir");

    const prompts = recorded([whole()], { tenant: { events: "prompts" } });
    await prompts.service.chat(asked);
    const [all] = await prompts.decisions();
    expect(all!.prompt!.turns).toEqual([{ role: "user", text: "What is a weir?" }]);
    expect(all!.features).toEqual(some!.features);
    expect(all!.promptHash).toBe(some!.promptHash);
  });

  it("has equal prompts of one tenant alike, and of two apart", async ({ expect }) => {
    const hashes: string[] = [];
    for (const id of ["shop", "shop", "bank"]) {
      const { service, decisions } = recorded([whole()], { tenant: { id } });
      await service.chat({ model: "auto" });
      hashes.push((await decisions())[0]!.promptHash);
    }
    expect(hashes[0]).toBe(hashes[1]);
    expect(hashes[2]).not.toBe(hashes[0]);
  });

  it("keeps the draw of an exploring tenant, with all propensities", async ({ expect }) => {
    const exploration = { sharpness: 0, floor: 0, max_cost_ratio: 1_000 };
    const { service, decisions } = recorded([whole()], {
      tenant: { exploration },
      random: () => 0.999,
    });
    const answer = await service.chat({ model: "auto" });
    expect(answer.headers.get("x-sluice-decision")).toBe("explored");
    const [record] = await decisions();
    const { propensities, attempts, reason } = record!.decision;
    expect(reason).toBe("explored");
    expect(record!.moment.exploration).toEqual({ ...exploration, unit: 0.999 });
    expect(answer.headers.get("x-sluice-model")).toBe(attempts[0]);
    const values = Object.values(propensities);
    expect(values.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 9);
    expect(new Set(values.map((p) => p.toFixed(6))).size).toBe(1);
  });

  it("draws nothing where the client names a model", async ({ expect }) => {
    const exploration = { sharpness: 0, floor: 0.1, max_cost_ratio: 1_000 };
    const { service, decisions } = recorded([whole()], {
      tenant: { exploration },
      random: () => 0.999,
    });
    await service.chat({ model: "openai/small" });
    const [record] = await decisions();
    expect(record).toMatchObject({
      pinned: "openai/small",
      decision: { reason: "pinned", propensities: { "openai/small": 1 } },
    });
  });
});

function learnt(lesson: Lesson) {
  return recorded([whole()], { lessons: { of: () => lesson } });
}

describe("what was learnt since the release", () => {
  it("moves the choice, and the record says by how much", async ({ expect }) => {
    const { service, decisions } = learnt({ lifts: new Map([["openai/small", -0.7]]), caution: 0 });
    const answer = await service.chat({ model: "auto:cost" });
    expect(answer.headers.get("x-sluice-model")).not.toBe("openai/small");
    expect((await decisions())[0]!.moment.lifts).toEqual({ "openai/small": -0.7 });
  });

  it("raises floors by its caution", async ({ expect }) => {
    const floors: number[] = [];
    for (const caution of [0, 0.05]) {
      const { service, decisions } = learnt({ lifts: new Map(), caution });
      await service.chat({ model: "auto", sluice: { quality: 0.8 } });
      floors.push((await decisions())[0]!.decision.floor!);
    }
    expect(floors[1]! - floors[0]!).toBeCloseTo(0.05, 12);
  });
});

describe("POST /v1/route", () => {
  it("shows lifts, propensities and caution, where there are any", async ({ expect }) => {
    const exploration = { sharpness: 0, floor: 0, max_cost_ratio: 1_000 };
    const { service } = recorded([], {
      tenant: { exploration },
      lessons: { of: () => ({ lifts: new Map([["openai/small", -0.1]]), caution: 0.02 }) },
    });
    const answer = await service.fetch("/v1/route", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ model: "auto", messages: [{ role: "user", content: "Hi" }] }),
    });
    const { caution, models } = routeSchema.parse(await answer.json());
    expect(caution).toBe(0.02);
    expect(models.find(({ model }) => model === "openai/small")).toMatchObject({ lift: -0.1 });
    expect(models.every(({ propensity }) => propensity !== undefined)).toBe(true);
  });
});
