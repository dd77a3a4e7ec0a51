/**
 * npm run train: makes a router from outcome files.
 *
 *     npm run train                                  the released router, from the sets that may ship
 *     npm run train -- --out DIR --data FILE[,FILE]  a router of one's own, from any outcome files
 *
 * The training step is a graph that this command compiles and ONNX Runtime executes on the CPU; a seed
 * makes the result reproducible on the same machine. Rows marked `valid` are never trained on.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import catalogJson from "../router-models/catalog.json" with { type: "json" };
import { parseCatalog } from "../router-models/catalog.ts";
import { manifestSchema } from "../router-models/manifest.ts";
import type { ReleaseFiles } from "../router-models/release.ts";
import { loadOutcomes, type OutcomeRow } from "./dataset/outcome-file.ts";
import { listShippingSets } from "./dataset/sets.ts";
import { TASKS } from "./dataset/tasks.ts";
import { priceTableSchema, type PriceTable } from "./evaluation/costs.ts";
import { createProgress } from "./report/progress.ts";
import { cardOf } from "./training/card.ts";
import { examplesOf, modelsOf } from "./training/examples.ts";
import { fit } from "./training/fit.ts";
import { pricesOf, withTokens, type ModelPrice } from "./training/prices.ts";
import { releaseFiles } from "./training/release-files.ts";
import type { Hyperparameters } from "./training/run.ts";

const HELP = `Trains a router on outcome files and writes a release.

  npm run train -- [options]

  --sets FILE           list of data sets; those that may ship are used   [../shared/data/sets.json]
  --data FILE[,FILE]    outcome files (.jsonl or .jsonl.gz) instead of --sets
  --prices FILE         list prices, {"group": {"model": {"in": USD, "out": USD}}} per million tokens
                        [prices.json beside --sets, else none]
  --out DIR             where the release goes                 [router-models/released/headgate]
  --name NAME           name of the release                    [the last part of --out]
  --release-version V   version that answers carry             [1.0.0]
  --seed N              seed of every random choice            [1]
  --budget-minutes M    try fewer plans when time is short     [no limit]
  --skip-bad-rows       count rows that cannot be read instead of stopping at the first
  --json                print the manifest's summary as JSON
  --help                this text`;

/** Chosen on rows left out of the training rows of the shipped sets; see LOG.md. */
const SETTINGS: Omit<Hyperparameters, "shape"> = {
  batchSize: 128,
  rate: 4e-3,
  epochs: 12,
  tableRate: 1,
  tableDamping: 1e-3,
  abilityRate: 5,
  tableDecay: 0.3,
  denseDecay: 0.6,
  abilityDecay: 0.5,
  lexicalDropout: 0.3,
  minDocuments: 3,
  headWeights: { difficulty: 0.1, task: 0.1, length: 0.1 },
  datasetExponent: 0.6,
  tableSpread: 0.1,
  abilitySpread: 0.3,
  clipNorm: 5,
};

/** A few hundred prompts fill a small table; one with more rows than grams only takes time. */
function shapeFor(trainingRows: number): Hyperparameters["shape"] {
  const bits = Math.min(Math.max(Math.ceil(Math.log2(4 * trainingRows)), 12), 15);
  return {
    tableRows: 1 << bits,
    tableWidth: 32,
    hiddenWidth: 64,
    abilityWidth: 16,
    tasks: TASKS.length,
  };
}

interface Source {
  readonly name: string;
  readonly path: string;
  readonly licence: string;
}

interface Options {
  readonly sets: string;
  readonly data: readonly string[] | undefined;
  readonly prices: string | undefined;
  readonly out: string;
  readonly name: string;
  readonly version: string;
  readonly seed: number;
  readonly budgetMs: number;
  readonly skipBadRows: boolean;
  readonly json: boolean;
}

