/**
 * Leave-model-out on made-up models whose rows are known: outcomes follow the graph exactly, so what
 * a place is worth can be told beforehand.
 */
import { describe, it } from "vitest";
import { parseManifest, type Manifest } from "../../../router-models/manifest.ts";
import type { OutcomeRow } from "../../../scripts/dataset/outcome-file.ts";
import { summariseModels } from "../../../scripts/evaluation/leave-model-summary.ts";
import { leaveModelOut, type LeaveModelReport } from "../../../scripts/evaluation/leave-model.ts";
import { PROBE_COUNTS } from "../../../scripts/evaluation/model-trial.ts";
import { demandsOf, type Demand } from "../../../scripts/onboarding/demand.ts";
import { normalFrom, randomFrom } from "../../../worker/lib/prng.ts";
import { tinyGraph, tinyRelease } from "../../support/tiny-release.ts";

const GRAPH = tinyGraph();
const TRAIN = 220;
const VALID = 60;
const MODELS = Array.from({ length: 6 }, (_, m) => `model-${m}`);
const WORDS = ["prove", "sum", "poem", "why", "sort", "list", "rain", "prime", "tax", "cell"];

interface World {
  readonly rows: OutcomeRow[];
  readonly manifest: Manifest;
}

/** Soft outcomes of models with normal rows on prompts of a few words. */
async function worldOf(): Promise<World> {
  const manifest = parseManifest(new TextDecoder().decode((await tinyRelease()).manifest));
  const random = randomFrom(1);
  const normal = normalFrom(random);
  const prompts = Array.from({ length: TRAIN + VALID }, (_, at) =>
    [at, ...Array.from({ length: 4 }, () => WORDS[Math.floor(random() * WORDS.length)]!)].join(" "),
  );
  const demands = await demandsOf(prompts, { manifest, graph: GRAPH });
  const rowOf = new Map(MODELS.map((model) => [model, Array.from({ length: 4 }, normal)]));
  const rows = prompts.map((prompt, at): OutcomeRow => {
    const { demand, difficulty } = demands[at]!;
    const scores = Object.fromEntries(
      [...rowOf].map(([model, row]) => {
        const z = row.reduce((sum, value, i) => sum + value * demand[i]!, -difficulty);
        return [model, 1 / (1 + Math.exp(-z))];
      }),
    );
    const split = at < TRAIN ? "train" : "valid";
    const all = at < 50 ? { ...scores, rare: 1 } : scores; // Too few rows to be judged.
    return { id: prompt, gid: prompt, dataset: "mmlu_pro", prompt, scores: all, split };
  });
  function mean(of: (one: Demand) => number): number {
    return demands.reduce((sum, one) => sum + of(one), 0) / demands.length;
  }
  const demand = [0, 1, 2, 3].map((i) => mean((one) => one.demand[i]!));
  const intercept = -mean(({ difficulty }) => difficulty);
  const anchors = { mmlu_pro: { intercept, gradient: demand, deviation: 0.05, models: 9 } };
  return {
    rows,
    manifest: {
      ...manifest,
      placement: { ...manifest.placement, anchors, demand, difficulty: -intercept },
    },
  };
}

const WORLD = worldOf();

/** A router that "learnt" a made-up row of each model that it was shown. */
function shownTo(manifest: Manifest, rows: readonly OutcomeRow[]): Manifest {
  const [any] = Object.values(manifest.models);
  const shown = Object.keys(rows[0]!.scores);
  const models = shown.map((id, m) => [id, { ...any!, meanScore: m / 10 }] as const);
  return { ...manifest, models: Object.fromEntries(models) };
}

/** What each training was given, and what came out. */
async function ranWith(change: (rows: OutcomeRow[]) => OutcomeRow[], folds = 3) {
  const { rows, manifest } = await WORLD;
  const trainings: (readonly OutcomeRow[])[] = [];
  const report = await leaveModelOut({
    rows: change(rows),
    async train(training) {
      trainings.push(training);
      return { manifest: shownTo(manifest, training), graph: GRAPH };
    },
    folds,
    draws: 1,
    seed: 5,
    resamples: 20,
  });
  return { trainings, report };
}

