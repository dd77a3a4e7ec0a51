/**
 * A fit as the three files of a release: int8 graph, golden vectors, manifest.
 *
 * Everything that is computed here is computed with the graph that ships, after rounding to 8 bits and
 * in the runtime of the edge: mean demands, golden answers, held-out metrics of the calibrated scores. Of
 * `mf` the metrics also say what that rounding costs (precision.ts).
 */
import { calibrate, fitCalibration, type LabelledLogit } from "../../router-models/calibration.ts";
import { inferenceDefinition } from "../../router-models/families/router.ts";
import { FEATURE_VERSION } from "../../router-models/features/extract.ts";
import { featureBytes } from "../../router-models/features/feature-bytes.ts";
import { promptOfText } from "../../router-models/features/prompt.ts";
import { STATISTICS } from "../../router-models/features/statistics.ts";
import { compileInference } from "../../router-models/graph/compile.ts";
import type { Golden, Manifest, TrainedModel } from "../../router-models/manifest.ts";
import { trainedPanel } from "../../router-models/placement.ts";
import { sha256Hex, type ReleaseFiles } from "../../router-models/release.ts";
import { Scorer } from "../../router-models/scorer.ts";
import { TASKS } from "../dataset/tasks.ts";
import { openGraph, type OpenGraph } from "../evaluation/onnx-graph.ts";
import { describePlacement } from "./describe.ts";
import type { Example, Examples } from "./examples.ts";
import type { FamilyFit } from "./family-fit.ts";
import type { Fit } from "./fit.ts";
import type { HeldOut } from "./folds.ts";
import { GOLDEN_PROMPTS } from "./golden-prompts.ts";
import { precisionMetrics } from "./precision.ts";
import type { ModelPrice } from "./prices.ts";
import { trafficReference } from "./reference.ts";
import { meanScores } from "./run.ts";

export interface ReleaseInput {
  readonly name: string;
  readonly version: string;
  readonly fit: Fit | FamilyFit;
  readonly examples: Examples;
  /** Some of the examples, where they are too many to describe them by all. */
  readonly sample?: readonly Example[];
  readonly models: readonly string[];
  readonly prices: ReadonlyMap<string, ModelPrice>;
  readonly seed: number;
  readonly commit: string;
  readonly data: Manifest["training"]["data"];
}

/** The most that a golden score may differ on another processor: far below what changes a choice. */
const TOLERANCE = 0.002;
/** Models whose golden scores are kept, spread over all. */
const GOLDEN_MODELS = 12;

/** The files and the manifest that is in them. Rejects when the graph does not load. */
export async function releaseFiles(
  input: ReleaseInput,
): Promise<{ files: ReleaseFiles; manifest: Manifest }> {
  const { fit } = input;
  const define =
    "family" in fit
      ? fit.define
      : inferenceDefinition(fit.hyperparameters.shape, fit.corpus.standardisation);
  const model = compileInference(define, fit.parameters).bytes;
  const graph = await openGraph(model);
  try {
    const draft = await draftManifest(input, graph);
    const golden = encode(await goldenOf(draft, graph));
    const manifest = {
      ...draft,
      files: {
        model: { sha256: await sha256Hex(model), bytes: model.length },
        golden: { sha256: await sha256Hex(golden), bytes: golden.length },
      },
    };
    return { files: { model, golden, manifest: encode(manifest) }, manifest };
  } finally {
    await graph.release();
  }
}

