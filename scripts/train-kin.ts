/**
 * npm run train:kin: makes the head that tells how like two prompts are.
 *
 *     npm run train:kin                       the released head, from the sets that may ship
 *     npm run train:kin -- --pairs FILE,...   the same, with a report on pairs that people have judged
 *
 * What it learns from is made up (scripts/kinship) but for the prompts of the split `train`. The training step
 * is a graph that ONNX Runtime executes on one CPU thread: a seed gives the same bits on the same machine.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { KinManifest } from "../router-models/kin/manifest.ts";
import type { ReleaseFiles } from "../router-models/release.ts";
import { randomFrom } from "../worker/lib/prng.ts";
import { readOutcomes } from "./dataset/outcome-file.ts";
import { listShippingSets } from "./dataset/sets.ts";
import { cardOf } from "./kinship/card.ts";
import { fitKin, type KinSettings } from "./kinship/fit.ts";
import { lessonSource, rewordedTriples } from "./kinship/lessons.ts";
import { HELP, readOptions, type Options } from "./kinship/options.ts";
import { readPairs } from "./kinship/pair-file.ts";
import { LISTS, readPhrasebook, readTriples } from "./kinship/phrasebook.ts";
import { compileKin, kinReleaseFiles } from "./kinship/release-files.ts";
import { reportRows, reportTable, type Row } from "./kinship/report.ts";
import { KIN_SETTINGS } from "./kinship/settings.ts";
import { createProgress } from "./report/progress.ts";

/** Held-out sentences that are reworded for the report; the seed of their rewording too. */
const SENTENCES = 400;

async function main(): Promise<void> {
  const args = process.argv.slice(2);
  const options = readOptions(args);
  if (options === "help") return console.log(HELP);
  const startedMs = performance.now();
  const pairFiles = await Promise.all(options.pairs.map(readPairs));
  const { prompts, heldOut, data } = await readPrompts(options.sets);
  const settings = { ...KIN_SETTINGS, steps: options.steps };
  const phrasebook = await readPhrasebook();
  const source = lessonSource(phrasebook, prompts);
  const { seed } = options;
  const progress = createProgress("train", settings.steps);
  const input = { source, prompts, seed };
  const untaught = await fitKin({
    ...input,
    settings: { ...settings, steps: 0 },
    onStep: () => {},
  });
  const trained = await fitKin({
    ...input,
    settings,
    onStep: (done, loss) => progress.update(done, `loss ${loss.toFixed(3)}`),
  });
  progress.finish("trained");

  const { shape } = settings;
  const triples = await readTriples();
  const sentences = rewordedTriples(
    lessonSource(phrasebook, heldOut),
    SENTENCES,
    randomFrom(SENTENCES),
  );
  const tables = { shape, trained, untaught };
  const rows = await reportRows({ ...tables, prompts, triples, sentences, pairFiles });
  const { name, version } = options;
  const training = { seed, commit: commitOfSources(), settings: numbersOf(settings), data };
  const draft = { name, version, shape, training, metrics: metricsOf(rows) };
  const { files, manifest } = await kinReleaseFiles(compileKin(shape, trained), draft);
  const command = ["npm run train:kin --", ...args].join(" ").replace(/ --$/, "");
  if (!options.isDryRun)
    await writeRelease(options.out, files, cardOf({ manifest, rows, command }));
  report(options, {
    rows,
    bytes: files.model.length,
    seconds: (performance.now() - startedMs) / 1000,
  });
}

interface Corpus {
  /** Of the split `train`, each question once. */
  readonly prompts: readonly string[];
  /** Of the split `valid`. */
  readonly heldOut: readonly string[];
  readonly data: KinManifest["training"]["data"];
}

async function readPrompts(sets: string): Promise<Corpus> {
  const prompts = new Map<string, string>();
  const heldOut = new Map<string, string>();
  const data: KinManifest["training"]["data"] = [];
  for (const { name, path, licence } of await listShippingSets(sets)) {
    let rows = 0;
    for await (const { gid, split, prompt } of readOutcomes(path)) {
      if (split === "train") rows++;
      const side = split === "train" ? prompts : heldOut;
      if (!side.has(gid)) side.set(gid, prompt);
    }
    data.push({ name, sha256: sha256Of(await readFile(path)), rows, licence });
  }
  for (const list of LISTS) {
    const bytes = await readFile(fileURLToPath(new URL(`kinship/${list}`, import.meta.url)));
    const rows = bytes.toString("utf8").trim().split("\n").length;
    data.push({ name: list, sha256: sha256Of(bytes), rows, licence: "made for this project, MIT" });
  }
  return { prompts: [...prompts.values()], heldOut: [...heldOut.values()], data };
}

function sha256Of(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function numbersOf({ shape, ...settings }: KinSettings): Record<string, number> {
  return { ...shape, ...settings };
}

/** Of the head as it ships. */
function metricsOf([shipped]: readonly Row[]): Record<string, number> {
  const { triples, pairs } = shipped!;
  const metrics = { near: triples.near, far: triples.far, first: triples.first };
  const judged = Object.entries(pairs).flatMap(([name, { area, recall99 }]) => [
    [`${name}Area`, area],
    [`${name}Recall99`, recall99],
  ]);
  const all: Record<string, number> = { ...metrics, ...Object.fromEntries(judged) };
  return Object.fromEntries(
    Object.entries(all).map(([name, value]) => [name, Number(value.toFixed(4))]),
  );
}

async function writeRelease(out: string, files: ReleaseFiles, card: string): Promise<void> {
  await mkdir(out, { recursive: true });
  await writeFile(join(out, "model.onnx"), files.model);
  await writeFile(join(out, "golden.json"), files.golden);
  await writeFile(join(out, "manifest.json"), files.manifest);
  await writeFile(join(out, "CARD.md"), card);
}

interface Summary {
  readonly rows: readonly Row[];
  /** Of the model. */
  readonly bytes: number;
  readonly seconds: number;
}

function report({ json, out, isDryRun }: Options, { rows, bytes, seconds }: Summary): void {
  const rounded = Number(seconds.toFixed(1));
  if (json)
    return console.log(
      JSON.stringify({ out, isDryRun, modelBytes: bytes, seconds: rounded, rows }),
    );
  const where = isDryRun ? "nothing written" : out;
  console.log(
    `${where}: ${(bytes / 2 ** 20).toFixed(2)} MiB, ${rounded} s\n\n${reportTable(rows)}`,
  );
}

/** The commit that trained it, "+" where the tree had changes; "unknown" outside a checkout. */
function commitOfSources(): string {
  try {
    const commit = git("rev-parse", "--short=12", "HEAD");
    return git("status", "--porcelain", "--", "router-models", "scripts") === ""
      ? commit
      : `${commit}+`;
  } catch {
    return "unknown";
  }
}

function git(...words: string[]): string {
  const stdio: ["ignore", "pipe", "ignore"] = ["ignore", "pipe", "ignore"];
  return execFileSync("git", words, { encoding: "utf8", stdio }).trim();
}

try {
  await main();
} catch (error) {
  console.error(`train:kin: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
