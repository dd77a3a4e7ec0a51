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
import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { CatalogModel } from "../router-models/catalog.ts";
import {
  manifestSchema,
  type Certificate,
  type CertifiedFloor,
  type Manifest,
} from "../router-models/manifest.ts";
import { placeCatalog, trainedPanel } from "../router-models/placement.ts";
import { openRelease, weightsLabel, type Release } from "../router-models/release.ts";
import { examine, type ScoredSet, type ScoredSets } from "./certification/examination.ts";
import { certifyAll, certifySlices } from "./certification/floors.ts";
import { HELP, readOptions, type Options } from "./certification/options.ts";
import { testPanel } from "./certification/panel.ts";
import { violationPictures, violationTable } from "./certification/report.ts";
import { listFiles } from "./dataset/given-files.ts";
import type { OutcomeRow } from "./dataset/outcome-file.ts";
import { assertDisjoint, poolByGid } from "./dataset/pool.ts";
import { readReleaseFolder } from "./dataset/release-folder.ts";
import { trainedCatalog } from "./dataset/trained-catalog.ts";
import { loadSets } from "./evaluation/loaded-set.ts";
import { withGraph } from "./evaluation/onnx-graph.ts";
import { scoreRows, type Forecasts } from "./evaluation/router-scores.ts";
import { readCatalogFile } from "./onboarding/catalog-file.ts";
import { createProgress } from "./report/progress.ts";
import { writeReport } from "./report/report-folder.ts";

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options === "help") return console.log(HELP);
  const release = await openRelease(await readReleaseFolder(options.model));
  const scored = await scoredSets(release, options);
  if (options.report === undefined) return certify(scored, release, options);
  const progress = createProgress("drawing", 2 * options.draws * scored.sets.length);
  const report = examine(scored, {
    ...options,
    router: weightsLabel(release),
    onProgress: (done) => progress.update(done),
  });
  progress.finish();
  const table = `${violationTable(report)}\nMade by \`npm run certify -- ${process.argv.slice(2).join(" ")}\`.\n`;
  console.log(options.json ? JSON.stringify(report, null, 2) : table);
  await writeReport(options.report, { result: report, table, pictures: violationPictures(report) });
}

async function scoredSets(release: Release, options: Options): Promise<ScoredSets> {
  const sets = (await loadSets(await listFiles(options))).map(
    ({ rows: all, ...set }): ScoredSet => {
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
    },
  );
  if (!options["all-rows"])
    assertDisjoint(
      sets.flatMap(({ trainRows }) => trainRows),
      sets.flatMap(({ rows }) => rows),
    );
  const catalog =
    options.catalog === undefined ? undefined : (await readCatalogFile(options.catalog)).models;
  const rows = sets.flatMap((set) => set.rows);
  return {
    sets,
    catalog: catalog ?? trainedCatalog(release.manifest),
    forecasts: await forecast(rows, release, catalog),
  };
}

async function forecast(
  rows: readonly OutcomeRow[],
  release: Release,
  catalog: readonly CatalogModel[] | undefined,
): Promise<Forecasts> {
  const { manifest } = release;
  const panel = catalog === undefined ? trainedPanel(manifest) : placeCatalog(manifest, catalog);
  const progress = createProgress("scoring", rows.length);
  let scored = 0;
  try {
    return await withGraph(release, (graph) =>
      scoreRows(rows, { manifest, panel, graph, onRow: () => progress.update(++scored) }),
    );
  } finally {
    progress.finish();
  }
}

async function certify(
  scored: ScoredSets,
  release: Release,
  { claim, ...options }: Options,
): Promise<void> {
  const panels = scored.sets.map((set) => testPanel({ ...scored, ...set, floor: claim.floor }));
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

try {
  await main();
} catch (error) {
  console.error(`certify: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
