/**
 * `npm run eval`: how good a router is on rows that it has not seen, beside everything it has to beat,
 * with intervals. Tables go to stdout, progress to stderr, pictures to a folder; on demand the tables
 * become the evaluation of the release's card and rows of the leaderboard.
 *
 * Which models, pair and prices a set is judged by is decided by rules over training rows
 * (evaluation/set-models.ts, evaluation/pair.ts); nothing here can be tuned to a result.
 */
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import catalogJson from "../router-models/catalog.json" with { type: "json" };
import { parseCatalog } from "../router-models/catalog.ts";
import {
  openRelease,
  weightsLabel,
  type Release,
  type ReleaseFiles,
} from "../router-models/release.ts";
import { listFiles } from "./dataset/given-files.ts";
import { importFiles } from "./dataset/importers/import-files.ts";
import type { Format } from "./dataset/importers/imported-row.ts";
import type { OutcomeRow } from "./dataset/outcome-file.ts";
import { assertDisjoint } from "./dataset/pool.ts";
import { readReleaseFolder } from "./dataset/release-folder.ts";
import { listShippingSets } from "./dataset/sets.ts";
import { priceTableSchema, type PriceSources } from "./evaluation/costs.ts";
import { examineCross } from "./evaluation/cross.ts";
import {
  poolsOf,
  reportPool,
  reportSet,
  type Evaluation,
  type Protocol,
} from "./evaluation/evaluation.ts";
import { examineOwn, type Examined } from "./evaluation/examine.ts";
import { cachedFold } from "./evaluation/fold-cache.ts";
import { examineImported } from "./evaluation/imported.ts";
import { examineLeftOut } from "./evaluation/leave-dataset.ts";
import { leaveModelOut } from "./evaluation/leave-model.ts";
import { loadSets, trainingRows, type LoadedSet } from "./evaluation/loaded-set.ts";
import { openGraph, type OpenGraph } from "./evaluation/onnx-graph.ts";
import { HELP, readOptions, type Options } from "./evaluation/options.ts";
import { trainFold } from "./evaluation/train-fold.ts";
import { evaluationPictures } from "./report/evaluation-pictures.ts";
import { evaluationTable } from "./report/evaluation-table.ts";
import { leaderboardWith } from "./report/leaderboard.ts";
import { leaveModelPicture, leaveModelTable } from "./report/leave-model-report.ts";
import { replaceSection } from "./report/marked-section.ts";
import { createProgress } from "./report/progress.ts";
import { writeReport, type Report } from "./report/report-folder.ts";

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options.help) {
    console.log(HELP);
    return;
  }
  if (options.protocol === "leave-model") return leaveModels(options);
  const cardPath = join(options.model, "CARD.md");
  // Before the work: nobody should wait for an evaluation whose place is missing.
  if (options["write-card"]) replaceSection(await readFile(cardPath, "utf8"), "evaluation", "");
  if (options.leaderboard !== undefined) await readFile(options.leaderboard, "utf8");
  const release = await openRelease(await readReleaseFolder(options.model));
  const evaluation = measure(await examine(release, options), release, options);
  const { manifest } = release;
  const name = options.family === "mf" ? manifest.name : options.family;
  const command = commandLine();
  const table = `${evaluationTable(evaluation)}\nMade by \`${command}\`.\n`;
  await publish(options, { result: evaluation, table, pictures: evaluationPictures(evaluation) });
  if (options["write-card"])
    await edit(cardPath, (text) => replaceSection(text, "evaluation", table));
  if (options.leaderboard !== undefined)
    await edit(options.leaderboard, (text) =>
      leaderboardWith(text, { evaluation, manifest: { ...manifest, name } }, command),
    );
}

/** New models in one set: the one file given, or mmlu_pro of the list. */
async function leaveModels(options: Options): Promise<void> {
  const files = (await listFiles(options)).filter(
    ({ name = PLACING_SET }) => name === PLACING_SET, // A file that is given has no name yet.
  );
  const [set, second] = await loadSets(files, onSkipped(options));
  if (set === undefined || second !== undefined)
    throw new Error("Leaving models out takes one set: give one file with --data");
  const prices = await readPrices(options);
  const opened: OpenGraph[] = [];
  const progress = createProgress("placing", 1);
  const report = await leaveModelOut({
    rows: set.rows,
    ...PLACING,
    seed: options.seed,
    resamples: options.resamples,
    onProgress: (done, total, note) => progress.update(done, note, total),
    async train(rows, fold) {
      const key = `${set.sha256}:models:${fold}/${PLACING.folds}`;
      const label = `training fold ${fold + 1}`;
      const release = await trainOrTake(rows, { options, prices, label, data: [key] });
      const graph = await openGraph(release.model);
      opened.push(graph);
      return { manifest: release.manifest, graph };
    },
  });
  progress.finish();
  await Promise.all(opened.map((graph) => graph.release()));
  const table = `${leaveModelTable(report)}\n\nMade by \`${commandLine()}\`.\n`;
  await publish(options, { result: report, table, pictures: [leaveModelPicture(report)] });
  if (options.leaderboard !== undefined)
    await edit(options.leaderboard, (text) => replaceSection(text, "leave-model", table));
}

/** The set whose scores most catalogues quote. */
const PLACING_SET = "mmlu_pro";
const PLACING = { folds: 5, draws: 10 } as const;

function commandLine(): string {
  return `npm run eval -- ${process.argv.slice(2).join(" ")}`.replace(/ -- $/u, "");
}

