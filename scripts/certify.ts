/**
 * `npm run certify`: proves a quality floor on rows that the router has not learnt, and writes it into
 * the release's manifest; or, with `--report`, counts how often such proofs are wrong.
 *
 * What a certificate means is told in router-models/certificate.ts. Nothing else of the release changes:
 * same weights, golden answers and calibration. But the manifest's SHA-256 is the release's id, so a
 * certified release is another release. `x-sluice-weights` then names the floors that were in force along
 * with the weights, a request can be replayed, and publishing, canary and roll-back treat a new promise as
 * they treat new weights. The same rows and arguments give the same bytes: no date is written.
 *
 * A floor joins those that are there for the same data, and replaces the same floor. Where data, models
 * or prices differ the certificate begins anew: one that spoke of two lists of models could not be
 * checked against the models in service.
 */
import { createHash } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { parseCatalog, type CatalogModel } from "../router-models/catalog.ts";
import type { FloorClaim } from "../router-models/certificate.ts";
import { promptOfText } from "../router-models/features/prompt.ts";
import {
  manifestSchema,
  type Certificate,
  type CertifiedFloor,
  type Manifest,
} from "../router-models/manifest.ts";
import { placeCatalog, trainedPanel } from "../router-models/placement.ts";
import { canary, openRelease, weightsLabel, type Release } from "../router-models/release.ts";
import { Scorer, type Forecast } from "../router-models/scorer.ts";
import { randomFrom } from "../worker/lib/prng.ts";
import { certifyAll, certifySlices } from "./certification/floors.ts";
import { testPanel, type Panel } from "./certification/panel.ts";
import { violationPictures, violationTable, type ViolationReport } from "./certification/report.ts";
import { countViolations, type SetResult } from "./certification/violations.ts";
import type { OutcomeRow } from "./dataset/outcome-file.ts";
import { assertDisjoint, poolByGid } from "./dataset/pool.ts";
import { readReleaseFolder } from "./dataset/release-folder.ts";
import { listShippingSets } from "./dataset/sets.ts";
import { trainedCatalog } from "./dataset/trained-catalog.ts";
import { meanQuality } from "./evaluation/controls.ts";
import { loadSets } from "./evaluation/loaded-set.ts";
import { openGraph } from "./evaluation/onnx-graph.ts";
import { choosePair } from "./evaluation/pair.ts";
import { createProgress } from "./report/progress.ts";
import { readNumber } from "./simulation/arguments.ts";

const HELP = `Certifies that a release keeps a quality floor, and writes that into its manifest.

  npm run certify -- --floor 0.95 --confidence 0.9 [options]

  --floor Q        share of the reference model's quality to promise, between 0 and 1
  --confidence C   of the promise, between 0 and 1   [0.9]
  --model DIR      the release   [router-models/released/headgate]
  --data FILE,...  outcome files, .jsonl or .jsonl.gz; their valid rows are used
  --sets FILE      without --data: the list of sets, of which those that may ship are taken
                   [../shared/data/sets.json]
  --all-rows       use train rows as well: only for files that the router never learnt from
  --catalog FILE   choose among this catalogue's models at its prices, as a worker does
                   [the models that the router was trained on, at the release's prices]
  --per-slice      a margin for each task that the router tells apart; they share 1 − C
  --report DIR     write nothing into the release: certify --draws resamples of every set, count the
                   broken promises, and write report.md, report.json and pictures there
  --draws N        of the report   [1000]
  --seed N         of the report's draws   [7]
  --json           print JSON instead of Markdown
  --help           this text`;

type Options = ReturnType<typeof readOptions>;

function readOptions() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      floor: { type: "string" },
      confidence: { type: "string", default: "0.9" },
      model: { type: "string", default: "router-models/released/headgate" },
      data: { type: "string", multiple: true, default: [] },
      sets: { type: "string", default: "../shared/data/sets.json" },
      "all-rows": { type: "boolean", default: false },
      catalog: { type: "string" },
      "per-slice": { type: "boolean", default: false },
      report: { type: "string" },
      draws: { type: "string", default: "1000" },
      seed: { type: "string", default: "7" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (positionals.length > 0 && values.data.length === 0)
    throw new Error(`Unknown argument "${positionals[0]}"; files are given with --data`);
  const files = [...values.data.flatMap((list) => list.split(",")), ...positionals];
  return {
    ...values,
    files: files.filter((file) => file !== ""),
    draws: readNumber("--draws", values.draws, 1),
    seed: readNumber("--seed", values.seed),
  };
}

