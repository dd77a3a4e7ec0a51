/** The models of a release as a catalogue of their own. */
import { describe, it } from "vitest";
import { trainedCatalog } from "../../../scripts/dataset/trained-catalog.ts";
import { smallManifest, trainedModel } from "../../router-models/small-manifest.ts";

describe("trainedCatalog", () => {
  it("lists every model at its price, able and roomy, in the manifest's order", ({ expect }) => {
    const manifest = smallManifest({
      models: {
        "b c:1": trainedModel([0, 0, 0], {
          price: { inputUsdPerMTok: 0, outputUsdPerMTok: 3, source: "list" },
        }),
        模型: trainedModel([0, 0, 0]),
      },
    });
    const catalog = trainedCatalog(manifest);
    expect(catalog.map(({ id }) => id)).toEqual(["b c:1", "模型"]);
    expect(catalog[0]!.price).toEqual({ inputUsdPerMTok: 0, outputUsdPerMTok: 3 });
    for (const model of catalog) {
      expect(model.contextTokens).toBeGreaterThanOrEqual(1_000_000);
      expect(model.outputTokensFactor).toBe(1);
    }
  });
});
