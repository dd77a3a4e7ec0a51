/**
 * The graph on onnxruntime-web against the plain interpreter, with the same tiny weights; and the router
 * as an estimator, which turns those forecasts into qualities and costs.
 */
import { describe, it, onTestFinished } from "vitest";
import { promptOfText } from "../../../router-models/features/prompt.ts";
import { trainedPanel } from "../../../router-models/placement.ts";
import { openRelease } from "../../../router-models/release.ts";
import { Scorer } from "../../../router-models/scorer.ts";
import { openGraph } from "../../../scripts/evaluation/onnx-graph.ts";
import { routerEstimator, scoreRows } from "../../../scripts/evaluation/router-scores.ts";
import { tinyGraph, tinyRelease } from "../../support/tiny-release.ts";
import { outcomeRow } from "./outcome-rows.ts";

async function openTiny() {
  const release = await openRelease(await tinyRelease());
  const graph = await openGraph(release.model);
  onTestFinished(() => graph.release());
  return { manifest: release.manifest, graph };
}

describe("openGraph", () => {
  it("answers what the plain interpreter answers", async ({ expect }) => {
    const { manifest, graph } = await openTiny();
    const scorer = new Scorer(manifest, trainedPanel(manifest));
    for (const text of ["", "Is 51 a prime number?", "word ".repeat(900)]) {
      const actual = await scorer.score(promptOfText(text), graph);
      const wanted = await scorer.score(promptOfText(text), tinyGraph());
      expect(actual.task).toBe(wanted.task);
      expect(actual.difficulty).toBeCloseTo(wanted.difficulty, 4);
      actual.models.forEach(({ score }, m) =>
        expect(score).toBeCloseTo(wanted.models[m]!.score, 4),
      );
    }
  });

  it("refuses bytes that are no model", async ({ expect }) => {
    await expect(openGraph(Uint8Array.of(1, 2, 3))).rejects.toThrow();
  });
});

describe("routerEstimator", () => {
  const meanCosts = new Map([["alpha/large", 0.5]]);

  it("prices its forecast, or falls back on the mean cost", async ({ expect }) => {
    const { manifest, graph } = await openTiny();
    const row = outcomeRow({ prompt: "Is 51 a prime number?", scores: { "alpha/large": 1 } });
    let scored = 0;
    const panel = trainedPanel(manifest);
    const forecasts = await scoreRows([row], { manifest, panel, graph, onRow: () => scored++ });
    expect(scored).toBe(1);
    const forecast = forecasts.get(row)!;
    const large = forecast.models.find(({ id }) => id === "alpha/large")!;

    const priced = routerEstimator(forecasts, {
      manifest,
      priceOf: () => ({ inputUsdPerMTok: 1, outputUsdPerMTok: 2 }),
      meanCosts,
    });
    expect(priced.quality(row, "alpha/large")).toBe(large.score);
    expect(priced.costUsd(row, "alpha/large")).toBeCloseTo(
      (forecast.inputTokens + 2 * large.outputTokensP50) / 1e6,
      12,
    );

    const assumed = routerEstimator(forecasts, { manifest, priceOf: () => undefined, meanCosts });
    expect(assumed.costUsd(row, "alpha/large")).toBe(0.5);
    expect(assumed.quality(row, "gamma")).toBeNaN();
    expect(assumed.quality(outcomeRow({ scores: { "alpha/large": 1 } }), "alpha/large")).toBeNaN();
  });

  it("uses a price that the release fitted", async ({ expect }) => {
    const { manifest, graph } = await openTiny();
    const fitted = {
      ...manifest,
      models: {
        ...manifest.models,
        "alpha/large": {
          ...manifest.models["alpha/large"]!,
          price: { inputUsdPerMTok: 10, outputUsdPerMTok: 0, source: "fitted" as const },
        },
      },
    };
    const row = outcomeRow({ prompt: "Name a colour.", scores: { "alpha/large": 1 } });
    const panel = trainedPanel(manifest);
    const forecasts = await scoreRows([row], { manifest, panel, graph });
    const { costUsd } = routerEstimator(forecasts, {
      manifest: fitted,
      priceOf: () => undefined,
      meanCosts,
    });
    expect(costUsd(row, "alpha/large")).toBeCloseTo(
      (10 * forecasts.get(row)!.inputTokens) / 1e6,
      12,
    );
  });
});
