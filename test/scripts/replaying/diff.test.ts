/** What others would have decided: a case small enough for a pencil, other weights, and the report of both. */
import { beforeAll, describe, it } from "vitest";
import { digestOfCatalog } from "../../../router-models/catalog-digest.ts";
import { weightsLabel } from "../../../router-models/release.ts";
import { Hearsay, joined } from "../../../scripts/events/join.ts";
import { diffOf, type DiffInput } from "../../../scripts/replaying/diff.ts";
import type { Alternative } from "../../../scripts/replaying/outlook.ts";
import { replayAll } from "../../../scripts/replaying/replay.ts";
import { markdownOf, picturesOf, plainOf, textOf } from "../../../scripts/replaying/report.ts";
import { Scoring } from "../../../scripts/replaying/scoring.ts";
import type { DecisionRecord } from "../../../worker/domain/event.ts";
import { MODELS } from "../../worker/fixture/models.ts";
import {
  asLog,
  madeRecord,
  madeRecords,
  madeWorld,
  workshopOf,
  type MadeWorld,
} from "./made-log.ts";

let world: MadeWorld;
let template: DecisionRecord;
beforeAll(async () => {
  world = await madeWorld();
  template = (await madeRecord(world, {
    seed: 1,
    isPlain: true,
    policy: {},
    detail: "decisions",
  }))!;
});

const ESTIMATION = { confidence: 0.95, seed: 1, resamples: 50 };

async function diff(
  records: readonly DecisionRecord[],
  next: Alternative,
  more: Partial<DiffInput> = {},
) {
  return diffOf(joined(asLog(records), new Hearsay()), {
    catalog: { models: MODELS, digest: await digestOfCatalog(MODELS) },
    next,
    scoringOf: (own) => workshopOf(world).scoringOf(own),
    estimation: ESTIMATION,
    ...more,
  });
}

function candidate(model: string, score: number, costMicroUsd: number) {
  return {
    model,
    score,
    standing: score,
    outputTokensP50: 100,
    costP50MicroUsd: costMicroUsd,
    costP90MicroUsd: 4 * costMicroUsd,
    ttftMs: 100,
    ttftP90Ms: 200,
    latencyMs: 1_000,
    latencyP90Ms: 2_000,
  };
}

/** Served by the preset `balanced`: 0.95 − 0.08 is above 0.8 − 0.008. */
function record(own: Partial<DecisionRecord>): DecisionRecord {
  const large = candidate("openai/large", 0.95, 1_000);
  const small = candidate("openai/small", 0.8, 100);
  return {
    ...template,
    needs: { capabilities: [], contextTokens: 10 },
    decision: {
      reason: "best_utility",
      attempts: ["openai/large", "openai/small"],
      candidates: [large, small],
      excluded: [],
      reference: "openai/large",
      lambda: 0.08,
      propensities: { "openai/large": 1 },
    },
    ...own,
  };
}

