/**
 * The stages of a run: pull the events, make the dataset, train, judge, publish. Each leaves a file of what it has found
 * and is not done again while that is there.
 */
import { access } from "node:fs/promises";
import { join, resolve } from "node:path";
import { z } from "zod";
import type { CatalogModel } from "../../router-models/catalog.ts";
import { weightsLabel } from "../../router-models/release.ts";
import type { KvTarget } from "../cloudflare/kv-command.ts";
import { wranglerKv } from "../cloudflare/kv-store.ts";
import { pullEvents } from "../events/mirror.ts";
import { BadLines } from "../events/records.ts";
import { readAuthority, readShares } from "../releasing/options.ts";
import { prepareRelease, publishRelease } from "../releasing/publish-release.ts";
import { KEY_VARIABLE } from "../releasing/signing-keys.ts";
import { openScoring } from "../replaying/scoring.ts";
import type { Progress } from "../report/progress.ts";
import { writeReport } from "../report/report-folder.ts";
import { retrainPictures } from "../report/retrain-pictures.ts";
import { retrainReport } from "../report/retrain-report.ts";
import type { BaseRows } from "./base-rows.ts";
import { certifyLike } from "./certifying.ts";
import { datasetSchema, makeDataset, type Dataset } from "./dataset.ts";
import { openEvents } from "./event-place.ts";
import { haveAllPassed } from "./gates.ts";
import { nextVersion, type Incumbent } from "./incumbent.ts";
import { judgeRelease } from "./judgement.ts";
import type { Holder } from "./lock.ts";
import type { Options } from "./options.ts";
import { releasePath, trainRouter } from "./train-router.ts";
import type { WorkFolder } from "./work-folder.ts";

/** What a run takes from its process. */
export interface Host {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly self: Pick<Holder, "pid" | "host">;
  now(): Date;
  nowMs(): number;
  say(line: string): void;
  progress(label: string): Progress;
  /** Of the sources, for the manifest. */
  readonly commit: string;
  readonly command: string;
}

/** What the stages of a run share. */
export interface Context {
  readonly options: Options;
  readonly host: Host;
  readonly root: string;
  readonly work: WorkFolder;
  readonly incumbent: Incumbent;
  readonly catalog: readonly CatalogModel[];
  readonly target: KvTarget | undefined;
}

const gateSchema = z.strictObject({
  name: z.string(),
  /** Null where it is not known. */
  value: z.number().nullable(),
  limit: z.number().nullable(),
  passed: z.boolean(),
  why: z.string(),
});
const pulledSchema = z.strictObject({
  paths: z.array(z.string()),
  fetched: z.int(),
  removed: z.int(),
  bytes: z.int(),
  digest: z.string(),
  seconds: z.number(),
});
const madeSchema = z.strictObject({ dataset: datasetSchema, seconds: z.number() });
const trainedSchema = z.strictObject({
  rows: z.int(),
  unproven: z.array(z.string()),
  seconds: z.number(),
});
const judgedSchema = z.strictObject({
  passed: z.boolean(),
  gates: z.array(gateSchema),
  weights: z.string(),
  seconds: z.number(),
});
const publishedSchema = z.strictObject({ serial: z.int() });

type Pulled = z.output<typeof pulledSchema>;
type Gathered = z.output<typeof madeSchema>;
type Trained = z.output<typeof trainedSchema>;
export type Judged = z.output<typeof judgedSchema>;

export async function pull({ options, host, root, work }: Context): Promise<Pulled> {
  const pulled = await work.stage("pulled", pulledSchema, async () => {
    const startMs = host.nowMs();
    const source = await openEvents(options, host.env);
    const progress = host.progress("pulling");
    try {
      const sinceMs = sinceOf(options, work);
      const { fetched, ...found } = await pullEvents(source, join(root, "events"), {
        sinceMs,
        onFile: (done, total) => progress.update(done, source.place, total),
      });
      return {
        ...found,
        paths: [...found.paths],
        fetched: fetched.length,
        seconds: secondsSince(host, startMs),
      };
    } finally {
      progress.finish();
      await source.close();
    }
  });
  const there = await Promise.all(
    pulled.paths.map((path) =>
      access(path).then(
        () => path,
        () => "",
      ),
    ),
  ); // Some may be erased meanwhile.
  return { ...pulled, paths: there.filter((path) => path !== "") };
}

function sinceOf({ sinceDays }: Options, { begunAt }: WorkFolder): number {
  return begunAt.getTime() - sinceDays * 86_400_000;
}

