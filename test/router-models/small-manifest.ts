/** A manifest of a small release, for tests that need its numbers and no graph. */
import type { Manifest, TrainedModel } from "../../router-models/manifest.ts";

const FILE = { sha256: "0".repeat(64), bytes: 1 };

export function trainedModel(ability: readonly number[], more: Partial<TrainedModel> = {}) {
  return {
    ability: [...ability],
    rows: 100,
    meanScore: 0.5,
    logTokensOffset: 0,
    price: { inputUsdPerMTok: 1, outputUsdPerMTok: 2, source: "assumed" as const },
    ...more,
  };
}

/** Two abilities beside the bias; two trained models; no anchors unless given. */
export function smallManifest(changes: Partial<Manifest> = {}): Manifest {
  return {
    format: 1,
    name: "small",
    version: "1.2.3",
    family: "mf",
    features: { version: 1, tableRows: 64, statistics: 30 },
    shape: { tableWidth: 4, hiddenWidth: 3, abilityWidth: 2 },
    tasks: ["chat", "code"],
    files: { model: FILE, golden: FILE },
    calibration: { kind: "identity" },
    models: {
      "acme/strong": trainedModel([2, 1, 0]),
      weak: trainedModel([-1, 0, 0.5], { logTokensOffset: 0.7 }),
    },
    placement: {
      mean: [0, 0, 0],
      covariance: [1, 0, 0, 0, 1, 0, 0, 0, 1],
      demand: [1, 0.5, 0.25],
      difficulty: 0.5,
      anchors: {},
    },
    training: { seed: 1, commit: "none", epochs: 0, hyperparameters: {}, data: [] },
    metrics: {},
    ...changes,
  };
}
