/**
 * Files to examples: memory or store, the same examples come out; what cannot be learnt from is refused
 * before anything is written; and a fit from a store learns as one from memory does.
 */
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import type { OutcomeRow } from "../../../scripts/dataset/outcome-file.ts";
import { examplesOf, type Example } from "../../../scripts/training/examples.ts";
import { fitStored } from "../../../scripts/training/fit-stored.ts";
import { meanLoss } from "../../../scripts/training/folds.ts";
import {
  readExamples,
  surveySources,
  type Intake,
  type Source,
} from "../../../scripts/training/intake.ts";
import { precisionMetrics } from "../../../scripts/training/precision.ts";
import { withTokens } from "../../../scripts/training/prices.ts";
import { outcomeRow } from "../evaluation/outcome-rows.ts";
import { kindOf, MODELS, SMALL_SETTINGS, twoKinds } from "./two-kinds.ts";

const ROWS = twoKinds(240, 1).map((row) => ({ ...row, cost_usd: { poet: 0.001 } }));
const { tableRows } = SMALL_SETTINGS.shape;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-intake-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function sourceOf(name: string, rows: readonly OutcomeRow[]): Promise<Source> {
  const path = join(folder, name);
  await writeFile(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  return { name, path, licence: "none" };
}

async function intakeOf(
  sources: readonly Source[],
  wholeRows: number,
  storePath = `${sources[0]!.path}.store`,
): Promise<Intake> {
  const survey = await surveySources(sources);
  const prices = survey.costs.pricesOf(survey.models, { table: {}, catalog: [] });
  return readExamples(sources, { survey, prices, tableRows, storePath, wholeRows });
}

function gids(examples: Iterable<Example>): string[] {
  return Array.from(examples, ({ gid }) => gid);
}

describe("surveySources", () => {
  it("counts what trains, names every model and hashes every file", async ({ expect }) => {
    const valid = outcomeRow({ id: "v", split: "valid", scores: { examined: 1 } });
    const sources = [
      await sourceOf("first.jsonl", ROWS.slice(0, 30)),
      await sourceOf("second.jsonl", [...ROWS.slice(30, 50), valid]),
    ];
    const { models, trainRows, data } = await surveySources(sources);
    expect([models, trainRows]).toEqual([MODELS.toSorted(), 50]);
    expect(data).toMatchObject([
      { name: "first.jsonl", trainRows: 30, validRows: 0 },
      { name: "second.jsonl", trainRows: 20, validRows: 1 },
    ]);
    expect(data[0]!.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(data[0]!.sha256).not.toBe(data[1]!.sha256);
  });

  it("refuses what nothing can be learnt from, by file", async ({ expect }) => {
    const good = outcomeRow({ id: "a", split: "train", scores: { m: 1, n: 1 } });
    const one = await sourceOf("one-class.jsonl", [good, { ...good, id: "b" }]);
    await expect(surveySources([one])).rejects.toThrow(
      `${one.path}: every score of all 2 training rows is 1`,
    );
    const examined = await sourceOf("examined.jsonl", [{ ...good, split: "valid" }]);
    await expect(surveySources([examined])).rejects.toThrow(
      `${examined.path}: there is no training row`,
    );
    const empty = await sourceOf("empty.jsonl", []);
    await expect(surveySources([one, empty])).rejects.toThrow(`${empty.path}: no usable outcome`);
  });
});

describe("readExamples", () => {
  it("makes of small data what is made of rows in memory, in their order", async ({ expect }) => {
    const source = await sourceOf("small.jsonl", ROWS);
    const { examples, sample, heldOut } = await intakeOf([source], 240);
    const { costs, models } = await surveySources([source]);
    const prices = costs.pricesOf(models, { table: {}, catalog: [] });
    expect(examples).toEqual(examplesOf(withTokens(ROWS, prices), { models, tableRows }));
    expect(sample).toBe(examples);
    expect(heldOut).toBeUndefined();
    expect(await readdir(folder)).not.toContain("small.jsonl.store");
  });

  it("stores large data but for some questions, each whole", async ({ expect }) => {
    const rows = ROWS.map((row, i) => ({ ...row, gid: `question ${i % 80}` }));
    const source = await sourceOf("large.jsonl", rows);
    const whole = (await intakeOf([source], 240)).examples;
    const { examples, sample, heldOut } = await intakeOf([source], 239);
    const kept = new Set(gids(heldOut!));
    expect(kept.size).toBeGreaterThan(5);
    expect([...examples]).toEqual([...whole].filter(({ gid }) => !kept.has(gid)));
    expect(heldOut).toEqual([...whole].filter(({ gid }) => kept.has(gid)));
    const sampled = new Set(gids(sample));
    expect(sampled.size).toBeGreaterThan(10);
    expect(sample).toEqual([...examples].filter(({ gid }) => sampled.has(gid)));
    // A finished store is taken as it is, and gives the same.
    const again = await intakeOf([source], 239);
    expect([...again.examples]).toEqual([...examples]);
    expect([again.sample, again.heldOut]).toEqual([sample, heldOut]);
  });
});

describe("fitStored", () => {
  it("learns from the store and calibrates on what was never in it", async ({ expect }) => {
    const source = await sourceOf("kinds.jsonl", ROWS);
    const { examples: stored, sample, heldOut } = await intakeOf([source], 100);
    const input = {
      stored,
      sample: sample.map((example) => ({ ...example, gid: "one" })), // Two runs, not five.
      heldOut: heldOut!,
      models: MODELS.length,
      hyperparameters: SMALL_SETTINGS,
      seed: 7,
      hasTime: () => false,
      onProgress: () => {},
    };
    const fitted = await fitStored(input);
    expect(fitted.heldOut.map(({ example }) => example)).toEqual(heldOut);
    const right = fitted.heldOut.filter(({ example, logits }) => {
      const isSum = kindOf({ id: example.gid }) === "sum";
      return isSum === logits[0]! > logits[2]!;
    });
    expect(right.length / fitted.heldOut.length).toBeGreaterThan(0.9);
    const { heldOutLossFp32 } = await precisionMetrics(fitted, MODELS.length);
    expect(heldOutLossFp32).toBeCloseTo(meanLoss(fitted.heldOut), 6);
    await expect(fitStored({ ...input, heldOut: [] })).rejects.toThrow("no question can be held");
  });
});
