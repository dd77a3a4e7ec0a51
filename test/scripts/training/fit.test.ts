/**
 * Training as a whole, on the world of two kinds: it learns what there is to learn, gives the same bits
 * for the same seed, never asks a run about a question that it was trained on, and its release opens.
 */
import { beforeAll, describe, it, onTestFinished } from "vitest";
import { promptOfText } from "../../../router-models/features/prompt.ts";
import { dequantize, quantizeColumns } from "../../../router-models/graph/quantize.ts";
import { trainedPanel } from "../../../router-models/placement.ts";
import { canary, openRelease } from "../../../router-models/release.ts";
import { Scorer } from "../../../router-models/scorer.ts";
import { openGraph } from "../../../scripts/evaluation/onnx-graph.ts";
import { cardOf } from "../../../scripts/training/card.ts";
import { examplesOf, type Example } from "../../../scripts/training/examples.ts";
import { fit, PLANS, type Fit, type FitInput } from "../../../scripts/training/fit.ts";
import { precisionMetrics } from "../../../scripts/training/precision.ts";
import { pricesOf } from "../../../scripts/training/prices.ts";
import { releaseFiles } from "../../../scripts/training/release-files.ts";
import { kindOf, MODELS, SMALL_SETTINGS, twoKinds } from "./two-kinds.ts";

const ROWS = twoKinds(100, 1);
const UNSEEN = twoKinds(60, 2);
const EXAMPLES = examplesOf(ROWS, {
  models: MODELS,
  tableRows: SMALL_SETTINGS.shape.tableRows,
});

/** Cannot be split into folds, so a fit takes two runs and not five. */
const ONE_QUESTION = EXAMPLES.slice(0, 40).map((example) => ({ ...example, gid: "one" }));

/** A fit by the first plan only, unless told otherwise. */
function fitWith(changes: Partial<FitInput> = {}): Promise<Fit> {
  return fit({
    examples: EXAMPLES,
    models: MODELS.length,
    hyperparameters: SMALL_SETTINGS,
    seed: 7,
    hasTime: () => false,
    onProgress: () => {},
    ...changes,
  });
}

let fitted: Fit;
let released: Awaited<ReturnType<typeof release>>;
beforeAll(async () => {
  fitted = await fitWith();
  released = await release();
});

function release() {
  return releaseFiles({
    name: "kinds",
    version: "0.1.0",
    fit: fitted,
    examples: EXAMPLES,
    models: MODELS,
    prices: pricesOf(ROWS, MODELS, { table: {}, catalog: [] }),
    seed: 7,
    commit: "none",
    data: [],
  });
}

describe("fit", () => {
  it("learns whom to ask: far better than any one model on unseen prompts", async ({ expect }) => {
    const { files } = released;
    const { manifest, model } = await openRelease(files);
    const graph = await openGraph(model);
    onTestFinished(() => graph.release());
    const scorer = new Scorer(manifest, trainedPanel(manifest));
    let right = 0;
    for (const row of UNSEEN) {
      const { models } = await scorer.score(promptOfText(row.prompt), graph);
      const best = models.toSorted((a, b) => b.score - a.score)[0]!;
      if (best.id === (kindOf(row) === "sum" ? "calculator" : "poet")) right++;
    }
    expect(right / UNSEEN.length).toBeGreaterThan(0.9);
  });

  it("judges by questions that the run has not seen, each once", ({ expect }) => {
    expect(fitted.heldOut).toHaveLength(EXAMPLES.length);
    expect(new Set(fitted.heldOut.map(({ example }) => example))).toEqual(new Set(EXAMPLES));
    expect(fitted.tried).toHaveLength(1);
    expect(fitted.tried[0]!.loss).toBeLessThan(Math.LN2);
    expect(fitted.tried[0]!.loss).toBeGreaterThan(0.1);
  });

  it("gives the same bits for the same seed, and others for another", async ({ expect }) => {
    const [one, again, other] = [
      await fitWith({ examples: ONE_QUESTION }),
      await fitWith({ examples: ONE_QUESTION }),
      await fitWith({ examples: ONE_QUESTION, seed: 8 }),
    ];
    expect(again.parameters).toEqual(one.parameters);
    expect(again.heldOut).toEqual(one.heldOut);
    expect(other.parameters["table"]).not.toEqual(one.parameters["table"]);
    expect(other.parameters["abilities"]).not.toEqual(one.parameters["abilities"]);
    // Nothing can be left out, so all rows are judged by the run that saw them.
    expect(one.heldOut).toHaveLength(ONE_QUESTION.length);
  });

  it("keeps rows that ask the same question on one side of every fold", async ({ expect }) => {
    // Only the rows of one question name model 3, and none names model 4. As long as a run has not seen
    // that question, both are equally unknown to it. The zero spread makes the unknown the same.
    const asked = EXAMPLES.map((example, i): Example =>
      i < 12 ? { ...example, gid: "asked twelve times", scores: [[3, 1]] } : example,
    );
    const { heldOut, parameters } = await fitWith({
      examples: asked,
      models: 5,
      hyperparameters: { ...SMALL_SETTINGS, abilitySpread: 0 },
    });
    const rows = heldOut.filter(({ example }) => example.gid === "asked twelve times");
    expect(rows).toHaveLength(12);
    for (const { logits } of rows) expect(logits[3]).toBe(logits[4]);
    const width = 1 + SMALL_SETTINGS.shape.abilityWidth;
    expect(parameters["abilities"]![3 * width]).toBeGreaterThan(1);
  });

  it("takes the plan of least loss among those there was time for", async ({ expect }) => {
    const shares: number[] = [];
    let last = { done: 0, total: Infinity };
    const { tried, plan } = await fitWith({
      examples: ONE_QUESTION,
      hasTime: (share) => shares.push(share) < 2,
      onProgress: (done, total) => {
        if (done !== last.done + 1) throw new Error(`Step ${done} after ${last.done}`);
        last = { done, total };
      },
    });
    expect(tried.map((one) => one.plan)).toEqual(PLANS.slice(0, 2));
    expect(plan).toBe(tried.toSorted((a, b) => a.loss - b.loss)[0]!.plan);
    expect(shares.every((share) => share > 0 && share < 10)).toBe(true);
    expect(last.done).toBe(last.total);
  });

  it("says that training has diverged", async ({ expect }) => {
    const hyperparameters = { ...SMALL_SETTINGS, rate: 1e30 };
    await expect(fitWith({ examples: ONE_QUESTION, hyperparameters })).rejects.toThrow(
      /The loss is (NaN|-?Infinity) at step \d+, at a rate of .*diverged/u,
    );
  });

  it("refuses to train on nothing", async ({ expect }) => {
    await expect(fitWith({ examples: [] })).rejects.toThrow("no training row");
  });
});

