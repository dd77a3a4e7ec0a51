/**
 * Small releases with made-up weights, for tests that need a release and not a good one.
 *
 * The graph is the one that ships, at a few kilobytes. Golden vectors come from the plain interpreter
 * in double precision, so a runtime that passes them has been compared with something other than
 * itself. Equal seeds give equal bytes; different seeds give different weights and answers.
 */
import { inferenceDefinition } from "../../router-models/families/router.ts";
import { FEATURE_VERSION } from "../../router-models/features/extract.ts";
import { promptOfText } from "../../router-models/features/prompt.ts";
import { STATISTICS } from "../../router-models/features/statistics.ts";
import { compileInference } from "../../router-models/graph/compile.ts";
import type { Golden, Manifest } from "../../router-models/manifest.ts";
import { trainedPanel } from "../../router-models/placement.ts";
import { sha256Hex, type ReleaseFiles } from "../../router-models/release.ts";
import { Scorer, type GraphRunner } from "../../router-models/scorer.ts";
import { interpreted, madeUpWeights, sequence } from "./made-up-graph.ts";

const SHAPE = { tableRows: 1024, tableWidth: 8, hiddenWidth: 6, abilityWidth: 3 };
const TASKS = ["chat", "code", "maths"];
const MODELS = ["alpha/large", "alpha/small", "beta/medium"];
const define = inferenceDefinition(
  { ...SHAPE, groups: 4, tasks: TASKS.length },
  { mean: STATISTICS.map(() => 1), deviation: STATISTICS.map(() => 1) },
);
const PROMPTS = [
  "What is the tallest mountain on land?",
  "def add(a, b):\n    return a + b\n\nWhy does this fail for two strings of digits?",
  "Prove that there is no largest prime number.",
  "",
];

/** What a test may bend. Hashes and sizes in the manifest stay true to the files. */
export interface TinyReleaseOptions {
  readonly seed?: number;
  readonly version?: string;
  readonly changeManifest?: (manifest: Manifest) => Manifest;
  readonly changeGolden?: (golden: Golden) => Golden;
  /** Replaces the model's bytes. */
  readonly model?: Uint8Array<ArrayBuffer>;
}

export async function tinyRelease(options: TinyReleaseOptions = {}): Promise<ReleaseFiles> {
  const { seed = 1, version = `0.0.${seed}` } = options;
  const compiled = compileInference(define, madeUpWeights(define, seed));
  const model = options.model ?? compiled.bytes;
  const draft = draftManifest(seed, version);
  const golden = await goldenOf(draft, interpreted(define, compiled.parameters));
  const goldenBytes = jsonBytes(options.changeGolden?.(golden) ?? golden);
  const manifest: Manifest = {
    ...draft,
    files: {
      model: { sha256: await sha256Hex(model), bytes: model.length },
      golden: { sha256: await sha256Hex(goldenBytes), bytes: goldenBytes.length },
    },
  };
  return {
    manifest: jsonBytes(options.changeManifest?.(manifest) ?? manifest),
    golden: goldenBytes,
    model,
  };
}

/** The model's bytes with the same seed, one dense parameter replaced by `value` throughout. */
export function poisonedModel(parameter: string, value: number, seed = 1): Uint8Array<ArrayBuffer> {
  const parameters = madeUpWeights(define, seed);
  parameters[parameter]!.fill(value);
  return compileInference(define, parameters).bytes;
}

/** The graph of `tinyRelease` with the same seed, run by the plain interpreter. */
export function tinyGraph(seed = 1): GraphRunner {
  return interpreted(define, compileInference(define, madeUpWeights(define, seed)).parameters);
}

function jsonBytes(value: unknown): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`));
}

function draftManifest(seed: number, version: string): Manifest {
  const next = sequence(seed + 1000);
  const size = 1 + SHAPE.abilityWidth;
  const numbers = Array.from({ length: size }, (_, i) => i);
  const models = Object.fromEntries(
    MODELS.map((id): [string, Manifest["models"][string]] => [
      id,
      {
        ability: numbers.map(next),
        rows: 100,
        meanScore: 0.5,
        logTokensOffset: next(),
        price: { inputUsdPerMTok: 1, outputUsdPerMTok: 2, source: "assumed" },
      },
    ]),
  );
  return {
    format: 1,
    name: "tiny",
    version,
    family: "mf",
    features: {
      version: FEATURE_VERSION,
      tableRows: SHAPE.tableRows,
      statistics: STATISTICS.length,
    },
    shape: {
      tableWidth: SHAPE.tableWidth,
      hiddenWidth: SHAPE.hiddenWidth,
      abilityWidth: SHAPE.abilityWidth,
    },
    tasks: TASKS,
    files: {
      model: { sha256: "0".repeat(64), bytes: 1 },
      golden: { sha256: "0".repeat(64), bytes: 1 },
    },
    calibration: { kind: "platt", slope: 0.8, intercept: 0.1 },
    models,
    placement: {
      mean: numbers.map(() => 0),
      covariance: numbers.flatMap((i) => numbers.map((j) => (i === j ? 1 : 0))),
      demand: numbers.map((i) => (i === 0 ? 1 : 0.1)),
      difficulty: 0,
      anchors: {},
    },
    training: { seed, commit: "none", epochs: 0, hyperparameters: {}, data: [] },
    metrics: {},
  };
}

async function goldenOf(manifest: Manifest, graph: GraphRunner): Promise<Golden> {
  const scorer = new Scorer(manifest, trainedPanel(manifest));
  const vectors: Golden["vectors"] = [];
  for (const prompt of PROMPTS) {
    const { models, difficulty } = await scorer.score(promptOfText(prompt), graph);
    vectors.push({ prompt, difficulty, scores: models.map(({ score }) => score) });
  }
  const { models } = await scorer.score(promptOfText(""), graph);
  return { tolerance: 1e-4, models: models.map(({ id }) => id), vectors };
}