const RAN = ranWith((rows) => rows);

function lineOf({ rows }: LeaveModelReport, start: string, probes: number) {
  return rows.find((r) => r.start === start && r.probes === probes && r.design === "drawn")!;
}

describe("leaveModelOut", () => {
  it("shows a training neither a held model nor a valid row, and holds each model once", async ({
    expect,
  }) => {
    const { trainings } = await RAN;
    const held = trainings.flatMap((rows) => {
      const shown = new Set(rows.flatMap(({ scores }) => Object.keys(scores)));
      return MODELS.filter((model) => !shown.has(model));
    });
    expect(trainings.flat().every(({ split }) => split === "train")).toBe(true);
    expect(held.toSorted()).toEqual(MODELS);
  });

  it("finds nothing gained without evidence, and the more with more", async ({ expect }) => {
    const { report } = await RAN;
    expect(report.full.gain.value).toBeGreaterThan(0);
    expect(lineOf(report, "prior", 0).gain.value).toBe(0);
    const [ten, many] = [10, 100].map(
      (probes) => lineOf(report, "prior", probes).pooledShare.value,
    );
    expect(ten!).toBeGreaterThan(0);
    expect(many!).toBeGreaterThan(ten!);
    expect(many!).toBeLessThan(1.05);
    const anchored = lineOf(report, "anchored", 0).pooledShare.value;
    expect(anchored).toBeGreaterThan(0.2);
    expect(lineOf(report, "misquoted", 0).pooledShare.value).not.toBe(anchored);
  });

  it("has a line for each start, design and number of probes", async ({ expect }) => {
    const { report } = await RAN;
    expect(report.models).toEqual(MODELS);
    expect(report.leftOut).toEqual(["rare"]);
    expect(report.rows).toHaveLength(3 * (2 * PROBE_COUNTS.length - 1));
  });

  it("comes to the same places for a seed, whatever valid rows say", async ({ expect }) => {
    const { report } = await RAN;
    const { report: other } = await ranWith((rows) =>
      rows.map((row) =>
        row.split === "train"
          ? row
          : { ...row, scores: Object.fromEntries(Object.keys(row.scores).map((m) => [m, 0])) },
      ),
    );
    expect(other.rows.map(({ coverage }) => coverage)).toEqual(report.rows.map((r) => r.coverage));
    expect(other.full.gain.value).not.toBe(report.full.gain.value);
  });

  it("refuses a set of too few models", async ({ expect }) => {
    await expect(ranWith((rows) => rows, 4)).rejects.toThrow(/wants 8 models .* there are 6/u);
  });
});

function trial(model: string, fullGain: number, gain: number) {
  const arm = { start: "prior", design: "drawn", probes: 10 };
  return {
    model,
    full: { gain: fullGain, apgr: 0.6 },
    outcomes: [{ ...arm, gain, apgr: NaN, coverage: 1 }],
  };
}

describe("summariseModels", () => {
  it("takes the median of shares over models with a yardstick, and pools all", ({ expect }) => {
    const trials = [
      trial("a", 0.1, 0.05),
      trial("b", 0.2, 0.16),
      trial("c", 0.1, 0.09),
      trial("average", 0.001, -0.02),
    ];
    const { counted, rows } = summariseModels(trials, { seed: 1, resamples: 10 });
    expect(counted).toBe(3);
    expect(rows[0]!.share.value).toBeCloseTo(0.8, 12);
    expect(rows[0]!.pooledShare.value).toBeCloseTo(0.28 / 0.401, 12);
    expect(rows[0]!.apgr.value).toBeNaN();
  });

  it("has no share where no model can gain", ({ expect }) => {
    const { counted, rows } = summariseModels([trial("a", 0, 0)], { seed: 1, resamples: 4 });
    expect(counted).toBe(0);
    expect(rows[0]!.share.value).toBeNaN();
  });
});
