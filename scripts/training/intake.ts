/**
 * From outcome files to examples, without ever holding the rows.
 *
 * The files are read twice. The first time every row is checked and counted: which models there are, what
 * they cost, how many rows train. Only then is it known how large the table is and what a model's index
 * is, so features are made in the second pass. Up to WHOLE_ROWS examples stay in memory; more go to a
 * store on disk, but for a sample of them and for the questions that the fit holds out, which are
 * chosen by a hash of the question, as every split here is.
 *
 * Nothing is written before the first pass has found every row good.
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import type { Manifest } from "../../router-models/manifest.ts";
import { hashText } from "../../worker/lib/prng.ts";
import { readOutcomes, type OutcomeRow, type ReadOptions } from "../dataset/outcome-file.ts";
import { ExampleStore, ExampleWriter } from "./example-store.ts";
import { exampleOf, type Example, type Examples, type ExampleShape } from "./examples.ts";
import { WHOLE_ROWS } from "./order.ts";
import { CostSurvey, withDerivedTokens, type ModelPrice } from "./prices.ts";

export interface Source {
  readonly name: string;
  readonly path: string;
  readonly licence: string;
}

type SourceData = Manifest["training"]["data"][number];

/** What the first pass found. */
export interface Survey {
  /** Every model of a training row, by name: label indices must not depend on the order of files. */
  readonly models: readonly string[];
  readonly trainRows: number;
  readonly costs: CostSurvey;
  readonly data: readonly SourceData[];
}

/** Reads and checks every row. Rejects for the first bad one, for a file without rows, and where nothing can be learnt. */
export async function surveySources(
  sources: readonly Source[],
  options: ReadOptions = {},
): Promise<Survey> {
  const models = new Set<string>();
  const scores = new Set<number>(); // Two different ones are enough.
  const costs = new CostSurvey();
  const data: SourceData[] = [];
  for (const source of sources) {
    const rows = { train: 0, valid: 0 };
    for await (const row of readOutcomes(source.path, options)) {
      rows[row.split]++;
      if (row.split === "valid") continue;
      costs.add(row);
      for (const [model, score] of Object.entries(row.scores)) {
        models.add(model);
        if (scores.size < 2) scores.add(score);
      }
    }
    if (rows.train + rows.valid === 0) throw new Error(`${source.path}: no usable outcome row`);
    data.push(await describeSource(source, rows));
  }
  const trainRows = data.reduce((sum, set) => sum + set.trainRows, 0);
  expectDifference(sources, { trainRows, scores, models });
  return { models: [...models].toSorted(), trainRows, costs, data };
}

/** Examples for a fit. */
export interface Intake {
  readonly examples: Examples;
  /** All of them where memory holds them, else some. */
  readonly sample: readonly Example[];
  /** Examples kept apart; only where memory does not hold all. */
  readonly heldOut?: readonly Example[];
}

export interface IntakeOptions extends ReadOptions {
  readonly survey: Survey;
  readonly prices: ReadonlyMap<string, ModelPrice>;
  readonly tableRows: number;
  /** Where examples go that are too many for the memory; a finished store is taken as it is. */
  readonly storePath: string;
  /** Rows that memory holds; WHOLE_ROWS unless given. */
  readonly wholeRows?: number;
  readonly onProgress?: (rows: number) => void;
}

/** The training rows as examples, in file order. */
export async function readExamples(
  sources: readonly Source[],
  options: IntakeOptions,
): Promise<Intake> {
  if (options.survey.trainRows <= (options.wholeRows ?? WHOLE_ROWS)) {
    const shape = shapeOf(options);
    const examples: Example[] = [];
    for await (const row of trainingRows(sources, options))
      examples.push(exampleOf(withDerivedTokens(row, options.prices), shape));
    return { examples, sample: examples };
  }
  return storedExamples(sources, options);
}

/** Rows that choose the plan, and rows that calibrate, of a training that is too large for the memory. */
const SAMPLE_ROWS = 16_384;
const HELD_OUT_ROWS = 8_192;

async function storedExamples(
  sources: readonly Source[],
  { survey, storePath, ...options }: IntakeOptions,
): Promise<Intake> {
  const models = survey.models.length;
  const finished = ExampleStore.open(storePath);
  const writer =
    finished === undefined
      ? new ExampleWriter(storePath, { tableRows: options.tableRows, models })
      : undefined;
  const shape = shapeOf({ ...options, survey });
  const sample: Example[] = [];
  const heldOut: Example[] = [];
  for await (const row of trainingRows(sources, options)) {
    const part = partOf(row.gid, survey.trainRows);
    if (part === "rest" && writer === undefined) continue;
    const example = exampleOf(withDerivedTokens(row, options.prices), shape);
    if (part === "heldOut") heldOut.push(example);
    else writer?.add(example);
    if (part === "sample") sample.push(example);
  }
  writer?.finish();
  return { examples: finished ?? ExampleStore.open(storePath)!, sample, heldOut };
}

/** By the question alone, so that a question is never both learnt and held out. */
export function partOf(gid: string, trainRows: number): "heldOut" | "sample" | "rest" {
  const unit = hashText(`part:${gid}`) / 2 ** 32;
  const heldOutShare = Math.min(HELD_OUT_ROWS / trainRows, 0.25);
  if (unit < heldOutShare) return "heldOut";
  return unit < heldOutShare + Math.min(SAMPLE_ROWS / trainRows, 0.5) ? "sample" : "rest";
}

async function* trainingRows(
  sources: readonly Source[],
  { onProgress, ...options }: Pick<IntakeOptions, "onProgress" | keyof ReadOptions>,
): AsyncGenerator<OutcomeRow> {
  let rows = 0;
  for (const { path } of sources)
    for await (const row of readOutcomes(path, options)) {
      if (row.split === "valid") continue;
      yield row;
      onProgress?.(++rows);
    }
}

function shapeOf({ survey, tableRows }: Pick<IntakeOptions, "survey" | "tableRows">): ExampleShape {
  return { indexOf: new Map(survey.models.map((model, index) => [model, index])), tableRows };
}

async function describeSource(
  { name, licence, path }: Source,
  { train, valid }: { train: number; valid: number },
): Promise<SourceData> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return { name, licence, sha256: hash.digest("hex"), trainRows: train, validRows: valid };
}

function expectDifference(
  sources: readonly Source[],
  {
    trainRows,
    scores,
    models,
  }: { trainRows: number; scores: ReadonlySet<number>; models: ReadonlySet<string> },
): void {
  const files = sources.map(({ path }) => path).join(", ");
  if (trainRows === 0) throw new Error(`${files}: there is no training row, only valid ones`);
  if (scores.size < 2)
    throw new Error(
      `${files}: every score of all ${trainRows} training rows is ${[...scores].join("")}; ` +
        "without good and bad answers there is nothing to learn",
    );
  if (models.size < 2)
    throw new Error(
      `${files}: all rows score ${[...models].join("")} alone; a router chooses between two models at least`,
    );
}