async function examine(release: Release, options: Options): Promise<Examined> {
  const { format, protocol, seed } = options;
  const prices = await readPrices(options);
  if (format !== undefined) return examineFormat(format, release, { prices, options });
  const sets = await loadSets(await listFiles(options), onSkipped(options));
  checkSplit(sets);
  const examined = protocol === "cross" ? trainingRows(sets).length : countValid(sets);
  const progress = createProgress("scoring", 2 * examined);
  let scored = 0;
  const examination = { prices, seed, onScored: () => progress.update(++scored) };
  try {
    if (protocol === "cross")
      return await crossValidate(sets, release, { ...examination, options });
    if (protocol === "leave-dataset")
      return await leaveOut(sets, release, { ...examination, options });
    sayUnseen(sets, release);
    return await examineOwn(sets, release, examination);
  } finally {
    progress.finish();
  }
}

interface Work {
  readonly prices: PriceSources;
  readonly options: Options;
}

async function examineFormat(
  format: Format,
  release: Release,
  { prices, options }: Work,
): Promise<Examined> {
  const sets = await importFiles(format, options.files);
  const learnt = await loadSets(await listShippingSets(options.sets));
  const progress = createProgress("scoring", 2 * countValid(sets));
  let scored = 0;
  const { leaked, ...examined } = await examineImported(sets, {
    release,
    learnt,
    prices,
    seed: options.seed,
    onScored: () => progress.update(++scored),
  });
  progress.finish();
  if (leaked > 0) console.error(`${leaked} rows ask a question that is learnt from: left out`);
  return examined;
}

function crossValidate(
  sets: readonly LoadedSet[],
  { manifest }: Release,
  { options, ...examination }: FoldWork,
): Promise<Examined> {
  const { folds } = options;
  return examineCross({
    ...examination,
    sets,
    folds,
    tableRows: manifest.features.tableRows,
    train: (rows, fold) =>
      trainOrTake(rows, {
        options,
        prices: examination.prices,
        label: `training without fold ${fold + 1} of ${folds}`,
        data: [...sets.map(({ sha256 }) => sha256), `cross:${fold}/${folds}`],
      }),
  });
}

function leaveOut(
  sets: readonly LoadedSet[],
  { manifest }: Release,
  { options, ...examination }: FoldWork,
): Promise<Examined> {
  return examineLeftOut({
    ...examination,
    sets,
    leave: options.leave,
    tableRows: manifest.features.tableRows,
    train: (others, leftOut) =>
      trainOrTake(trainingRows(others), {
        options,
        prices: examination.prices,
        label: `training without ${leftOut}`,
        data: others.map(({ sha256 }) => sha256),
      }),
  });
}

interface FoldWork extends Work {
  readonly seed: number;
  readonly onScored: () => void;
}

interface Training extends Work {
  readonly label: string;
  /** Tells this fold's rows from those of any other. */
  readonly data: readonly string[];
}

function trainOrTake(
  rows: readonly OutcomeRow[],
  { options, prices, label, data }: Training,
): Promise<Release> {
  const { cache, seed, family } = options;
  async function train(): Promise<ReleaseFiles> {
    const progress = createProgress(label, 1);
    const files = await trainFold({
      rows,
      family,
      prices,
      seed,
      onProgress: (done, total, note) => progress.update(done, note, total),
    });
    progress.finish();
    return files;
  }
  return cachedFold(
    cache,
    { family, data, seed },
    { train, onNote: (note) => console.error(note) },
  );
}

function measure(examined: Examined, release: Release, options: Options): Evaluation {
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

function protocolOf({ protocol, format }: Options): Protocol {
  if (format !== undefined) return "imported";
  return protocol === "leave-model" ? "id" : protocol;
}

/** The questions examined must not be among those learnt, in any of the sets. */
function checkSplit(sets: readonly LoadedSet[]): void {
  const valid = sets.flatMap(({ rows }) => rows.filter(({ split }) => split === "valid"));
  assertDisjoint(trainingRows(sets), valid);
}

/** What cannot be checked, because the rows that the router learnt are not at hand, is said. */
function sayUnseen(sets: readonly LoadedSet[], { manifest }: Release): void {
  const loaded = new Set(sets.map(({ sha256 }) => sha256));
  const unseen = manifest.training.data.filter(({ sha256 }) => !loaded.has(sha256));
  if (unseen.length === 0) return;
  const names = unseen.map(({ name }) => name).join(", ");
  console.error(
    `The router also learnt from files not given here: ${names}. Questions that they share`,
  );
  console.error("with the rows examined, if any, make it look better than it is.");
}

function onSkipped(options: Options): Parameters<typeof loadSets>[1] {
  if (!options["skip-bad-rows"]) return undefined;
  return (path, bad) =>
    console.error(`${path}: left out ${bad.length} bad rows; the first: ${bad[0]!.message}`);
}

function countValid(sets: readonly Pick<LoadedSet, "rows">[]): number {
  return sets.reduce((n, { rows }) => n + rows.filter(({ split }) => split === "valid").length, 0);
}

async function readPrices({ prices, sets }: Options): Promise<PriceSources> {
  const path = prices ?? join(dirname(sets), "prices.json");
  const { models: catalog } = parseCatalog(catalogJson);
  if (prices === undefined && !existsSync(path)) return { table: {}, catalog };
  const parsed = priceTableSchema.safeParse(JSON.parse(await readFile(path, "utf8")));
  if (parsed.success) return { table: parsed.data, catalog };
  const { path: field, message } = parsed.error.issues[0]!;
  throw new Error(`${path}: ${field.map(String).join(".")}: ${message}`);
}

async function publish({ report: folder, json }: Options, report: Report): Promise<void> {
  console.log(json ? JSON.stringify(report.result, null, 2) : report.table);
  if (folder !== undefined) await writeReport(folder, report);
}

async function edit(path: string, change: (text: string) => string): Promise<void> {
  await writeFile(path, change(await readFile(path, "utf8")));
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