describe("releaseFiles", () => {
  it("makes a release that opens, passes its canary and knows where it came from", async ({
    expect,
  }) => {
    const { files, manifest } = released;
    const opened = await openRelease(files);
    expect(opened.manifest).toEqual(manifest);
    const graph = await openGraph(opened.model);
    onTestFinished(() => graph.release());
    const { worst, failure } = await canary(opened, graph);
    expect(failure).toBeUndefined();
    expect(worst).toBeLessThan(1e-4);
    expect(Object.keys(manifest.models)).toEqual(MODELS);
    expect(manifest.models["calculator"]).toMatchObject({ rows: 100 });
    expect(manifest.training).toMatchObject({ seed: 7, commit: "none" });
    expect(manifest.metrics["heldOutPrompts"]).toBe(100);
    expect(manifest.calibration).toEqual({ kind: "identity" });
  });

  it("is the same bytes for the same fit", async ({ expect }) => {
    expect((await release()).files).toEqual(released.files);
  });
});

describe("precisionMetrics", () => {
  it("asks the runs that were judged about the rows they did not see", ({ expect }) => {
    const { metrics } = released.manifest;
    // The graph in the runtime of the edge says what the training step said.
    expect(metrics["heldOutLossFp32"]).toBeCloseTo(fitted.tried[0]!.loss, 6);
    expect(metrics["meanChangeInt8"]).toBeGreaterThan(0);
    expect(metrics["meanChangeInt4"]).toBeGreaterThan(4 * metrics["meanChangeInt8"]!);
    for (const bits of ["Int8", "Int4"])
      expect(metrics[`largestChange${bits}`]).toBeGreaterThan(metrics[`meanChange${bits}`]!);
  });

  it("changes nothing but the table, which is rounded once", async ({ expect }) => {
    const rough = await precisionMetrics(fitted, MODELS.length);
    const { tableWidth } = SMALL_SETTINGS.shape;
    const judged = fitted.judged.map(({ parameters, ...run }) => {
      const table = dequantize(quantizeColumns(parameters["table"]!, tableWidth, 4));
      return { ...run, parameters: { ...parameters, table } };
    });
    const again = await precisionMetrics({ ...fitted, judged }, MODELS.length);
    expect(again.heldOutLossFp32).toBeCloseTo(rough.heldOutLossInt4, 6);
    expect(again.heldOutLossInt4).toBeCloseTo(rough.heldOutLossInt4, 6);
    expect(again.largestChangeInt4).toBeLessThan(1e-6);
    expect(rough.heldOutLossInt4).not.toBeCloseTo(rough.heldOutLossFp32, 6);
  });
});

describe("cardOf", () => {
  it("tells what the release is and leaves room for its evaluation", ({ expect }) => {
    const { manifest } = released;
    const card = cardOf({ manifest, tried: fitted.tried, command: "npm run train -- --seed 7" });
    expect(card).toContain("# kinds 0.1.0");
    expect(card).toContain("    npm run train -- --seed 7");
    const { heldOutLossInt8 } = manifest.metrics;
    expect(card).toContain(`| int8, as shipped | ${heldOutLossInt8!.toFixed(5)} | 0.`);
    expect(card).toMatch(/<!-- evaluation:start -->[^]+<!-- evaluation:end -->/);
    expect(card).not.toMatch(/undefined|NaN|\[object/);
  });
});
