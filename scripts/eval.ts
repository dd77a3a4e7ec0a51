/**
 * `npm run eval`: how good a released router is on rows that it has not seen, beside everything it has to
 * beat, with intervals. Tables go to stdout, progress to stderr, pictures to a folder, and with
 * `--write-card` the tables become the evaluation of the model's card.
 *
 * The router is run as it is served: the same scorer, the same WebAssembly, its golden vectors first.
 * Which models, pair and prices a set is judged by is decided by rules over training rows
 * (evaluation/prepare-set.ts); nothing here can be tuned to a result.
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import catalogJson from "../router-models/catalog.json" with { type: "json" };
import { parseCatalog } from "../router-models/catalog.ts";
import { canary, openRelease, weightsLabel, type Release } from "../router-models/release.ts";
import { loadOutcomes, type OutcomeFileError, type OutcomeRow } from "./dataset/outcome-file.ts";
import { assertDisjoint } from "./dataset/pool.ts";
import { readReleaseFolder } from "./dataset/release-folder.ts";
import { listShippingSets } from "./dataset/sets.ts";
import { priceTableSchema, type PriceSources } from "./evaluation/costs.ts";
import { reportPool, reportSet, type Evaluation } from "./evaluation/evaluation.ts";
import { openGraph } from "./evaluation/onnx-graph.ts";
import { prepareSet, type PreparedSet } from "./evaluation/prepare-set.ts";
import { scoreRows, type Forecasts } from "./evaluation/router-scores.ts";
import { evaluationPictures } from "./report/evaluation-pictures.ts";
import { evaluationTable } from "./report/evaluation-table.ts";
import { replaceSection } from "./report/marked-section.ts";
import { createProgress } from "./report/progress.ts";
import { readNumber } from "./simulation/arguments.ts";

const HELP = `Evaluates a released router on the valid rows of outcome files, beside its controls.

  --model DIR      the release (default router-models/released/headgate)
  --data FILE,...  outcome files, .jsonl or .jsonl.gz; more may follow as arguments
  --sets FILE      without --data: the list of sets, of which those that may ship are taken
                   (default ../shared/data/sets.json)
  --prices FILE    {group: {model: {in, out}}} in USD per million tokens
                   (default: prices.json beside the list of sets, if it is there)
  --report DIR     writes the pictures, report.md and report.json there
  --json           prints JSON instead of Markdown
  --write-card     replaces the evaluation in DIR/CARD.md of the release
  --resamples N    of the bootstrap (default 1000)
  --seed N         of the bootstrap and the random control (default 7)
  --skip-bad-rows  leaves out rows that cannot be read, and counts them
  --help           this text`;

type Options = ReturnType<typeof readOptions>;

function readOptions() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      model: { type: "string", default: "router-models/released/headgate" },
      data: { type: "string", multiple: true, default: [] },
      sets: { type: "string", default: "../shared/data/sets.json" },
      prices: { type: "string" },
      report: { type: "string" },
      json: { type: "boolean", default: false },
      "write-card": { type: "boolean", default: false },
      resamples: { type: "string", default: "1000" },
      seed: { type: "string", default: "7" },
      "skip-bad-rows": { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (positionals.length > 0 && values.data.length === 0)
    throw new Error(`Unknown argument "${positionals[0]}"; files are given with --data`);
  const files = [...values.data.flatMap((list) => list.split(",")), ...positionals];
  return {
    ...values,
    files: files.filter((file) => file !== ""),
    resamples: readNumber("--resamples", values.resamples, 1),
    seed: readNumber("--seed", values.seed),
  };
}

async function main(): Promise<void> {
  const options = readOptions();
  if (options.help) {
    console.log(HELP);
    return;
  }
  const cardPath = join(options.model, "CARD.md");
  // Before the work: nobody should wait for an evaluation whose place is missing.
  if (options["write-card"]) replaceSection(await readFile(cardPath, "utf8"), "evaluation", "");
  const release = await openRelease(await readReleaseFolder(options.model));
  const sets = await loadSets(options);
  checkLeakage(sets, release);
  const evaluation = await evaluate(sets, release, options);
  const command = `npm run eval -- ${process.argv.slice(2).join(" ")}`.replace(/ -- $/u, "");
  const table = `${evaluationTable(evaluation)}\nMade by \`${command}\`.\n`;
  console.log(options.json ? JSON.stringify(evaluation, null, 2) : table);
  if (options.report !== undefined) await writeReport(options.report, evaluation, table);
  if (options["write-card"])
    await writeFile(
      cardPath,
      replaceSection(await readFile(cardPath, "utf8"), "evaluation", table),
    );
}

interface LoadedSet {
  readonly name: string;
  /** Of the file's bytes, as a release's manifest names what it was trained on. */
  readonly sha256: string;
  readonly rows: readonly OutcomeRow[];
}

