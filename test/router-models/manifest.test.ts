/** The manifest's door: what is whole comes in unchanged, what is half right stays out by name. */
import { describe, it } from "vitest";
import { ZodError } from "zod";
import {
  parseGolden,
  parseManifest,
  type Calibration,
  type Manifest,
} from "../../router-models/manifest.ts";
import { smallManifest, trainedModel } from "./small-manifest.ts";

/** Where the first complaint points, "accepted" where there is none. */
function refusalOf(changes: Record<string, unknown>): string {
  try {
    parseManifest(JSON.stringify({ ...smallManifest(), ...changes }));
    return "accepted";
  } catch (error) {
    if (error instanceof ZodError) return error.issues[0]!.path.join(".");
    throw error;
  }
}

describe("parseManifest", () => {
  it("gives back what was written", ({ expect }) => {
    const manifest = smallManifest();
    expect(parseManifest(JSON.stringify(manifest))).toEqual(manifest);
  });

  it("takes any name for a model that JSON can hold", ({ expect }) => {
    const names = ["a/b c:1", "模型", "10", "9", "constructor", "toString", "🙂", "a\nb"];
    const models = Object.fromEntries(names.map((name, i) => [name, trainedModel([i, 0, 0])]));
    const parsed = parseManifest(JSON.stringify(smallManifest({ models })));
    expect(parsed.models).toEqual(models);
  });

  it.for<[string, Record<string, unknown>]>([
    ["format", { format: 2 }],
    ["name", { name: "" }],
    ["version", { version: "1.0 beta" }],
    ["version", { version: "1".repeat(33) }],
    ["family", { family: "oracle" }],
    ["features.version", { features: { version: 0, tableRows: 64, statistics: 30 } }],
    ["shape.tableWidth", { shape: { tableWidth: 0.5, hiddenWidth: 3, abilityWidth: 2 } }],
    ["tasks", { tasks: [] }],
    ["files.model.sha256", { files: { model: { sha256: "A".repeat(64), bytes: 1 } } }],
    ["models.a.meanScore", { models: { a: { ...trainedModel([1]), meanScore: 1.2 } } }],
    [
      "models.a.price.source",
      {
        models: {
          a: {
            ...trainedModel([1]),
            price: { inputUsdPerMTok: 1, outputUsdPerMTok: 1, source: "heard" },
          },
        },
      },
    ],
    ["training.seed", { training: { ...smallManifest().training, seed: 1.5 } }],
    ["metrics.brier", { metrics: { brier: null } }],
    ["", { surprise: 1 }],
  ])("refuses a wrong %s", ([path, changes], { expect }) => {
    expect(refusalOf(changes)).toMatch(new RegExp(`^${path}`));
    expect(refusalOf(changes)).not.toBe("accepted");
  });

  it.for<Calibration>([
    { kind: "platt", slope: 0, intercept: 0 },
    { kind: "platt", slope: -1, intercept: 0 },
    { kind: "isotonic", logits: [], scores: [] },
    { kind: "isotonic", logits: [0, 1], scores: [0.5] },
    { kind: "isotonic", logits: [0, 0], scores: [0.5, 0.6] },
    { kind: "isotonic", logits: [0, 1], scores: [0.6, 0.5] },
    { kind: "isotonic", logits: [0, 1], scores: [0.6, 1.5] },
  ])("refuses a calibration that could reorder models: %j", (calibration, { expect }) => {
    expect(refusalOf({ calibration })).toMatch(/^calibration/);
  });

  it("refuses what is no JSON", ({ expect }) => {
    expect(() => parseManifest("{")).toThrow(SyntaxError);
  });
});

describe("parseGolden", () => {
  const golden = {
    tolerance: 0.002,
    models: ["a", "b"],
    vectors: [{ prompt: "", scores: [0, 1], difficulty: 0.5 }],
  };

  it("gives back what was written", ({ expect }) => {
    expect(parseGolden(JSON.stringify(golden))).toEqual(golden);
  });

  it.for<Partial<Record<keyof Manifest | keyof typeof golden, unknown>>>([
    { tolerance: 0 },
    { models: [] },
    { vectors: [] },
    { vectors: [{ prompt: "", scores: [2], difficulty: 0.5 }] },
    { vectors: [{ prompt: "", scores: [0.5], difficulty: -0.1 }] },
  ])("refuses %j", (changes, { expect }) => {
    expect(() => parseGolden(JSON.stringify({ ...golden, ...changes }))).toThrow(ZodError);
  });
});