describe("diffOf", () => {
  it("counts what would change, by a case worked by hand", async ({ expect }) => {
    const named = record({
      id: "named",
      tenant: "beta",
      pinned: "openai/large",
      decision: {
        ...record({}).decision,
        reason: "pinned",
        candidates: [candidate("openai/large", 0.95, 1_000)],
        attempts: ["openai/large"],
      },
    });
    const log = [
      record({ id: "one" }),
      record({ id: "two" }),
      record({ id: "three", tenant: "beta" }),
      named,
    ];
    // At λ = 0.2 it is 0.95 − 0.2 against 0.8 − 0.02.
    const found = await diff(log, { scoring: undefined, knobs: { preset: "cost" } });
    expect(found.skipped.size).toBe(0);
    const [acme, beta] = found.tenants;
    expect(acme).toMatchObject({ tenant: "acme", decisions: 2, changed: 2, refused: 0 });
    expect(acme!.costUsd.before).toBeCloseTo(0.002, 12);
    expect(acme!.costUsd.after).toBeCloseTo(0.0002, 12);
    expect(acme!.quality.old.before).toBeCloseTo(0.95, 12);
    expect(acme!.quality.new.after).toBeCloseTo(0.8, 12);
    expect(beta).toMatchObject({ tenant: "beta", decisions: 2, changed: 1 });
    expect(beta!.costUsd.after).toBeCloseTo(0.0011, 12);
    expect(found.total).toMatchObject({
      tenant: "all",
      decisions: 4,
      changed: 3,
      moves: [{ from: "openai/large", to: "openai/small", count: 3 }],
      shares: [
        { model: "openai/large", before: 4, after: 1 },
        { model: "openai/small", before: 0, after: 3 },
      ],
      dearest: [],
    });
    // Nobody has ever drawn the small one, so the log says nothing of it.
    expect(found.total.reward).toMatchObject({ rows: 3, unsupported: 1, effectiveSampleSize: 0 });
  });

  it("names what becomes dearer, the dearest first", async ({ expect }) => {
    const cheap = { ...template.policy, preset: "cost" as const };
    function served(id: string, microUsd: number) {
      const [large, small] = [
        candidate("openai/large", 0.95, microUsd),
        candidate("openai/small", 0.8, 100),
      ];
      return record({
        id,
        policy: cheap,
        decision: {
          ...record({}).decision,
          attempts: ["openai/small", "openai/large"],
          candidates: [small, large],
          propensities: { "openai/small": 1 },
        },
      });
    }
    const found = await diff([served("little", 900), served("much", 2_000)], {
      scoring: undefined,
      knobs: { preset: "quality" },
    });
    expect(found.total.dearest.map(({ id }) => id)).toEqual(["much", "little"]);
    expect(found.total.dearest[0]?.costUsd.after).toBeCloseTo(0.002, 12);
  });

  it("changes nothing with what served, and says so of draws too", async ({ expect }) => {
    const records = await madeRecords(world, 40);
    const found = await diff(records, { scoring: undefined, knobs: {} });
    expect(found.total.changed).toBe(0);
    expect(found.total.reward?.difference.value).toBeCloseTo(0, 12);
    expect(found.total.reward?.effectiveSampleSize).toBeGreaterThan(1);
  });

  it("counts requests that nobody could serve any more", async ({ expect }) => {
    const found = await diff([record({ id: "one" })], {
      scoring: undefined,
      knobs: { max_cost_usd: 1e-9 },
    });
    expect(found.total).toMatchObject({ decisions: 1, changed: 0, refused: 1, reward: undefined });
  });

  it("reads features by other weights, and leaves out what has none", async ({ expect }) => {
    const other = await madeWorld(2);
    const records = [
      ...(await madeRecords(world, 30, { isPlain: true, policy: {} })),
      ...(await madeRecords(world, 4, {
        isPlain: true,
        policy: {},
        detail: "decisions",
        tenant: "bare",
      })),
    ];
    const scoring = new Scoring(other.release, other.graph, MODELS);
    const found = await diff(records, { scoring, knobs: {} });
    const label = weightsLabel(other.release);
    expect([...found.skipped]).toEqual([[`neither prompt nor features that ${label} reads`, 4]]);
    expect(found.total.decisions).toBe(30);
    expect(found.total.quality.old).not.toEqual(found.total.quality.new);
    // The other way round it is the other way round.
    const back = await diff(
      records.slice(0, 30),
      { scoring: undefined, knobs: {} },
      {
        incumbent: { scoring, knobs: {} },
      },
    );
    expect(back.total.changed).toBe(found.total.changed);
    expect(back.total.quality.old).toEqual({
      before: expect.closeTo(found.total.quality.new.after, 12),
      after: expect.closeTo(found.total.quality.new.before, 12),
    });
  });

  it("leaves out what nobody can decide again", async ({ expect }) => {
    const strange = record({ release: "f".repeat(64), weights: "9.9.9@ffffffffffff" });
    const found = await diff([strange], { scoring: undefined, knobs: {} });
    expect([...found.skipped]).toEqual([["its weights 9.9.9@ffffffffffff are not at hand", 1]]);
    expect(found.total).toMatchObject({ decisions: 0, reward: undefined });
  });
});

describe("a report", () => {
  it("says both, in text, Markdown, JSON and a picture", async ({ expect }) => {
    const right = await madeRecords(world, 6, { isPlain: true, policy: {} });
    const wrong = { ...right[0]!, id: "wrong", difficulty: 0.123 };
    const log = [...right, wrong];
    const found = {
      replay: await replayAll(asLog(log), workshopOf(world)),
      diff: await diff(log, { scoring: undefined, knobs: { preset: "cost" } }),
      next: 'policy {"preset":"cost"}',
    };
    const text = textOf(found);
    expect(text).toContain("7 decisions, 7 made again, 85.71 % of these equal to the last bit.");
    expect(text).toMatch(/acme wrong: difficulty was 0\.123, is 0\.\d+\n/);
    expect(markdownOf(found)).toContain("| all | 7 |");
    expect(JSON.parse(JSON.stringify(plainOf(found)))).toMatchObject({
      replay: { decisions: 7, differing: 1, skipped: {} },
      diff: { next: 'policy {"preset":"cost"}', total: { decisions: 7 } },
    });
    expect(picturesOf(found)[0]?.svg).toContain("Where the requests go");
    expect(picturesOf({ ...found, diff: undefined })).toEqual([]);
  });
});
