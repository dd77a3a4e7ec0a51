/**
 * npm run onboard: gives a model a place among a router's abilities, and says what that means.
 *
 *     npm run onboard                                      the whole catalogue, with what each place rests on
 *     npm run onboard -- --model NAME --probes FILE        one model, from its public scores and its probes
 *     npm run onboard -- --model NAME --suggest 25 --data FILE --out ASK.jsonl
 *
 * A new model begins where its anchors put it (router-models/placement.ts), and its outcomes on a few
 * prompts move it from there (onboarding/probes.ts). `--write` keeps the result in the catalogue, for this
 * release's graph alone: after a retraining, run it again with the same probes.
 */
import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Catalog, CatalogModel } from "../router-models/catalog.ts";
import {
  COMMON_BENCHMARK,
  expectedScores,
  type Expectation,
} from "../router-models/expected-score.ts";
import type { Manifest } from "../router-models/manifest.ts";
import {
  evidenceOf,
  placeByScores,
  scoresOf,
  standingOf,
  type Evidence,
  type Place,
} from "../router-models/placement.ts";
import { openRelease } from "../router-models/release.ts";
import { readReleaseFolder } from "./dataset/release-folder.ts";
import { openGraph, type OpenGraph } from "./evaluation/onnx-graph.ts";
import {
  choicesOf,
  narrowing,
  standingFrom,
  standingWithin,
  type Standing,
} from "./onboarding/assessment.ts";
import {
  changedCatalog,
  readCatalogFile,
  writeCatalogFile,
  type EntryChange,
} from "./onboarding/catalog-file.ts";
import { demandsOf } from "./onboarding/demand.ts";
import { HELP, readOptions, type OnboardOptions } from "./onboarding/options.ts";
import { readProbes, readPrompts, readSamples } from "./onboarding/probe-file.ts";
import { logitOn, placeByProbes, type Probe } from "./onboarding/probes.ts";
import {
  textOfCatalog,
  textOfReport,
  type CatalogLine,
  type OnboardReport,
} from "./onboarding/report.ts";
import { suggestProbes } from "./onboarding/suggest.ts";
import { createProgress } from "./report/progress.ts";

const SAMPLES = fileURLToPath(new URL("simulation/demo-prompts.jsonl", import.meta.url));
/** Digits of the graph's hash that a catalogue keeps. */
const GRAPH_DIGITS = 12;

interface Router {
  readonly manifest: Manifest;
  readonly graph: OpenGraph;
}

async function main(): Promise<void> {
  const options = readOptions();
  if (options === "help") return console.log(HELP);
  const catalog = await readCatalogFile(options.catalog);
  const { manifest, model: bytes } = await openRelease(await readReleaseFolder(options.modelDir));
  if (options.model === undefined) {
    const lines = catalogLines(manifest, catalog);
    return console.log(options.isJson ? JSON.stringify(lines) : textOfCatalog(lines));
  }
  const graph = await openGraph(bytes);
  try {
    const report = await onboard(options.model, { options, catalog, router: { manifest, graph } });
    console.log(options.isJson ? JSON.stringify(report) : textOfReport(report));
  } finally {
    await graph.release();
  }
}

interface Task {
  readonly options: OnboardOptions;
  readonly catalog: Catalog;
  readonly router: Router;
}

async function onboard(
  id: string,
  { options, catalog: old, router }: Task,
): Promise<OnboardReport> {
  const { manifest, graph } = router;
  assertListed(old, id);
  const catalog = changedCatalog(old, id, { anchors: options.anchors });
  const entry = catalog.models.find((model) => model.id === id)!;
  const expected = expectedScores(catalog.models);
  // Where it would stand by what is public: an ability from earlier probes is not counted twice.
  const { ability: _, ...unprobed } = entry;
  const evidence = evidenceOf(manifest, unprobed, expected);
  if (evidence === "trained")
    throw new Error(
      `${id}: the release has learnt its row from ${manifest.models[id]!.rows} rows; ` +
        "retrain with new rows to move it",
    );
  const anchored = placeByScores(manifest, scoresOf(unprobed, expected));
  const probes = options.probes === undefined ? [] : await loadProbes(entry, options, router);
  const place = placeByProbes(anchored, probes);
  const change = changeOf(place, { probes, options, manifest });
  const offered = catalog.models.map((model) =>
    model.id === id ? { ...unprobed, ...(change.ability && { ability: change.ability }) } : model,
  );
  const samples = await readSamples(options.prompts ?? SAMPLES);
  const sampleDemands = await demandsOf(
    samples.map(({ prompt }) => prompt),
    router,
  );
  const suggested = options.data === undefined ? undefined : await suggest(place, options, router);
  if (options.isToWrite)
    await writeCatalogFile(options.catalog, changedCatalog(catalog, id, change));
  return {
    model: id,
    release: `${manifest.name} ${manifest.version}`,
    graph: manifest.files.model.sha256.slice(0, GRAPH_DIGITS),
    evidence: probes.length > 0 ? "ability" : evidence,
    stages: [
      { name: "nothing known", ...standingWithin(manifest, placeByScores(manifest, [])) },
      { name: nameOf(evidence, unprobed, manifest), ...standingWithin(manifest, anchored) },
      ...(probes.length === 0
        ? []
        : [{ name: `and ${probes.length} probes`, ...standingWithin(manifest, place) }]),
    ],
    ...(probes.length > 0 && { probed: comparison(anchored, probes) }),
    samples: samples.length,
    choices: await choicesOf(id, samples, { manifest, graph, catalog: offered }),
    narrowing: narrowing(manifest, place, sampleDemands),
    ...(suggested !== undefined && { suggested }),
    ...(options.isToWrite && { written: options.catalog }),
  };
}

