/**
 * From files of events to what a router learns from and what it is judged by.
 *
 * The files are read twice. The first time gathers what was said of requests, and of each decision only what its side
 * and its weight go by; the second writes every decision to its side: examples into a store, those that judge as they
 * were logged, with their rewards. So memory holds some hundred bytes of a decision, however long its features are.
 */
import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { z } from "zod";
import { decisionRecordSchema, type DecisionRecord } from "../../worker/domain/event.ts";
import { linesOf, rowOf } from "../dataset/lines.ts";
import { decisionsOnce, Hearsay, joined, type JoinedDecision } from "../events/join.ts";
import { recordsOf, type BadLines } from "../events/records.ts";
import type { Scoring } from "../replaying/scoring.ts";
import { ExampleWriter } from "../training/example-store.ts";
import { lessonOf, loggedFeatures, promptKey, type LessonOptions } from "./lesson.ts";
import { Split, type Dated } from "./split.ts";

const count = z.int().nonnegative();

/** What was made, as it is written down. */
export const datasetSchema = z.strictObject({
  /** Decisions, each once. */
  decisions: count,
  /** Without features, prompt, or numbers that the router can read. */
  unreadable: count,
  learnt: count,
  judged: count,
  /** Of a prompt that is on the other side, or answered by nobody. */
  leftOut: count,
  badLines: count,
  /** The first few. */
  badNamed: z.array(z.string()),
  /** Milliseconds since 1970; 0 without decisions. */
  fromMs: z.number(),
  cutMs: z.number(),
  toMs: z.number(),
  /** In the order of label indices. */
  models: z.array(z.string()),
  /** What each model's answers were worth, the most asked first. */
  answers: z.array(
    z.strictObject({ model: z.string(), answers: count, reward: z.number(), spoken: count }),
  ),
  /** Of the examples. */
  sha256: z.string(),
});
export type Dataset = z.output<typeof datasetSchema>;

export interface DatasetOptions {
  readonly paths: readonly string[];
  /** Where the files go. */
  readonly folder: string;
  readonly incumbent: Scoring;
  /** Rows of the incumbent's table; the new router's has as many. */
  readonly tableRows: number;
  /** Models of other rows that are learnt from, and of the catalogue. */
  readonly models: readonly string[];
  readonly catalog: ReadonlySet<string>;
  readonly sinceMs: number;
  /** Of the decisions, the last part that judges. */
  readonly judgedShare: number;
  readonly guessWeight: number;
  /** See LessonOptions. */
  readonly keepsTask: boolean;
  /** Counts lines that cannot be read; without it the first one is thrown. */
  readonly bad: BadLines | undefined;
  readonly onDecision?: (done: number) => void;
}

/** Path of the examples, in the form of training/example-store.ts. */
export function learntPath(folder: string): string {
  return join(folder, "learn.bin");
}

function judgedPath(folder: string): string {
  return join(folder, "judge.ndjson.gz");
}

/** Rejects where a file cannot be read at all. */
export async function makeDataset(options: DatasetOptions): Promise<Dataset> {
  const notes = await takeNotes(options);
  const split = new Split(notes.decisions, options.judgedShare);
  const models = [...new Set([...options.models, ...notes.models])].toSorted();
  const written = await writeSides(options, { ...notes, split, models });
  const times = notes.decisions.map(({ atMs }) => atMs);
  const { bad } = options;
  return {
    decisions: notes.decisions.length + notes.unreadable,
    unreadable: notes.unreadable,
    ...written,
    leftOut: notes.decisions.length - written.learnt - written.judged,
    badLines: bad?.count ?? 0,
    badNamed: [...(bad?.named ?? [])],
    fromMs: times.reduce((a, b) => Math.min(a, b), times[0] ?? 0),
    cutMs: Number.isFinite(split.cutMs) ? split.cutMs : 0,
    toMs: times.reduce((a, b) => Math.max(a, b), 0),
    models,
    answers: answersOf(notes),
    sha256: await sha256OfFile(learntPath(options.folder)),
  };
}

/** The decisions that judge. Throws for a file that was not written here. */
export async function* judgedDecisions(folder: string): AsyncGenerator<JoinedDecision> {
  for await (const line of linesOf(judgedPath(folder))) yield rowOf(line, joinedSchema);
}

