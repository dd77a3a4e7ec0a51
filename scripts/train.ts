/**
 * npm run train: makes a router from outcome files.
 *
 *     npm run train                                  the released router, from the sets that may ship
 *     npm run train -- --out DIR --data FILE[,FILE]  a router of one's own, from any outcome files
 *
 * The training step is a graph that this command compiles and ONNX Runtime executes, on the CPU or on
 * WebGPU; on the CPU a seed makes the result reproducible on the same machine, also when the command
 * was killed and started again. Rows marked `valid` are never trained on.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import catalogJson from "../router-models/catalog.json" with { type: "json" };
import { parseCatalog } from "../router-models/catalog.ts";
import { FEATURE_VERSION } from "../router-models/features/extract.ts";
import type { Manifest } from "../router-models/manifest.ts";
import type { ReleaseFiles } from "../router-models/release.ts";
import { readJsonFile } from "./dataset/json-file.ts";
import { datasetOfPath } from "./dataset/outcome-file.ts";
import { listShippingSets } from "./dataset/sets.ts";
import { priceTableSchema } from "./evaluation/costs.ts";
import { createProgress } from "./report/progress.ts";
import { cardOf } from "./training/card.ts";
import { Checkpoints, removeCheckpoint } from "./training/checkpoint.ts";
import { expectDevice } from "./training/device.ts";
import { fitFamily, type FamilyName } from "./training/families.ts";
import type { FamilyFit } from "./training/family-fit.ts";
import { fitStored } from "./training/fit-stored.ts";
import type { Fit, FitInput } from "./training/fit.ts";
import {
  readExamples,
  surveySources,
  type Intake,
  type Source,
  type Survey,
} from "./training/intake.ts";
import { HELP, readOptions, type Options } from "./training/options.ts";
import type { ModelPrice } from "./training/prices.ts";
import { releaseFiles } from "./training/release-files.ts";
import { SETTINGS, shapeFor } from "./training/settings.ts";

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options === "help") return console.log(HELP);
  const startedMs = performance.now();
  await expectDevice(options.device);
  const sources = await sourcesOf(options);
  const survey = await readSurvey(sources, options);
  const { models, trainRows, data } = survey;
  const prices = await readModelPrices(survey, options.prices);
  const shape = shapeFor(trainRows);

  await mkdir(options.out, { recursive: true }); // Where that fails, better before the training.
  const checkpoints = await openCheckpoints(options, survey, prices);
  const intake = await readExamples(sources, {
    survey,
    prices,
    models: options.models,
    tableRows: shape.tableRows,
    ...(options.skipBadRows && { onBadRow: () => undefined }), // They were counted already.
    storePath: checkpoints.storePath,
  });
  const progress = createProgress("train", 1);
  const fitted = await fitTo(intake, options.family, {
    models: models.length,
    hyperparameters: { shape, ...SETTINGS },
    seed: options.seed,
    runtime: { device: options.device, checkpoints },
    hasTime: (share) => (performance.now() - startedMs) * (1 + share) < 0.9 * options.budgetMs,
    onProgress: (done, total, note) => progress.update(done, note, total),
  });
  progress.finish(`plan "${fitted.plan.name}"`);

  const { files, manifest } = await releaseFiles({
    ...options,
    fit: fitted,
    models,
    prices,
    commit: commitOfSources(),
    data: [...data],
    examples: options.family === "mf" ? intake.examples : intake.sample,
    sample: intake.sample,
  });
  const command = ["npm run train --", ...process.argv.slice(2)].join(" ").replace(/ --$/, "");
  await writeRelease(options.out, files, cardOf({ manifest, tried: fitted.tried, command }));
  await checkpoints.remove();
  report(options, {
    out: options.out,
    rows: trainRows,
    models: models.length,
    plan: fitted.plan.name,
    heldOutLoss: Number(manifest.metrics["heldOutLoss"]!.toFixed(4)),
    ...roundingOf(manifest),
    calibration: manifest.calibration.kind,
    modelBytes: files.model.length,
    seconds: Number(((performance.now() - startedMs) / 1000).toFixed(1)),
  });
}

/** Only `mf` goes through more rows than memory holds; any other family is made from the sample. */
function fitTo(
  { examples: stored, sample, heldOut }: Intake,
  family: FamilyName,
  input: Omit<FitInput, "examples">,
): Promise<Fit | FamilyFit> {
  if (heldOut !== undefined && family === "mf")
    return fitStored({ ...input, stored, sample, heldOut });
  if (heldOut !== undefined)
    console.error(`${family} is made from a sample of ${sample.length} of ${stored.length} rows`);
  return fitFamily(family, { ...input, examples: sample });
}