function assertListed({ models }: Catalog, id: string): void {
  if (models.some((model) => model.id === id)) return;
  throw new Error(
    `--model: the catalogue has no ${id}. Its price, window and capabilities belong there first, ` +
      "with their sources; a place alone cannot be routed to",
  );
}

async function loadProbes(
  { id }: CatalogModel,
  { probes: path, as }: OnboardOptions,
  router: Router,
): Promise<Probe[]> {
  const names = as === undefined ? [id, id.slice(id.indexOf("/") + 1)] : [as];
  const scored = await readProbes(path!, names);
  const demands = await demandsOf(
    scored.map(({ prompt }) => prompt),
    router,
  );
  return scored.map(({ score }, at) => ({ ...demands[at]!, score }));
}

/** What may go into the catalogue. Six digits are more than a place has. */
function changeOf(
  place: Place,
  {
    probes,
    options,
    manifest,
  }: { probes: readonly Probe[]; options: OnboardOptions; manifest: Manifest },
): EntryChange {
  if (probes.length === 0) return { anchors: [] };
  const { standingDeviation } = standingWithin(manifest, place);
  return {
    anchors: [],
    ability: {
      graph: manifest.files.model.sha256.slice(0, GRAPH_DIGITS),
      row: place.mean.map(rounded),
      standingDeviation: rounded(standingDeviation),
      probes: probes.length,
      source: options.probes!,
      placed: new Date().toISOString().slice(0, 10),
    },
  };
}

function comparison(before: Place, probes: readonly Probe[]): NonNullable<OnboardReport["probed"]> {
  function mean(of: (probe: Probe) => number): number {
    return probes.reduce((sum, probe) => sum + of(probe), 0) / probes.length;
  }
  return {
    probes: probes.length,
    scored: mean(({ score }) => score),
    expected: mean((probe) => 1 / (1 + Math.exp(-logitOn(before, probe).mean))),
  };
}

async function suggest(
  place: Place,
  { data, suggest: count, out, probes }: OnboardOptions,
  router: Router,
): Promise<string[]> {
  const asked = new Set(probes === undefined ? [] : await readPrompts(probes));
  const prompts = (await readPrompts(data!)).filter((prompt) => !asked.has(prompt));
  if (prompts.length === 0) throw new Error(`${data}: every prompt of it has been probed`);
  const progress = createProgress("onboard", prompts.length);
  const demands = await demandsOf(prompts, {
    ...router,
    onPrompt: (done) => progress.update(done, "prompts"),
  });
  progress.finish("prompts");
  const chosen = suggestProbes(place, demands, count).map((at) => prompts[at]!);
  if (out !== undefined)
    await writeFile(out, chosen.map((prompt) => `${JSON.stringify({ prompt })}\n`).join(""));
  return chosen;
}

function catalogLines(manifest: Manifest, { models }: Catalog): CatalogLine[] {
  const expected = expectedScores(models);
  return models.map((model) => {
    const evidence = evidenceOf(manifest, model, expected);
    return {
      model: model.id,
      evidence,
      sources: [
        ...sourcesOf(evidence, model, manifest),
        ...(evidence === "edition" ? [textOfExpectation(expected.get(model.id)!)] : []),
      ],
      ...standingOfEntry(evidence, model, { manifest, expected }),
    };
  });
}

function standingOfEntry(
  evidence: Evidence,
  model: CatalogModel,
  { manifest, expected }: { manifest: Manifest; expected: ReadonlyMap<string, Expectation> },
): Standing {
  const { ability } = model;
  if (evidence === "ability")
    return standingFrom(manifest, {
      mean: standingOf(manifest, ability!.row),
      deviation: ability!.standingDeviation,
    });
  if (evidence === "trained")
    return standingFrom(manifest, {
      mean: standingOf(manifest, manifest.models[model.id]!.ability),
      deviation: 0, // Training does not say how certain it is.
    });
  return standingWithin(manifest, placeByScores(manifest, scoresOf(model, expected)));
}

function sourcesOf(evidence: Evidence, model: CatalogModel, manifest: Manifest): string[] {
  if (evidence === "trained") return [`${manifest.models[model.id]!.rows} rows`];
  if (evidence === "ability")
    return [`${model.ability!.probes} probes, ${model.ability!.placed}: ${model.ability!.source}`];
  return model.anchors.map(({ benchmark, score, source }) => `${benchmark} ${score}  ${source}`);
}

function textOfExpectation({ score, error, by, models }: Expectation): string {
  return (
    `${COMMON_BENCHMARK} ${score.toFixed(3)} expected by ${by} of ${models} models, ` +
    `which miss by ${error.toFixed(2)} logits when left out`
  );
}

function nameOf(evidence: Evidence, { anchors }: CatalogModel, { placement }: Manifest): string {
  const readable = anchors.filter(({ benchmark }) => Object.hasOwn(placement.anchors, benchmark));
  if (evidence === "anchors")
    return `anchors: ${readable.map(({ benchmark, score }) => `${benchmark} ${score}`).join(", ")}`;
  return evidence === "edition" ? "price and age, or another benchmark" : "no evidence";
}

function rounded(value: number): number {
  return Number(value.toPrecision(6));
}

try {
  await main();
} catch (error) {
  console.error(`onboard: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
