/**
 * Examines a release, or the way of making it, by the protocol that was asked for: reads the files, refuses
 * a split that shares questions, trains folds where there are to be any, and shows how far it is. What
 * becomes of the outcome is the command's business.
 */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import catalogJson from "../../router-models/catalog.json" with { type: "json" };
import { parseCatalog } from "../../router-models/catalog.ts";
import type { Release } from "../../router-models/release.ts";
import { listFiles } from "../dataset/given-files.ts";
import { importFiles } from "../dataset/importers/import-files.ts";
import type { Format } from "../dataset/importers/imported-row.ts";
import { readJsonFile } from "../dataset/json-file.ts";
import { assertDisjoint } from "../dataset/pool.ts";
import { listShippingSets } from "../dataset/sets.ts";
import { createProgress } from "../report/progress.ts";
import { priceTableSchema, type PriceSources } from "./costs.ts";
import { examineCross } from "./cross.ts";
import { examineOwn, type Examination, type Examined } from "./examine.ts";
import { foldTrainer, type FoldTrainer } from "./fold-trainer.ts";
import { examineImported } from "./imported.ts";
import { examineLeftOut } from "./leave-dataset.ts";
import { leaveModelOut, type LeaveModelReport } from "./leave-model.ts";
import { loadSets, trainingRows, type LoadedSet } from "./loaded-set.ts";
import { openGraph, type OpenGraph } from "./onnx-graph.ts";
import type { Options } from "./options.ts";

/** Lets routers answer what `options` asks about. Rejects where files, the split or a fold are not in order. */
export async function examine(release: Release, options: Options): Promise<Examined> {
  const { format, protocol, seed } = options;
  const prices = await readPrices(options);
  if (format !== undefined) return examineFormat(format, release, { prices, options });
  const sets = await loadSets(await listFiles(options), onSkipped(options));
  checkSplit(sets);
  const progress = createProgress("scoring", 2 * countExamined(sets, options));
  let scored = 0;
  const examination = { prices, seed, onScored: () => progress.update(++scored) };
  const trained = { ...examination, options, train: foldTrainer({ ...options, prices }) };
  try {
    if (protocol === "cross") return await crossValidate(sets, release, trained);
    if (protocol === "leave-dataset") return await leaveOut(sets, release, trained);
    sayUnseen(sets, release);
    return await examineOwn(sets, release, examination);
  } finally {
    progress.finish();
  }
}

/** The set whose scores most catalogues quote. */
const PLACING_SET = "mmlu_pro";
const PLACING = { folds: 5, draws: 10 } as const;

/** New models in one set: the one file given, or mmlu_pro of the list. */
export async function placeModels(options: Options): Promise<LeaveModelReport> {
  const set = await loadPlacingSet(options);
  const trainOrTake = foldTrainer({ ...options, prices: await readPrices(options) });
  const opened: OpenGraph[] = [];
  const progress = createProgress("placing", 1);
  try {
    return await leaveModelOut({
      rows: set.rows,
      ...PLACING,
      seed: options.seed,
      resamples: options.resamples,
      onProgress: (done, total, note) => progress.update(done, note, total),
      async train(rows, fold) {
        const { manifest, model } = await trainOrTake({
          rows,
          data: [`${set.sha256}:models:${fold}/${PLACING.folds}`],
          label: `training fold ${fold + 1}`,
        });
        const graph = await openGraph(model);
        opened.push(graph);
        return { manifest, graph };
      },
    });
  } finally {
    progress.finish();
    await Promise.all(opened.map((graph) => graph.release()));
  }
}

async function loadPlacingSet(options: Options): Promise<LoadedSet> {
  const files = (await listFiles(options)).filter(
    ({ name = PLACING_SET }) => name === PLACING_SET, // A file that is given has no name yet.
  );
  const [set, second] = await loadSets(files, onSkipped(options));
  if (set === undefined || second !== undefined)
    throw new Error("Leaving models out takes one set: give one file with --data");
  return set;
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

interface TrainedWork extends Work, Examination {
  readonly train: FoldTrainer;
}

function crossValidate(
  sets: readonly LoadedSet[],
  { manifest }: Release,
  { options, train, ...examination }: TrainedWork,
): Promise<Examined> {
  const { folds } = options;
  return examineCross({
    ...examination,
    sets,
    folds,
    tableRows: manifest.features.tableRows,
    train: (rows, fold) =>
      train({
        rows,
        data: [...sets.map(({ sha256 }) => sha256), `cross:${fold}/${folds}`],
        label: `training without fold ${fold + 1} of ${folds}`,
      }),
  });
}

function leaveOut(
  sets: readonly LoadedSet[],
  { manifest }: Release,
  { options, train, ...examination }: TrainedWork,
): Promise<Examined> {
  return examineLeftOut({
    ...examination,
    sets,
    leave: options.leave,
    tableRows: manifest.features.tableRows,
    train: (others, leftOut) =>
      train({
        rows: trainingRows(others),
        data: others.map(({ sha256 }) => sha256),
        label: `training without ${leftOut}`,
      }),
  });
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

function countExamined(sets: readonly LoadedSet[], { protocol, leave }: Options): number {
  if (protocol === "cross") return trainingRows(sets).length;
  const leftOut = leave?.map(([name]) => name);
  return countValid(sets.filter(({ name }) => leftOut?.includes(name) ?? true));
}

function countValid(sets: readonly Pick<LoadedSet, "rows">[]): number {
  return sets.reduce((n, { rows }) => n + rows.filter(({ split }) => split === "valid").length, 0);
}

async function readPrices({ prices, sets }: Options): Promise<PriceSources> {
  const path = prices ?? join(dirname(sets), "prices.json");
  const { models: catalog } = parseCatalog(catalogJson);
  if (prices === undefined && !existsSync(path)) return { table: {}, catalog };
  return { table: await readJsonFile(path, priceTableSchema), catalog };
}
