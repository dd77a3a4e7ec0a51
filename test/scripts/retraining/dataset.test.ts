/** What becomes of a log: who teaches, who judges, what counts how much, and what is left out and counted. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import { extractFeatures, FEATURE_VERSION } from "../../../router-models/features/extract.ts";
import { promptOfText } from "../../../router-models/features/prompt.ts";
import { openRelease } from "../../../router-models/release.ts";
import { BadLines } from "../../../scripts/events/records.ts";
import { openScoring, type Scoring } from "../../../scripts/replaying/scoring.ts";
import {
  judgedDecisions,
  learntPath,
  makeDataset,
  type Dataset,
} from "../../../scripts/retraining/dataset.ts";
import { JointExamples } from "../../../scripts/retraining/joint-examples.ts";
import { loggedFeatures, promptKey } from "../../../scripts/retraining/lesson.ts";
import { ExampleStore } from "../../../scripts/training/example-store.ts";
import type { DecisionRecord } from "../../../worker/domain/event.ts";
import { packFloats, packInts } from "../../../worker/lib/packed-numbers.ts";
import { catalogOf } from "../../router-models/made-catalog.ts";
import { tinyRelease } from "../../support/tiny-release.ts";
import { decisionRecord, feedbackRecord, START_MS, writeEvents } from "../events/event-files.ts";

const MODELS = ["alpha/large", "alpha/small", "beta/medium"];
const CATALOG = catalogOf(Object.fromEntries(MODELS.map((id) => [id, {}])));
const ROWS = 1024;

let folder: string;
let scoring: Scoring;
let close: () => Promise<void>;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-dataset-"));
  ({ scoring, close } = await openScoring(await openRelease(await tinyRelease()), CATALOG));
});
afterAll(async () => {
  await close();
  await rm(folder, { recursive: true });
});

function packed(text: string): NonNullable<DecisionRecord["features"]> {
  const { ids, weights, statistics } = extractFeatures(promptOfText(text), ROWS);
  return {
    version: FEATURE_VERSION,
    tableRows: ROWS,
    ids: packInts(ids),
    weights: packFloats(weights),
    statistics: packFloats(statistics),
  };
}

/** The n-th decision, an hour after the one before. */
function asked(n: number, changes: Partial<DecisionRecord> = {}): DecisionRecord {
  const features = packed(`What is ${n} plus ${n * n}?`);
  return decisionRecord({ id: `r${n}`, atMs: START_MS + n * 3_600_000, features, ...changes });
}

async function datasetOf(
  log: readonly (DecisionRecord | ReturnType<typeof feedbackRecord> | string)[],
  bad = new BadLines(),
): Promise<Dataset> {
  await writeEvents(folder, "log.ndjson.gz", log);
  return makeDataset({
    paths: [join(folder, "log.ndjson.gz")],
    folder,
    incumbent: scoring,
    tableRows: ROWS,
    models: ["base/only"],
    catalog: new Set(MODELS),
    sinceMs: START_MS,
    judgedShare: 0.25,
    guessWeight: 0.3,
    keepsTask: true,
    bad,
  });
}

function lessons() {
  const store = ExampleStore.open(learntPath(folder))!;
  const all = [...store];
  store.close();
  return all;
}

describe("a dataset of logged decisions", () => {
  it("learns from what came first and judges by the rest, each decision once", async ({
    expect,
  }) => {
    const log = [1, 2, 3, 4, 5, 6, 7, 8].map((n) => asked(n));
    const dataset = await datasetOf([...log, ...log, "noise"]);
    expect(dataset).toMatchObject({ decisions: 8, learnt: 6, judged: 2, leftOut: 0, badLines: 1 });
    expect(dataset.models).toEqual(["alpha/large", "alpha/small", "base/only"]);
    expect(dataset.answers).toEqual([{ model: "alpha/large", answers: 8, reward: 1, spoken: 0 }]);
    const judging: string[] = [];
    for await (const { record } of judgedDecisions(folder)) judging.push(record.id);
    expect(judging).toEqual(["r7", "r8"]);
  });

  it("weighs a label by what was said, the mean being 1, and no more than five", async ({
    expect,
  }) => {
    const said = feedbackRecord({ id: "r1", score: 0.25 });
    await datasetOf([...[1, 2, 3, 4, 5, 6, 7, 8].map((n) => asked(n)), said]);
    const [first, second] = lessons();
    expect(first!.scores).toEqual([[0, 0.25]]);
    expect(first!.weight).toBeCloseTo(1 / 0.25, 6); // One word of 1 among five silences of 0.1.
    expect(second!.weight).toBeCloseTo(0.1 / 0.25, 6);
    expect(second!.scores).toEqual([[0, 1]]);
    await datasetOf([...Array.from({ length: 40 }, (_, n) => asked(n)), said]);
    expect(Math.max(...lessons().map(({ weight = 1 }) => weight))).toBe(5);
  });

  it("guesses as the incumbent does of candidates that were not asked", async ({ expect }) => {
    await datasetOf([1, 2, 3, 4].map((n) => asked(n)));
    const { forecast } = (await scoring.read(asked(1)))!;
    const small = forecast.models.find(({ id }) => id === "alpha/small")!;
    expect(lessons()[0]!.guesses).toEqual([[1, small.score, 0.3]]);
  });

  it("leaves out what cannot teach, and says how much that is", async ({ expect }) => {
    const { features: _, ...blind } = asked(3);
    const other = { ...packed("another table"), tableRows: 2 * ROWS };
    const older = { ...packed("older features"), version: FEATURE_VERSION - 1 };
    const broken = { ...packed("broken"), weights: packFloats(Float32Array.of(1)) };
    const dataset = await datasetOf([
      asked(1),
      asked(2, { outcome: { ...asked(2).outcome, model: null, ending: "failed" } }),
      blind,
      asked(4, { features: other }),
      asked(5, { features: broken }),
      asked(5, { id: "older", features: older }),
      asked(6),
      asked(-1),
    ]);
    expect(dataset).toMatchObject({ unreadable: 4, learnt: 1, judged: 1, leftOut: 1 });
  });

  it("reads a prompt where there are no features of its table", ({ expect }) => {
    const prompt = promptOfText("What is 1 plus 1?");
    const kept = { ...prompt, turns: [...prompt.turns] };
    const features = loggedFeatures({ prompt: kept }, ROWS)!;
    expect(promptKey(features)).toBe(
      promptKey(loggedFeatures({ features: packed("What is 1 plus 1?") }, ROWS)!),
    );
    expect(promptKey(features)).not.toBe(
      promptKey(loggedFeatures({ features: packed("What is 1 plus 2?") }, ROWS)!),
    );
    expect(loggedFeatures({}, ROWS)).toBeUndefined();
  });
});

it("joint examples are the lists one after the other, but those refused", async ({ expect }) => {
  await datasetOf([1, 2, 3, 4, 5].map((n) => asked(n)));
  const all = lessons();
  const [first, ...rest] = all;
  const joint = JointExamples.of([all, all], ({ gid }) => gid !== first!.gid);
  expect([...joint]).toEqual([...rest, ...rest]);
  expect(joint.length).toBe(2 * rest.length);
  expect(Array.from({ length: joint.length }, (_, i) => joint.at(i))).toEqual([...joint]);
  expect([joint.at(-1), joint.at(joint.length)]).toEqual([undefined, undefined]);
});