async function main(): Promise<void> {
  const options = readOptions();
  if (options.help) return console.log(HELP);
  const claim = {
    floor: readShare("--floor", options.floor),
    confidence: readShare("--confidence", options.confidence),
  };
  const release = await openRelease(await readReleaseFolder(options.model));
  const world = await readWorld(release, options);
  if (options.report === undefined) return certify(world, { release, claim, options });
  const report = examine(world, { ...options, claim, router: weightsLabel(release) });
  const table = `${violationTable(report)}\nMade by \`npm run certify -- ${process.argv.slice(2).join(" ")}\`.\n`;
  console.log(options.json ? JSON.stringify(report, null, 2) : table);
  await writeReport(options.report, report, table);
}

function readShare(flag: string, text: string | undefined): number {
  const share = Number(text ?? "");
  if (share > 0 && share < 1) return share;
  throw new Error(`${flag} ${text ?? "is missing; it"} must lie between 0 and 1, both excluded`);
}

interface WorldSet {
  readonly name: string;
  /** Of the file's bytes, as a manifest names what a router learnt from. */
  readonly sha256: string;
  /** Rows that the router has not learnt. */
  readonly rows: readonly OutcomeRow[];
  readonly trainRows: readonly OutcomeRow[];
}

interface World {
  readonly sets: readonly WorldSet[];
  readonly catalog: readonly CatalogModel[];
  readonly forecasts: ReadonlyMap<OutcomeRow, Forecast>;
}

async function readWorld(release: Release, options: Options): Promise<World> {
  const listed =
    options.files.length > 0
      ? options.files.map((path) => ({ path }))
      : await listShippingSets(options.sets);
  const sets = (await loadSets(listed)).map(({ rows: all, ...set }): WorldSet => {
    if (
      options["all-rows"] &&
      release.manifest.training.data.some((one) => one.sha256 === set.sha256)
    )
      throw new Error(`The router learnt from ${set.name}; leave --all-rows out`);
    const trainRows = all.filter(({ split }) => split === "train");
    return {
      ...set,
      trainRows,
      rows: options["all-rows"] ? all : all.filter(({ split }) => split === "valid"),
    };
  });
  if (!options["all-rows"])
    assertDisjoint(
      sets.flatMap(({ trainRows }) => trainRows),
      sets.flatMap(({ rows }) => rows),
    );
  const catalog = options.catalog === undefined ? undefined : await readCatalog(options.catalog);
  const rows = sets.flatMap((set) => set.rows);
  return {
    sets,
    catalog: catalog ?? trainedCatalog(release.manifest),
    forecasts: await forecast(rows, release, catalog),
  };
}

async function readCatalog(path: string): Promise<readonly CatalogModel[]> {
  try {
    return parseCatalog(JSON.parse(await readFile(path, "utf8"))).models;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`${path}: cannot be used as a catalogue: ${why}`, { cause });
  }
}

async function forecast(
  rows: readonly OutcomeRow[],
  release: Release,
  catalog: readonly CatalogModel[] | undefined,
): Promise<ReadonlyMap<OutcomeRow, Forecast>> {
  const { manifest } = release;
  const panel = catalog === undefined ? trainedPanel(manifest) : placeCatalog(manifest, catalog);
  const scorer = new Scorer(manifest, panel);
  const progress = createProgress("scoring", rows.length);
  const graph = await openGraph(release.model);
  const forecasts = new Map<OutcomeRow, Forecast>();
  try {
    const { failure } = await canary(release, graph);
    if (failure !== undefined)
      throw new Error(`The release does not answer as it must: ${failure}`);
    for (const row of rows) {
      forecasts.set(row, await scorer.score(promptOfText(row.prompt), graph));
      progress.update(forecasts.size);
    }
  } finally {
    progress.finish();
    await graph.release();
  }
  return forecasts;
}

async function certify(
  world: World,
  { release, claim, options }: { release: Release; claim: FloorClaim; options: Options },
): Promise<void> {
  const panels = world.sets.map((set) => testPanel({ ...world, ...set, floor: claim.floor }));
  const rows = poolByGid(panels.flatMap((panel) => panel.rows));
  const { floors, refused } = options["per-slice"]
    ? certifySlices(rows, claim)
    : { floors: [certifyAll(rows, claim)], refused: [] };
  for (const why of refused) console.error(`No margin of its own for ${why}`);
  const data = panels.map((panel) => panel.data);
  const certificate = addFloors(release.manifest.certificate, { data, floors });
  const id = await writeManifest(options.model, { ...release.manifest, certificate });
  console.log(options.json ? JSON.stringify(floors, null, 2) : floors.map(sentenceOf).join("\n"));
  console.error(`${weightsLabel(release)} is now ${release.manifest.version}@${id.slice(0, 12)}`);
}