const joinedSchema = z.strictObject({
  record: decisionRecordSchema,
  reward: z.strictObject({ value: z.number(), weight: z.number() }),
});

interface Note extends Dated, Pick<DecisionRecord, "tenant" | "id"> {
  readonly outcome: Pick<DecisionRecord["outcome"], "model" | "signals">;
}

interface Notes {
  readonly hearsay: Hearsay;
  readonly decisions: readonly Note[];
  readonly unreadable: number;
  /** That answered or could have. */
  readonly models: ReadonlySet<string>;
}

async function takeNotes(options: DatasetOptions): Promise<Notes> {
  const hearsay = new Hearsay();
  const decisions: Note[] = [];
  const models = new Set<string>();
  let unreadable = 0;
  const records = recordsOf(options.paths, options.bad);
  for await (const record of decisionsOnce(records, (other) => hearsay.hear(other))) {
    if (record.atMs < options.sinceMs) continue;
    const features = loggedFeatures(record, options.tableRows);
    if (features === undefined) {
      unreadable++;
      continue;
    }
    const { tenant, id, atMs, outcome } = record;
    const { model, signals } = outcome;
    const known = [...record.decision.candidates.map((one) => one.model), model ?? ""];
    for (const name of known) if (options.catalog.has(name)) models.add(name);
    decisions.push({ tenant, id, atMs, prompt: promptKey(features), outcome: { model, signals } });
  }
  return { hearsay, decisions, unreadable, models };
}

interface Plan extends Omit<Notes, "models"> {
  readonly split: Split;
  /** In the order of label indices. */
  readonly models: readonly string[];
}

async function writeSides(
  options: DatasetOptions,
  notes: Plan,
): Promise<Pick<Dataset, "learnt" | "judged">> {
  const { folder, tableRows, incumbent } = options;
  const { hearsay, split, models } = notes;
  const path = learntPath(folder);
  const writer = new ExampleWriter(path, { tableRows, models: models.length });
  const lessons: LessonOptions = {
    ...options,
    indexOf: new Map(models.map((model, index) => [model, index])),
    meanWeight: meanWeightOf(notes),
  };
  const written = { learnt: 0, judged: 0 };
  let done = 0;
  async function* judged(): AsyncGenerator<string> {
    for await (const decision of joined(recordsOf(options.paths, new Silence()), hearsay)) {
      const { record } = decision;
      const features = loggedFeatures(record, tableRows);
      if (features === undefined || record.atMs < options.sinceMs) continue;
      const side = split.sideOf({ prompt: promptKey(features), atMs: record.atMs });
      if (side === "judge") {
        written.judged++;
        yield `${JSON.stringify(decision)}\n`;
      } else if (side === "learn") {
        const read = await incumbent.read(record);
        const lesson = lessonOf(decision, { features, forecast: read?.forecast }, lessons);
        if (lesson !== undefined) {
          writer.add(lesson);
          written.learnt++;
        }
      }
      options.onDecision?.(++done);
    }
  }
  await pipeline(Readable.from(judged()), createGzip(), createWriteStream(judgedPath(folder)));
  writer.finish();
  return written;
}

/** The second time nothing that was counted is counted again. */
class Silence implements BadLines {
  count = 0;
  readonly named: string[] = [];
  add(): void {}
}

function meanWeightOf({ decisions, hearsay, split }: Plan): number {
  const learnt = decisions.filter((one) => split.sideOf(one) === "learn");
  const sum = learnt.reduce((total, one) => total + hearsay.rewardOf(one).weight, 0);
  return learnt.length === 0 ? 1 : sum / learnt.length;
}

function answersOf({ decisions, hearsay }: Notes): Dataset["answers"] {
  const answered = Map.groupBy(decisions, ({ outcome }) => outcome.model ?? "");
  answered.delete("");
  const rows = [...answered].map(([model, own]) => {
    const rewards = own.map((one) => hearsay.rewardOf(one));
    const weight = rewards.reduce((sum, one) => sum + one.weight, 0);
    const reward = rewards.reduce((sum, one) => sum + one.weight * one.value, 0) / weight;
    return {
      model,
      answers: own.length,
      reward,
      spoken: own.filter((one) => hearsay.knows(one)).length,
    };
  });
  return rows.toSorted((a, b) => b.answers - a.answers || (a.model < b.model ? -1 : 1));
}

async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}
