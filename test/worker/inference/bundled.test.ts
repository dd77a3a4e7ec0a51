/** The release that the bundle carries: it starts, it is what its files say, and it scores the catalogue. */
import { describe, it } from "vitest";
import { promptOfText } from "../../../router-models/features/prompt.ts";
import { canary, weightsLabel } from "../../../router-models/release.ts";
import { BUNDLED } from "../../../worker/inference/bundled.ts";
import { RouterHost } from "../../../worker/inference/router-host.ts";
import { heapBytes } from "../../../worker/inference/runtime.ts";
import { CATALOG } from "./tiny-host.ts";

describe("the bundled release", () => {
  it("answers its golden vectors", async ({ expect }) => {
    const { worst, failure } = await canary(BUNDLED.release, BUNDLED.graph);
    expect(failure).toBeUndefined();
    expect(worst).toBeLessThanOrEqual(BUNDLED.release.golden.tolerance);
  });

  it("is small enough to be replaced by another of its size", ({ expect }) => {
    expect(BUNDLED.release.model.length).toBeLessThanOrEqual(2.5 * 2 ** 20);
    expect(heapBytes()).toBeLessThan(48 * 2 ** 20);
  });

  it("gives every catalogue model a score and a length", async ({ expect }) => {
    const host = new RouterHost({
      bundled: BUNDLED,
      catalog: CATALOG,
      store: undefined,
      log: () => {},
      ttlMs: 0,
    });
    const { forecast, weights } = await host.score(promptOfText("Why is the sky blue?"));
    expect(weights).toBe(weightsLabel(BUNDLED.release));
    expect(forecast.models).toHaveLength(CATALOG.models.length);
    for (const { score, outputTokensP50, outputTokensP90 } of forecast.models) {
      expect(score).toBeGreaterThan(0);
      expect(score).toBeLessThan(1);
      expect(outputTokensP50).toBeGreaterThanOrEqual(1);
      expect(outputTokensP90).toBeGreaterThanOrEqual(outputTokensP50);
    }
  });
});