/** The old floors stay where they speak of the same data, models and prices. */
function addFloors(old: Certificate | undefined, fresh: Certificate): Certificate {
  if (old === undefined) return fresh;
  if (JSON.stringify(old.data) !== JSON.stringify(fresh.data)) {
    console.error(
      "The floors certified before were of other data, models or prices; they are gone",
    );
    return fresh;
  }
  const kept = old.floors.filter((one) => !fresh.floors.some(({ floor }) => floor === one.floor));
  return { ...fresh, floors: [...kept, ...fresh.floors] };
}

/** Writes the manifest, whole or not at all, and answers the release's new id. */
async function writeManifest(folder: string, manifest: Manifest): Promise<string> {
  const text = `${JSON.stringify(manifestSchema.parse(manifest), undefined, 1)}\n`;
  const path = join(folder, "manifest.json");
  await writeFile(`${path}.next`, text);
  await rename(`${path}.next`, path);
  return createHash("sha256").update(text).digest("hex");
}

function sentenceOf({ floor, confidence, task, margin, rows, measured }: CertifiedFloor): string {
  const saving =
    measured === undefined
      ? ""
      : `; on ${measured.rows} others it keeps ${percent(measured.keptQuality)} and asks the ` +
        `reference ${percent(measured.referenceShare)} of the time`;
  const where = task === undefined ? "" : ` for ${task}`;
  const how = margin === 1 ? "by the reference alone" : `with a margin of ${margin}`;
  return `Floor ${floor} at confidence ${confidence}${where}: kept ${how}, proven on ${rows} questions${saving}.`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

interface Examination {
  readonly claim: FloorClaim;
  readonly router: string;
  readonly draws: number;
  readonly seed: number;
}

function examine(world: World, { claim, router, draws, seed }: Examination): ViolationReport {
  const progress = createProgress("drawing", 2 * draws * world.sets.length);
  let done = 0;
  let examined = 0;
  const drawing = { draws, onDraw: () => progress.update(++done) };
  const skipped: string[] = [];
  function resultsOf(panelOf: (set: WorldSet) => Panel): SetResult[] {
    return world.sets.flatMap((set) => {
      try {
        return countViolations(panelOf(set), claim, { ...drawing, random: randomFrom(seed) });
      } catch (error) {
        skipped.push(error instanceof Error ? error.message : String(error));
        return [];
      } finally {
        progress.update((done = ++examined * draws)); // A set that is too small is not drawn from.
      }
    });
  }
  const { floor } = claim;
  const pairs = resultsOf((set) =>
    testPanel({ ...world, ...set, floor, catalog: pairOf(set, world) }),
  );
  const panels = resultsOf((set) => testPanel({ ...world, ...set, floor }));
  progress.finish();
  return { router, claim, draws, seed, pairs, panels, skipped: [...new Set(skipped)] };
}

/**
 * The strong and the weak model that train rows suggest. Of their prices only the order matters here.
 * Throws an Error where no two models differ, or the router holds the weak one for the stronger.
 */
function pairOf({ name, trainRows }: WorldSet, { catalog, forecasts }: World): CatalogModel[] {
  const summaries = catalog
    .filter(
      ({ id }) =>
        trainRows.filter(({ scores }) => Object.hasOwn(scores, id)).length >=
        0.9 * trainRows.length,
    )
    .map(({ id }) => ({ model: id, quality: meanQuality(trainRows, id), costUsd: undefined }));
  const pair = trainRows.length === 0 ? undefined : choosePair(summaries);
  if (pair === undefined) throw new Error(`${name}: no strong and weak model in its train rows`);
  const { strong, weak } = pair;
  const { models } = [...forecasts.values()][0]!;
  const standingOf = new Map(models.map(({ id, standing }) => [id, standing]));
  if (!(standingOf.get(strong.model)! > standingOf.get(weak.model)!))
    throw new Error(`${name}: the router holds ${weak.model} for stronger than ${strong.model}`);
  function priced({ model }: { model: string }, usd: number): CatalogModel {
    const found = catalog.find(({ id }) => id === model)!;
    return { ...found, price: { inputUsdPerMTok: usd, outputUsdPerMTok: usd } };
  }
  return [priced(strong, 100), priced(weak, 1)];
}

async function writeReport(folder: string, report: ViolationReport, table: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "report.md"), table);
  await writeFile(join(folder, "report.json"), `${JSON.stringify(report, null, 2)}\n`);
  for (const { name, svg } of violationPictures(report)) await writeFile(join(folder, name), svg);
}

try {
  await main();
} catch (error) {
  console.error(`certify: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