async function draftManifest(input: ReleaseInput, graph: OpenGraph): Promise<Manifest> {
  const { name, version, fit, models, seed, commit, data } = input;
  const { family, shape, epochs, settings } = describeFit(fit);
  const labels = labelledLogits(fit.heldOut);
  const calibration = fitCalibration(labels, fit.heldOut.length);
  const abilities = rowsOf(fit.parameters["abilities"]!, models.length);
  const placeholder = { sha256: "0".repeat(64), bytes: 1 };
  return {
    format: 1,
    name,
    version,
    family,
    features: {
      version: FEATURE_VERSION,
      tableRows: shape.tableRows,
      statistics: STATISTICS.length,
      hash: await sha256Hex(featureBytes(GOLDEN_PROMPTS, shape.tableRows)),
    },
    shape: {
      tableWidth: shape.tableWidth,
      hiddenWidth: shape.hiddenWidth,
      abilityWidth: shape.abilityWidth,
    },
    tasks: TASKS.slice(0, shape.tasks),
    files: { model: placeholder, golden: placeholder },
    calibration,
    models: trainedModels(input, abilities),
    placement: await describePlacement({
      examples: input.sample ?? [...input.examples],
      graph,
      abilities,
      shape,
    }),
    reference: trafficReference(input.sample ?? [...input.examples], shape.tableRows),
    training: {
      seed,
      commit,
      epochs,
      hyperparameters: { plan: fit.plan.name, ...settings },
      data,
    },
    metrics: {
      heldOutPrompts: fit.heldOut.length,
      heldOutLoss: Math.min(...fit.tried.map(({ loss }) => loss)),
      heldOutBrier: mean(
        labels.map(({ logit, label }) => (calibrate(calibration, logit) - label) ** 2),
      ),
      ...("family" in fit ? {} : await precisionMetrics(fit, models.length)),
    },
  };
}

/** What the manifest says of a fit, whatever its family. */
function describeFit(
  fit: Fit | FamilyFit,
): Pick<FamilyFit, "family" | "shape"> & Pick<FamilyFit["plan"], "epochs" | "settings"> {
  if ("family" in fit) return { family: fit.family, shape: fit.shape, ...fit.plan };
  const { shape, headWeights, ...rest } = fit.hyperparameters;
  const heads = Object.entries(headWeights).map(([head, weight]) => [`${head}HeadWeight`, weight]);
  const settings = { ...rest, ...Object.fromEntries(heads) };
  return { family: "mf", shape, epochs: rest.epochs, settings };
}

function trainedModels(
  { examples, models, prices, fit }: ReleaseInput,
  abilities: readonly (readonly number[])[],
): Record<string, TrainedModel> {
  const means = meanScores(examples, models.length);
  const rows = new Uint32Array(models.length);
  for (const { scores } of examples) for (const [m] of scores) rows[m]!++;
  const offsets = fit.parameters["tokenOffsets"]!;
  return Object.fromEntries(
    models.map((model, m) => [
      model,
      {
        ability: abilities[m]!.map(rounded),
        rows: rows[m]!,
        meanScore: rounded(means[m]!),
        logTokensOffset: rounded(offsets[m]!),
        price: prices.get(model)!,
      },
    ]),
  );
}

async function goldenOf(manifest: Manifest, graph: OpenGraph): Promise<Golden> {
  const panel = trainedPanel(manifest);
  const step = Math.max(panel.length / GOLDEN_MODELS, 1);
  const chosen = panel.filter((_, m) => Math.floor(m / step) !== Math.floor((m - 1) / step));
  const scorer = new Scorer(manifest, panel);
  const vectors: Golden["vectors"] = [];
  for (const prompt of GOLDEN_PROMPTS) {
    const forecast = await scorer.score(promptOfText(prompt), graph);
    const scoreOf = new Map(forecast.models.map(({ id, score }) => [id, score]));
    vectors.push({
      prompt,
      scores: chosen.map(({ id }) => rounded(scoreOf.get(id)!)),
      difficulty: rounded(forecast.difficulty),
    });
  }
  return { tolerance: TOLERANCE, models: chosen.map(({ id }) => id), vectors };
}

function labelledLogits(heldOut: readonly HeldOut[]): LabelledLogit[] {
  return heldOut.flatMap(({ example, logits }) =>
    example.scores.map(([m, label]) => ({
      logit: logits[m]!,
      label,
      ...(example.weight !== undefined && { weight: example.weight }),
    })),
  );
}

function rowsOf(matrix: Float32Array, rows: number): number[][] {
  const width = matrix.length / rows;
  return Array.from({ length: rows }, (_, r) =>
    Array.from(matrix.subarray(r * width, (r + 1) * width)),
  );
}

/** Six digits: more than the graph's precision, fewer than a float prints. */
function rounded(value: number): number {
  return Number(value.toPrecision(6));
}

function mean(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / Math.max(values.length, 1);
}

function encode(value: unknown): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${JSON.stringify(value, undefined, 1)}\n`);
}