export function gather(
  { options, host, work, incumbent, catalog }: Context,
  paths: readonly string[],
  { survey }: BaseRows,
): Promise<Gathered> {
  return work.stage("dataset", madeSchema, async () => {
    const startMs = host.nowMs();
    const progress = host.progress("reading");
    const { scoring, close } = await openScoring(incumbent.release, catalog);
    const bad = options.strict ? undefined : new BadLines();
    try {
      const dataset = await makeDataset({
        paths,
        folder: work.path,
        incumbent: scoring,
        tableRows: incumbent.release.manifest.features.tableRows,
        models: survey.models,
        catalog: new Set(catalog.map(({ id }) => id)),
        sinceMs: sinceOf(options, work),
        judgedShare: options.heldOut,
        guessWeight: options.guessWeight,
        keepsTask: survey.trainRows === 0,
        bad,
        onDecision: (done) => progress.update(done, "decisions", done),
      });
      for (const line of bad?.named ?? []) host.say(`Left out: ${line}`);
      return { dataset, seconds: secondsSince(host, startMs) };
    } finally {
      progress.finish();
      await close();
    }
  });
}

export function train(
  { options, host, work, incumbent, catalog }: Context,
  dataset: Dataset,
  base: BaseRows,
): Promise<Trained> {
  const { manifest } = incumbent.release;
  return work.stage("trained", trainedSchema, async () => {
    const startMs = host.nowMs();
    const progress = host.progress("training");
    const { rows } = await trainRouter({
      folder: work.path,
      dataset,
      base,
      catalog,
      incumbent: manifest,
      version: nextVersion(manifest.version, work.begunAt),
      seed: options.seed,
      device: options.device,
      commit: host.commit,
      command: host.command,
      nowMs: () => host.nowMs(),
      hasTime: (share) => (host.nowMs() - startMs) * (1 + share) < 0.9 * options.budgetMs,
      onProgress: (done, total, note) => progress.update(done, note, total),
    });
    progress.finish();
    const release = releasePath(work.path);
    const unproven = await certifyLike({ ...options, release, incumbent: manifest });
    for (const line of unproven) host.say(line);
    return { rows, unproven, seconds: secondsSince(host, startMs) };
  });
}

const SLICE_ROWS = 50;
const TIMED_ROUNDS = 300;

export function judge(
  { options, host, work, incumbent, catalog, root }: Context,
  { dataset, trained }: { dataset: Dataset; trained: Trained },
): Promise<Judged> {
  return work.stage("judged", judgedSchema, async () => {
    const startMs = host.nowMs();
    const progress = host.progress("judging");
    const judgement = await judgeRelease({
      folder: work.path,
      candidate: releasePath(work.path),
      incumbent: incumbent.release,
      catalog,
      limits: options.limits,
      estimating: { confidence: options.confidence, seed: options.seed, sliceRows: SLICE_ROWS },
      rounds: TIMED_ROUNDS,
      nowMs: () => host.nowMs(),
      onDecision: (done) => progress.update(done, "decisions", dataset.judged),
    });
    progress.finish();
    const { release } = await prepareOrNothing(releasePath(work.path));
    const weights = release === undefined ? "unfit" : weightsLabel(release);
    const names = { candidate: weights, incumbent: weightsLabel(incumbent.release) };
    const input = { names, dataset, judgement, confidence: options.confidence, ...trained };
    await writeReport(reportPath(options, root), {
      result: input,
      table: retrainReport(input),
      pictures: retrainPictures(input),
    });
    const { gates } = judgement;
    const finite = gates.map((gate) => ({
      ...gate,
      value: finiteOr(gate.value),
      limit: finiteOr(gate.limit),
    }));
    return {
      passed: haveAllPassed(gates),
      gates: finite,
      weights,
      seconds: secondsSince(host, startMs),
    };
  });
}

export function reportPath({ report }: Options, root: string): string {
  return report === undefined ? join(root, "report") : resolve(report);
}

async function prepareOrNothing(path: string) {
  return prepareRelease(path).catch(() => ({ release: undefined }));
}

/** The serial of the rollout. What was written before the process was killed is found there and written again. */
export async function publish({
  options,
  host,
  work,
  incumbent,
  target,
}: Context): Promise<number> {
  if (target === undefined) throw new Error("Say where to publish: either --local or --remote.");
  const authority = await readAuthority(options, host.env[KEY_VARIABLE]);
  const way = {
    authority,
    kv: wranglerKv(target),
    nowMs: host.now().getTime(),
    say: (line: string) => host.say(line),
  };
  const { serial } = await work.stage("published", publishedSchema, async () => {
    if (incumbent.folder !== undefined)
      await publishRelease(await prepareRelease(incumbent.folder), way);
    const shares = readShares("--trial-share", {
      share: options["trial-share"],
      tenants: options.tenant,
    });
    const rollout = await publishRelease(await prepareRelease(releasePath(work.path)), {
      ...way,
      shares,
    });
    return { serial: rollout.serial };
  });
  return serial;
}

function secondsSince(host: Host, startMs: number): number {
  return Number(((host.nowMs() - startMs) / 1_000).toFixed(2));
}

function finiteOr(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