async function loadSets(options: Options): Promise<LoadedSet[]> {
  const listed =
    options.files.length > 0
      ? options.files.map((path) => ({ path, name: undefined }))
      : await listShippingSets(options.sets);
  const loaded: LoadedSet[] = [];
  for (const { path, name } of listed) {
    const bad: OutcomeFileError[] = [];
    const rows = await loadOutcomes(
      [path],
      options["skip-bad-rows"] ? { onBadRow: (error) => bad.push(error) } : {},
    );
    if (bad.length > 0)
      console.error(`${path}: left out ${bad.length} bad rows; the first: ${bad[0]!.message}`);
    const sha256 = createHash("sha256")
      .update(await readFile(path))
      .digest("hex");
    loaded.push({ name: name ?? rows[0]!.dataset, sha256, rows });
  }
  return loaded;
}

/**
 * The questions examined must not be among those learnt, in any of the sets. What cannot be checked,
 * because the rows that the router learnt are not at hand, is said.
 */
function checkLeakage(sets: readonly LoadedSet[], { manifest }: Release): void {
  const rows = sets.flatMap((set) => set.rows);
  assertDisjoint(
    rows.filter(({ split }) => split === "train"),
    rows.filter(({ split }) => split === "valid"),
  );
  const loaded = new Set(sets.map(({ sha256 }) => sha256));
  const unseen = manifest.training.data.filter(({ sha256 }) => !loaded.has(sha256));
  if (unseen.length === 0) return;
  const names = unseen.map(({ name }) => name).join(", ");
  console.error(
    `The router also learnt from files not given here: ${names}. Questions that they share`,
  );
  console.error("with the rows examined, if any, make it look better than it is.");
}

async function evaluate(
  sets: readonly LoadedSet[],
  release: Release,
  options: Options,
): Promise<Evaluation> {
  const { resamples, seed } = options;
  const forecasts = await forecast(sets, release);
  const prices = await readPrices(options);
  const prepared: PreparedSet[] = [];
  const skipped: { name: string; why: string }[] = [];
  for (const { name, rows } of sets) {
    try {
      prepared.push(
        prepareSet({ name, rows, forecasts, manifest: release.manifest, prices, seed }),
      );
    } catch (error) {
      skipped.push({ name, why: error instanceof Error ? error.message : String(error) });
    }
  }
  if (prepared.length === 0)
    throw new Error(`Nothing to evaluate: ${skipped.map(({ why }) => why).join("; ")}`);
  const pools = prepared.length > 1 ? 1 : 0;
  const progress = createProgress("resampling", resamples * (prepared.length + pools));
  let done = 0;
  function onResample(): void {
    progress.update(++done);
  }
  const sampling = { resamples, seed, onResample };
  const reports = prepared.map((set) => reportSet(set, sampling));
  const pool = pools === 0 ? null : reportPool(prepared, sampling);
  progress.finish();
  return { router: weightsLabel(release), resamples, seed, sets: reports, pool, skipped };
}

async function forecast(sets: readonly LoadedSet[], release: Release): Promise<Forecasts> {
  const valid = sets.flatMap(({ rows }) => rows.filter(({ split }) => split === "valid"));
  const progress = createProgress("scoring", valid.length);
  const graph = await openGraph(release.model);
  try {
    const { failure } = await canary(release, graph);
    if (failure !== undefined)
      throw new Error(`The release does not answer as it must: ${failure}`);
    let done = 0;
    return await scoreRows(valid, {
      manifest: release.manifest,
      graph,
      onRow: () => progress.update(++done),
    });
  } finally {
    progress.finish();
    await graph.release();
  }
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

async function writeReport(folder: string, evaluation: Evaluation, table: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "report.md"), table);
  await writeFile(join(folder, "report.json"), `${JSON.stringify(evaluation, null, 2)}\n`);
  for (const { name, svg } of evaluationPictures(evaluation))
    await writeFile(join(folder, name), svg);
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
