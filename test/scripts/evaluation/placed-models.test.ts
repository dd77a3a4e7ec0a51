/**
 * A placed model's logit at the mean demand is that of its mean quality, whatever the router; a stronger
 * model lies above a weaker one on the average prompt.
 */
import { describe, it } from "vitest";
import { openRelease } from "../../../router-models/release.ts";
import { placeByMeans } from "../../../scripts/evaluation/placed-models.ts";
import { demandsOf } from "../../../scripts/onboarding/demand.ts";
import { tinyGraph, tinyRelease } from "../../support/tiny-release.ts";
import { twoKinds } from "../training/two-kinds.ts";

describe("placeByMeans", () => {
  it("puts each model where its mean is", async ({ expect }) => {
    const { manifest } = await openRelease(await tinyRelease());
    const graph = tinyGraph();
    const rows = twoKinds(12, 1);
    const means = [0, 0.2, 0.5, 0.9];
    const models = means.map((quality) => ({ model: `m${quality}`, quality, costUsd: undefined }));
    const placed = await placeByMeans(models, rows, { manifest, graph });
    expect(placed.map(({ id }) => id)).toEqual(["m0", "m0.2", "m0.5", "m0.9"]);
    const demands = await demandsOf(
      rows.map(({ prompt }) => prompt),
      { manifest, graph },
    );
    const logits = placed.map(({ ability }) => {
      const each = demands.map(
        ({ demand, difficulty }) =>
          ability.reduce((sum, value, k) => sum + value * demand[k]!, 0) - difficulty,
      );
      return each.reduce((sum, logit) => sum + logit, 0) / each.length;
    });
    logits.forEach((logit, m) => {
      const p = Math.max(means[m]!, 0.01);
      expect(logit).toBeCloseTo(Math.log(p / (1 - p)), 5);
    });
  });
});