function readOptions(): Options | "help" {
  const { values: flags } = parseArgs({
    options: {
      sets: { type: "string", default: "../shared/data/sets.json" },
      data: { type: "string", multiple: true },
      prices: { type: "string" },
      out: { type: "string", default: "router-models/released/headgate" },
      name: { type: "string" },
      "release-version": { type: "string", default: "1.0.0" },
      seed: { type: "string", default: "1" },
      "budget-minutes": { type: "string", default: "Infinity" },
      "skip-bad-rows": { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (flags.help) return "help";
  return {
    sets: flags.sets,
    data: flags.data?.flatMap((list) => list.split(",")),
    prices:
      flags.prices ??
      (flags.data === undefined ? join(flags.sets, "..", "prices.json") : undefined),
    out: resolve(flags.out),
    name: flags.name ?? basename(resolve(flags.out)),
    version: readVersion(flags["release-version"]),
    seed: readSeed(flags.seed),
    budgetMs: 60_000 * readNumber("--budget-minutes", flags["budget-minutes"]),
    skipBadRows: flags["skip-bad-rows"],
    json: flags.json,
  };
}

async function main(): Promise<void> {
  const options = readOptions();
  if (options === "help") return console.log(HELP);
  const startedMs = performance.now();
  const sources = await sourcesOf(options);
  const loaded = await readRows(sources, options.skipBadRows);
  const rows = loaded.flatMap((source) => source.rows);
  const training = rows.filter(({ split }) => split === "train");
  const models = modelsOf(training);
  const prices = await readModelPrices(training, models, options.prices);
  const shape = shapeFor(training.length);
  const { tableRows } = shape;
  const examples = examplesOf(withTokens(training, prices), { models, tableRows });

  await mkdir(options.out, { recursive: true }); // Where that fails, better before the training.
  const progress = createProgress("train", 1);
  const fitted = await fit({
    examples,
    models: models.length,
    hyperparameters: { shape, ...SETTINGS },
    seed: options.seed,
    hasTime: (share) => (performance.now() - startedMs) * (1 + share) < 0.9 * options.budgetMs,
    onProgress: (done, total, note) => progress.update(done, note, total),
  });
  progress.finish(`plan "${fitted.plan.name}"`);

  const { files, manifest } = await releaseFiles({
    ...options,
    fit: fitted,
    examples,
    models,
    prices,
    commit: commitOfSources(),
    data: await describeData(loaded),
  });
  const command = ["npm run train --", ...process.argv.slice(2)].join(" ").replace(/ --$/, "");
  await writeRelease(options.out, files, cardOf({ manifest, tried: fitted.tried, command }));
  report(options, {
    out: options.out,
    rows: training.length,
    models: models.length,
    plan: fitted.plan.name,
    heldOutLoss: Number(manifest.metrics["heldOutLoss"]!.toFixed(4)),
    calibration: manifest.calibration.kind,
    modelBytes: files.model.length,
    seconds: Number(((performance.now() - startedMs) / 1000).toFixed(1)),
  });
}

async function writeRelease(out: string, files: ReleaseFiles, card: string): Promise<void> {
  await writeFile(join(out, "model.onnx"), files.model);
  await writeFile(join(out, "golden.json"), files.golden);
  await writeFile(join(out, "manifest.json"), files.manifest);
  await writeFile(join(out, "CARD.md"), card);
}

interface Summary {
  readonly out: string;
  readonly rows: number;
  readonly models: number;
  readonly plan: string;
  readonly heldOutLoss: number;
  readonly calibration: string;
  readonly modelBytes: number;
  readonly seconds: number;
}

function report({ json }: Options, summary: Summary): void {
  if (json) return console.log(JSON.stringify(summary));
  console.log(
    `${summary.out}: ${summary.rows} rows, ${summary.models} models, ` +
      `${(summary.modelBytes / 2 ** 20).toFixed(2)} MiB, plan "${summary.plan}", ` +
      `held-out loss ${summary.heldOutLoss}, calibration ${summary.calibration}, ${summary.seconds} s`,
  );
}

async function sourcesOf({ sets, data }: Options): Promise<Source[]> {
  if (data === undefined)
    return (await listShippingSets(sets)).map(({ name, path, licence }) => ({
      name,
      path,
      licence,
    }));
  return data.map((path) => ({
    name: basename(path).replace(/(\.jsonl)?(\.gz)?$/, ""),
    path,
    licence: "not stated",
  }));
}

interface LoadedSource extends Source {
  readonly rows: readonly OutcomeRow[];
}

async function readRows(sources: readonly Source[], skipBadRows: boolean): Promise<LoadedSource[]> {
  let skipped = 0;
  const options = skipBadRows ? { onBadRow: () => void skipped++ } : {};
  const loaded: LoadedSource[] = [];
  for (const source of sources)
    loaded.push({ ...source, rows: await loadOutcomes([source.path], options) });
  if (skipped > 0) console.error(`${skipped} rows could not be read and were left out`);
  return loaded;
}

async function readModelPrices(
  rows: readonly OutcomeRow[],
  models: readonly string[],
  path: string | undefined,
): Promise<ReadonlyMap<string, ModelPrice>> {
  const table = path === undefined ? {} : await readPriceTable(path);
  const prices = pricesOf(rows, models, { table, catalog: parseCatalog(catalogJson).models });
  warnOfAssumed(models.filter((model) => prices.get(model)?.source === "assumed"));
  return prices;
}

async function readPriceTable(path: string): Promise<PriceTable> {
  const parsed = priceTableSchema.safeParse(JSON.parse(await readFile(path, "utf8")));
  if (!parsed.success) throw new Error(`${path}: not a price table: ${parsed.error.message}`);
  return parsed.data;
}

function warnOfAssumed(models: readonly string[]): void {
  if (models.length === 0) return;
  console.error(
    `No price or cost is known for ${models.length} models (${models.slice(0, 3).join(", ")} …): ` +
      "all are assumed to cost the same. Give --prices, or cost_usd in the rows.",
  );
}

function describeData(
  sources: readonly LoadedSource[],
): Promise<Parameters<typeof releaseFiles>[0]["data"]> {
  return Promise.all(
    sources.map(async ({ name, licence, path, rows }) => ({
      name,
      licence,
      sha256: await loadHash(path),
      trainRows: rows.filter(({ split }) => split === "train").length,
      validRows: rows.filter(({ split }) => split === "valid").length,
    })),
  );
}

async function loadHash(path: string): Promise<string> {
  return createHash("sha256")
    .update(await readFile(path))
    .digest("hex");
}

/** The commit that trained it, "+" where the tree had changes; "unknown" outside a checkout. */
function commitOfSources(): string {
  try {
    const commit = git("rev-parse", "--short=12", "HEAD");
    const changes = git("status", "--porcelain", "--", "router-models", "scripts");
    return changes === "" ? commit : `${commit}+`;
  } catch {
    return "unknown";
  }
}

function git(...words: string[]): string {
  return execFileSync("git", words, {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  }).trim();
}

function readSeed(text: string): number {
  const seed = readNumber("--seed", text);
  if (!Number.isSafeInteger(seed)) throw new Error(`--seed wants a whole number, not "${text}"`);
  return seed;
}

/** Checked before hours of training, because a manifest that is refused makes a release of no use. */
function readVersion(text: string): string {
  const parsed = manifestSchema.shape.version.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new Error(`--release-version: ${parsed.error.issues[0]!.message} (is "${text}")`);
}

function readNumber(name: string, text: string): number {
  const value = Number(text);
  if (Number.isNaN(value) || text.trim() === "")
    throw new Error(`${name} wants a number, not "${text}"`);
  return value;
}

try {
  await main();
} catch (error) {
  console.error(`train: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
