/**
 * `npm run eval`: how good a router is on rows that it has not seen, beside everything it has to beat,
 * with intervals. Tables go to stdout, progress to stderr, pictures to a folder; on demand the tables
 * become the evaluation of the release's card and rows of the leaderboard.
 *
 * Which models, pair and prices a set is judged by is decided by rules over training rows
 * (evaluation/set-models.ts, evaluation/pair.ts); nothing here can be tuned to a result.
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openRelease, weightsLabel, type Release } from "../router-models/release.ts";
import { readReleaseFolder } from "./dataset/release-folder.ts";
import { evaluateCache } from "./evaluation/cache/evaluation.ts";
import { CACHE_HELP, readCacheOptions } from "./evaluation/cache/options.ts";
import { evaluateDrift } from "./evaluation/drift/evaluation.ts";
import { DRIFT_HELP, readDriftOptions } from "./evaluation/drift/options.ts";
import {
  poolsOf,
  reportPool,
  reportSet,
  type Evaluation,
  type Protocol,
} from "./evaluation/evaluation.ts";
import type { Examined } from "./evaluation/examine.ts";
import { evaluateLatency } from "./evaluation/latency/evaluation.ts";
import { LATENCY_HELP, readLatencyOptions } from "./evaluation/latency/options.ts";
import { HELP, readOptions, type Options } from "./evaluation/options.ts";
import { examine, placeModels } from "./evaluation/protocols.ts";
import { cachePictures } from "./report/cache-pictures.ts";
import { cacheTable } from "./report/cache-report.ts";
import { driftPictures } from "./report/drift-pictures.ts";
import { driftTable } from "./report/drift-report.ts";
import { evaluationPictures } from "./report/evaluation-pictures.ts";
import { evaluationTable } from "./report/evaluation-table.ts";
import { latencyPictures, latencyTable } from "./report/latency-report.ts";
import { expectPlace, leaderboardWith } from "./report/leaderboard.ts";
import { leaveModelPicture, leaveModelTable } from "./report/leave-model-report.ts";
import { replaceSection } from "./report/marked-section.ts";
import { createProgress } from "./report/progress.ts";
import { writeReport, type Report } from "./report/report-folder.ts";

async function main(): Promise<void> {
  const args = process.argv.slice(2);
  if (args.includes("--latency")) return evaluateForecasts(args);
  if (args.includes("--cache"))
    return args.includes("--drift") ? evaluateSwitch(args) : evaluateAnswers(args);
  const options = readOptions(args);
  if (options.help) {
    console.log(HELP);
    return;
  }
  const { protocol } = options;
  return protocol === "leave-model"
    ? evaluateNewModels(options)
    : evaluateRouter({ ...options, protocol });
}

interface RouterOptions extends Options {
  readonly protocol: Exclude<Options["protocol"], "leave-model">;
}

async function evaluateRouter(options: RouterOptions): Promise<void> {
  const { leaderboard, family } = options;
  const cardPath = join(options.model, "CARD.md");
  // Before the work: nobody should wait for an evaluation whose place is missing.
  if (options["write-card"]) replaceSection(await readFile(cardPath, "utf8"), "evaluation", "");
  const release = await openRelease(await readReleaseFolder(options.model));
  const { manifest } = release;
  const name = family === "mf" ? manifest.name : family;
  if (leaderboard !== undefined)
    expectPlace(await readFile(leaderboard, "utf8"), protocolOf(options), name);
  const evaluation = measure(await examine(release, options), release, options);
  const command = commandLine();
  const table = `${evaluationTable(evaluation)}\nMade by \`${command}\`.\n`;
  await publish(options, { result: evaluation, table, pictures: evaluationPictures(evaluation) });
  if (options["write-card"])
    await edit(cardPath, (text) => replaceSection(text, "evaluation", table));
  if (leaderboard !== undefined)
    await edit(leaderboard, (text) =>
      leaderboardWith(text, { evaluation, manifest: { ...manifest, name } }, command),
    );
}

async function evaluateNewModels(options: Options): Promise<void> {
  const { leaderboard } = options;
  if (leaderboard !== undefined)
    replaceSection(await readFile(leaderboard, "utf8"), "leave-model", ""); // Likewise.
  const report = await placeModels(options);
  const table = `${leaveModelTable(report)}\n\nMade by \`${commandLine()}\`.\n`;
  await publish(options, { result: report, table, pictures: [leaveModelPicture(report)] });
  if (leaderboard !== undefined)
    await edit(leaderboard, (text) => replaceSection(text, "leave-model", table));
}

/** Of latencies, which no release has a part in. */
async function evaluateForecasts(args: readonly string[]): Promise<void> {
  const options = readLatencyOptions(args);
  if (options.help) {
    console.log(LATENCY_HELP);
    return;
  }
  const result = await evaluateLatency(options);
  const table = `${latencyTable(result)}\n\nMade by \`${commandLine()}\`.\n`;
  await publish(options, { result, table, pictures: latencyPictures(result) });
}

/** Of which earlier answer may serve which prompt: pairs, and no release either. */
async function evaluateAnswers(args: readonly string[]): Promise<void> {
  const options = readCacheOptions(args);
  if (options.help) {
    console.log(CACHE_HELP);
    return;
  }
  const result = await evaluateCache(options);
  const table = `${cacheTable(result)}\n\nMade by \`${commandLine()}\`.\n`;
  await publish(options, { result, table, pictures: cachePictures(result) });
}

/** Of the switch that ends hits: made-up namespaces, and no pairs. */
async function evaluateSwitch(args: readonly string[]): Promise<void> {
  const options = readDriftOptions(args);
  if (options.help) {
    console.log(DRIFT_HELP);
    return;
  }
  const result = evaluateDrift(options);
  const table = `${driftTable(result)}\n\nMade by \`${commandLine()}\`.\n`;
  await publish(options, { result, table, pictures: driftPictures(result) });
}

function commandLine(): string {
  return `npm run eval -- ${process.argv.slice(2).join(" ")}`.replace(/ -- $/u, "");
}

function measure(examined: Examined, release: Release, options: RouterOptions): Evaluation {
  const { resamples, seed, family } = options;
  const protocol = protocolOf(options);
  const isTrained = protocol === "cross" || protocol === "leave-dataset";
  const pools = poolsOf(examined.sets);
  const progress = createProgress("resampling", resamples * (examined.sets.length + pools.length));
  let done = 0;
  const sampling = { resamples, seed, onResample: () => progress.update(++done) };
  const evaluation: Evaluation = {
    protocol,
    router: isTrained ? `${family}, trained for each fold` : weightsLabel(release),
    resamples,
    seed,
    sets: examined.sets.map((set) => reportSet(set, sampling)),
    pools: pools.map((pool) => reportPool(pool, sampling)),
    skipped: examined.skipped,
  };
  progress.finish();
  return evaluation;
}

function protocolOf({ protocol, format }: RouterOptions): Protocol {
  return format === undefined ? protocol : "imported";
}

async function publish(
  { report: folder, json }: Pick<Options, "json"> & { report?: string | undefined },
  report: Report,
): Promise<void> {
  console.log(json ? JSON.stringify(report.result, null, 2) : report.table);
  if (folder !== undefined) await writeReport(folder, report);
}

async function edit(path: string, change: (text: string) => string): Promise<void> {
  await writeFile(path, change(await readFile(path, "utf8")));
}

try {
  await main();
} catch (error) {
  console.error(`eval: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
