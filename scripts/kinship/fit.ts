/**
 * One training of the head: lessons in, a table out.
 *
 * A row begins as a random direction whose length is the rarity of what it stands for, so an untaught row
 * already says that a text has this word and how much that means; what is learnt moves from there. The seed
 * decides the first table and every lesson, and on the CPU the bits of the result.
 */
import { compileTrainingStep } from "../../router-models/graph/compile.ts";
import { adamScalars } from "../../router-models/graph/optimizer.ts";
import { kinLoss, type KinLossOptions, type KinShape } from "../../router-models/kin/head.ts";
import { readText } from "../../router-models/kin/tokens.ts";
import { normalFrom, randomFrom } from "../../worker/lib/prng.ts";
import type { Tensor } from "../training/batch.ts";
import { StepSession, type State } from "../training/device.ts";
import { drawLesson, type Lesson, type LessonSource } from "./lessons.ts";

export interface KinSettings extends KinLossOptions {
  readonly shape: KinShape;
  readonly steps: number;
  /** Lessons of a step. */
  readonly lessons: number;
  /** Peak learning rate; it falls linearly to nearly 0. */
  readonly rate: number;
  /** Added to the root of a row's second moment; see graph/optimizer.ts. */
  readonly damping: number;
  /** Weight of all near strangers of a batch, and of all other ones, where that of all kin is 1. */
  readonly nearWeight: number;
  readonly farWeight: number;
  /** Length of a row at the start, where the rarest have 1: at least this, and more from this rarity on, in nats. */
  readonly leastLength: number;
  readonly leastRarity: number;
}

export interface KinFitInput {
  readonly source: LessonSource;
  /** Texts that say how rare each row is. */
  readonly prompts: readonly string[];
  readonly settings: KinSettings;
  readonly seed: number;
  readonly onStep: (done: number, loss: number) => void;
}

/** float32 [rows, dimensions]. Rejects where the loss is no number. */
export async function fitKin(input: KinFitInput): Promise<Float32Array<ArrayBuffer>> {
  const { source, settings, seed, onStep } = input;
  const table = firstTable(input);
  if (settings.steps === 0) return table;
  const step = compileTrainingStep(kinLoss(settings.shape, settings), {
    tuning: { table: { damping: settings.damping } },
  });
  const moments = {
    m_table: new Float32Array(table.length),
    v_table: new Float32Array(table.length),
  };
  const session = await StepSession.open(step, { table, ...moments }, "cpu");
  const random = randomFrom(seed + 1);
  for (let done = 1; done <= settings.steps; done++) {
    const lessons = Array.from({ length: settings.lessons }, () => drawLesson(source, random));
    const rate = settings.rate * Math.max(1 - (done - 1) / settings.steps, 0.02);
    const feeds = { ...lessonTensors(lessons, settings), ...scalarsOf(adamScalars(rate, done)) };
    const loss = await session.step(feeds);
    if (!Number.isFinite(loss))
      throw new Error(`The loss is ${loss} at step ${done}: lower the rate`);
    onStep(done, loss);
  }
  const state: State = await session.state();
  const trained = state["table"]!.slice();
  await session.release();
  return trained;
}

function firstTable({ prompts, settings, seed }: KinFitInput): Float32Array<ArrayBuffer> {
  const { shape, leastLength, leastRarity } = settings;
  const { wordRows, letterRows, dimensions } = shape;
  const documents = new Uint32Array(wordRows + letterRows);
  for (const prompt of prompts) for (const id of readText(prompt, shape).ids) documents[id]!++;
  const rarest = Math.log(2 * (prompts.length + 1)) - leastRarity;
  const normal = normalFrom(randomFrom(seed));
  const table = new Float32Array(documents.length * dimensions);
  documents.forEach((count, row) => {
    const rarity = Math.log((prompts.length + 1) / (count + 0.5)) - leastRarity;
    const length = Math.max(rarity / rarest, leastLength) / Math.sqrt(dimensions);
    for (let d = 0; d < dimensions; d++) table[row * dimensions + d] = normal() * length;
  });
  return table;
}

/** Texts stand lesson by lesson: two kin, then two strangers. */
function lessonTensors(lessons: readonly Lesson[], settings: KinSettings): Record<string, Tensor> {
  const texts = lessons.flatMap(({ kin, strangers }) => [...kin, ...strangers]);
  return { ...bagTensors(texts, settings.shape), ...pairTensors(lessons.length, settings) };
}

/** `rowIds` [U] and `bag` [B, U]. */
function bagTensors(texts: readonly string[], shape: KinShape): Record<string, Tensor> {
  const bags = texts.map((text) => readText(text, shape));
  const columns = new Map<number, number>();
  for (const { ids } of bags)
    for (const id of ids) if (!columns.has(id)) columns.set(id, columns.size);
  const bag = new Float32Array(texts.length * columns.size);
  bags.forEach(({ ids, weights }, b) =>
    ids.forEach((id, i) => (bag[b * columns.size + columns.get(id)!]! += weights[i]!)),
  );
  return {
    rowIds: { data: Int32Array.from(columns.keys()), dims: [columns.size] },
    bag: { data: bag, dims: [texts.length, columns.size] },
  };
}

/** `kin` and `pairWeights` [B, B]: of each pair one half, as the loss sees it twice. */
function pairTensors(
  lessons: number,
  { nearWeight, farWeight }: KinSettings,
): Record<string, Tensor> {
  const texts = 4 * lessons;
  const kin = new Float32Array(texts * texts);
  const pairWeights = new Float32Array(texts * texts);
  const near = nearWeight / (5 * lessons);
  const far = farWeight / ((texts * (texts - 4)) / 2);
  for (let a = 0; a < texts; a++)
    for (let b = 0; b < a; b++) {
      const isLesson = a >> 2 === b >> 2;
      const isKin = isLesson && a % 4 === 1 && b % 4 === 0;
      const at = a * texts + b;
      kin[at] = isKin ? 1 : 0;
      pairWeights[at] = isKin ? 1 / lessons : isLesson ? near : far;
    }
  return {
    kin: { data: kin, dims: [texts, texts] },
    pairWeights: { data: pairWeights, dims: [texts, texts] },
  };
}

function scalarsOf(values: Readonly<Record<string, number>>): Record<string, Tensor> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      { data: Float32Array.of(value), dims: [] },
    ]),
  );
}
