/** From a log to a judged router, on the made-up deployment: what is learnt, and what is refused. */
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import { openRelease, type Release } from "../../../router-models/release.ts";
import { readReleaseFolder } from "../../../scripts/dataset/release-folder.ts";
import { openScoring, type Scoring } from "../../../scripts/replaying/scoring.ts";
import { surveyBase } from "../../../scripts/retraining/base-rows.ts";
import { makeDataset, type Dataset } from "../../../scripts/retraining/dataset.ts";
import { DEFAULT_LIMITS } from "../../../scripts/retraining/gates.ts";
import { judgeRelease, type Judgement } from "../../../scripts/retraining/judgement.ts";
import { releasePath, trainRouter } from "../../../scripts/retraining/train-router.ts";
import type { LogRecord } from "../../../worker/domain/event.ts";
import { randomFrom, shuffle } from "../../../worker/lib/prng.ts";
import { START_MS, writeEvents } from "../events/event-files.ts";
import {
  MADE_CATALOG,
  MADE_MODELS,
  madeUpTraffic,
  TABLE_ROWS,
  writeRelease,
} from "./made-up-traffic.ts";

const DECISIONS = 1_200;
/** The first three fifths. */
const LEARNT = 720;

let folder: string;
let incumbent: Release;
let scoring: Scoring;
let close: () => Promise<void>;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-learning-"));
  incumbent = await writeRelease(join(folder, "incumbent"));
  ({ scoring, close } = await openScoring(incumbent, MADE_CATALOG));
});
afterAll(async () => {
  await close();
  await rm(folder, { recursive: true });
});

async function datasetOf(name: string, log: readonly LogRecord[]): Promise<Dataset> {
  const work = join(folder, name);
  await mkdir(work);
  await writeEvents(work, "events/log.ndjson.gz", log);
  return makeDataset({
    paths: [join(work, "events/log.ndjson.gz")],
    folder: work,
    incumbent: scoring,
    tableRows: TABLE_ROWS,
    models: [],
    catalog: new Set(MADE_MODELS),
    sinceMs: 0,
    judgedShare: 0.4,
    guessWeight: 0.1,
    keepsTask: true,
    bad: undefined,
  });
}

async function judgementOf(name: string, log: readonly LogRecord[]): Promise<Judgement> {
  const work = join(folder, name);
  const dataset = await datasetOf(name, log);
  await trainRouter({
    folder: work,
    dataset,
    base: await surveyBase({ sets: undefined, data: [] }),
    catalog: MADE_CATALOG,
    incumbent: incumbent.manifest,
    version: "1.0.1-test",
    seed: 1,
    device: "cpu",
    commit: "none",
    command: "test",
    nowMs: () => 0,
    hasTime: () => false,
    onProgress: () => {},
  });
  return judgeRelease({
    folder: work,
    candidate: releasePath(work),
    incumbent,
    catalog: MADE_CATALOG,
    limits: { ...DEFAULT_LIMITS, latencyRatio: 100 },
    estimating: { confidence: 0.95, seed: 1, sliceRows: 30 },
    rounds: 5,
    nowMs: () => performance.now(),
    onDecision: () => {},
  });
}

function verdicts({ gates }: Judgement): Record<string, boolean> {
  return Object.fromEntries(gates.map(({ name, passed }) => [name, passed]));
}

describe("a log of a tenant that explores", () => {
  it("teaches a router that passes", async ({ expect }) => {
    const log = await madeUpTraffic({ count: DECISIONS, seed: 3, scoring });
    const judgement = await judgementOf("true", log);
    expect(verdicts(judgement)).not.toContain(false);
    const opened = await openRelease(await readReleaseFolder(releasePath(join(folder, "true"))));
    expect(opened.manifest.training.data).toMatchObject([{ name: "events", trainRows: LEARNT }]);
    expect(opened.manifest.version).toBe("1.0.1-test");
  });

  it("whose rewards are shuffled teaches one that is refused", async ({ expect }) => {
    const log = await madeUpTraffic({ count: DECISIONS, seed: 3, scoring });
    const judgement = await judgementOf("shuffled", shuffled(log));
    expect(verdicts(judgement)).toMatchObject({ reward: false, evidence: true, golden: true });
    expect(judgement.measured.gain.high).toBeLessThan(0.02);
  });
});

/** What was said while the router learnt goes to other requests; what was said later stays where it was. */
function shuffled(log: readonly LogRecord[]): LogRecord[] {
  const cutMs = START_MS + LEARNT * 60_000;
  const scores = log.flatMap((one) =>
    one.kind === "feedback" && one.atMs < cutMs ? [one.score] : [],
  );
  shuffle(scores, randomFrom(5));
  return log.map((one) =>
    one.kind === "feedback" && one.atMs < cutMs ? { ...one, score: scores.pop()! } : one,
  );
}