async function openCheckpoints(
  { seed, family, device, checkpoint, checkpointEveryMs: everyMs, isRestart }: Options,
  { models, data, trainRows }: Survey,
  prices: ReadonlyMap<string, ModelPrice>,
): Promise<Checkpoints> {
  const identity = {
    seed,
    family,
    device,
    data: data.map(({ sha256 }) => sha256.slice(0, 12)).join(" "),
    trainRows, // Rows may have been skipped.
    features: FEATURE_VERSION,
    labels: sha256Of(JSON.stringify([models, [...prices]])),
  };
  const options = { identity, everyMs, nowMs: () => performance.now() };
  if (isRestart) await removeCheckpoint(checkpoint);
  return Checkpoints.open(checkpoint, options);
}

function sha256Of(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 12);
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
  /** Held-out loss with a rounded table less that with an unrounded one; of `mf` alone. */
  readonly addedByInt8?: number;
  readonly addedByInt4?: number;
  readonly calibration: string;
  readonly modelBytes: number;
  readonly seconds: number;
}

function report({ json }: Options, summary: Summary): void {
  if (json) return console.log(JSON.stringify(summary));
  const { addedByInt8, addedByInt4 } = summary;
  const rounding =
    addedByInt8 === undefined ? "" : ` (int8 adds ${addedByInt8}, int4 would ${addedByInt4})`;
  console.log(
    `${summary.out}: ${summary.rows} rows, ${summary.models} models, ` +
      `${(summary.modelBytes / 2 ** 20).toFixed(2)} MiB, plan "${summary.plan}", ` +
      `held-out loss ${summary.heldOutLoss}${rounding}, calibration ${summary.calibration}, ${summary.seconds} s`,
  );
}

function roundingOf({ metrics }: Manifest): Pick<Summary, "addedByInt8" | "addedByInt4"> {
  const exact = metrics["heldOutLossFp32"];
  if (exact === undefined) return {};
  const [addedByInt8, addedByInt4] = ["Int8", "Int4"].map((bits) =>
    Number((metrics[`heldOutLoss${bits}`]! - exact).toFixed(5)),
  );
  return { addedByInt8: addedByInt8!, addedByInt4: addedByInt4! };
}

async function sourcesOf({ sets, data }: Options): Promise<Source[]> {
  if (data !== undefined)
    return data.map((path) => ({ name: datasetOfPath(path), path, licence: "not stated" }));
  const shipping = await listShippingSets(sets);
  return shipping.map(({ name, path, licence }) => ({ name, path, licence }));
}

async function readSurvey(sources: readonly Source[], options: Options): Promise<Survey> {
  let skipped = 0;
  const survey = await surveySources(sources, {
    models: options.models,
    ...(options.skipBadRows && { onBadRow: () => void skipped++ }),
  });
  if (skipped > 0) console.error(`${skipped} rows could not be read and were left out`);
  return survey;
}

async function readModelPrices(
  { costs, models }: Survey,
  path: string | undefined,
): Promise<ReadonlyMap<string, ModelPrice>> {
  const table = path === undefined ? {} : await readJsonFile(path, priceTableSchema);
  const prices = costs.pricesOf(models, { table, catalog: parseCatalog(catalogJson).models });
  warnOfAssumed(models.filter((model) => prices.get(model)?.source === "assumed"));
  return prices;
}

function warnOfAssumed(models: readonly string[]): void {
  if (models.length === 0) return;
  console.error(
    `No price or cost is known for ${models.length} models (${models.slice(0, 3).join(", ")} …): ` +
      "all are assumed to cost the same. Give --prices, or cost_usd in the rows.",
  );
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

try {
  await main();
} catch (error) {
  console.error(`train: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
