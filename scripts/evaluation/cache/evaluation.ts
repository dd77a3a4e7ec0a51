/**
 * The evaluation of the semantic cache: of each set of pairs, what every similarity serves at every threshold, with and
 * without the guards; what the rules that learn make of it; and the same for the set's questions as a stream.
 *
 * The guards and the bound are those that serve. Nothing is fitted here: a similarity may count a set's words, and a
 * rule lives on what it is told while it serves. Numbers that take the best threshold look at the labels they are
 * judged by, and say what a similarity could do at best, not what a deployment would get.
 */
import { hashText, randomFrom } from "../../../worker/lib/prng.ts";
import { createProgress } from "../../report/progress.ts";
import { adversarialReport, readAdversarial, type AdversarialReport } from "./adversarial.ts";
import {
  BUDGETS,
  CONTROL_GATES,
  controls,
  DEFAULT,
  DEFAULT_GATES,
  PAIR_GATES,
  similarities,
  STREAM_GATES,
  type Gate,
} from "./contenders.ts";
import { courseRows, dealt, drawn, requestsOf, type CourseRow } from "./course-rows.ts";
import { openHead } from "./head.ts";
import { methodRows, rankedBy, type MethodRow, type Ranked } from "./method-rows.ts";
import type { CacheOptions } from "./options.ts";
import { readPairs, type LabelNoise, type PairFile } from "./pair-file.ts";
import { preparePairs, type PairSet } from "./pair-set.ts";
import { neighboursOf, questionsOf, rememberedGuard, streamOf } from "./question-stream.ts";
import type { Arrival } from "./requests.ts";
import { vocabularyOf, type Compare, type Similarity } from "./similarity.ts";

export interface StreamReport {
  readonly questions: number;
  readonly rows: readonly CourseRow[];
  /** What ships, a row for each of BUDGETS. */
  readonly byBudget: readonly CourseRow[];
}

export interface CacheSetReport {
  readonly name: string;
  readonly pairs: number;
  readonly equivalent: number;
  readonly noise: LabelNoise;
  /** By guard, how many pairs of either kind it was the first to refuse. */
  readonly refusals: Readonly<Record<string, { equivalent: number; different: number }>>;
  readonly methods: readonly MethodRow[];
  /** The rules that learn, on the pairs in random orders, each once. */
  readonly courses: readonly CourseRow[];
  /** The same on pairs drawn with replacement; empty where none were to be drawn. */
  readonly drawn: readonly CourseRow[];
  /** What ships, a row for each of BUDGETS: on the pairs once each, and drawn. */
  readonly byBudget: readonly CourseRow[];
  readonly drawnByBudget: readonly CourseRow[];
  /** Undefined where no questions were to be streamed. */
  readonly stream: StreamReport | undefined;
}

export interface CacheEvaluation {
  readonly protocol: "cache";
  readonly ships: typeof DEFAULT;
  readonly budget: number;
  readonly split: CacheOptions["split"];
  readonly orders: number;
  /** Drawn with replacement. */
  readonly requests: number;
  readonly resamples: number;
  readonly seed: number;
  readonly sets: readonly CacheSetReport[];
  readonly adversarial: AdversarialReport;
}

/** Reads the pairs and evaluates them; progress goes to stderr. Rejects as `readPairs` and `readAdversarial` do. */
export async function evaluateCache(options: CacheOptions): Promise<CacheEvaluation> {
  const { budget, split, orders, requests, resamples, seed } = options;
  const head = await openHead(options.head);
  const misleading = await readAdversarial(options.adversarial);
  const files: PairFile[] = [];
  for (const path of options.files) files.push(await readPairs(path, options));
  const progress = createProgress("cache", files.length * stepsOf(head));
  let done = 0;
  function onStep(note: string): void {
    progress.update(++done, note);
  }
  const sets: CacheSetReport[] = [];
  for (const file of files) sets.push(await reportSet(file, { head, options, onStep }));
  const adversarial = await adversarialReport(misleading, (words) => similarities(head, words));
  progress.finish();
  const terms = { budget, split, orders, requests, resamples, seed };
  return { protocol: "cache", ships: DEFAULT, ...terms, sets, adversarial };
}

interface Work {
  readonly head: Similarity;
  readonly options: CacheOptions;
  /** Called after each of the steps of a set. */
  readonly onStep: (note: string) => void;
}

/** The guards, the bootstrap, and for each similarity that may serve its pairs and its stream. */
function stepsOf(head: Similarity): number {
  return 2 + 2 * similarities(head, vocabularyOf([])).length;
}

async function reportSet(file: PairFile, { head, options, onStep }: Work): Promise<CacheSetReport> {
  const { name } = file;
  const set = preparePairs(file);
  onStep(`${name}: guards`);
  const serving = similarities(head, vocabularyOf(file.allTexts));
  const courses: CourseRow[] = [];
  const fromDraws: CourseRow[] = [];
  const byBudget: CourseRow[] = [];
  const drawnByBudget: CourseRow[] = [];
  const rankings: Ranked[] = [];
  for (const similarity of serving) {
    const compare = await similarity.read(set.texts);
    rankings.push(...rankedBy(similarity.name, set, compare));
    const terms = { set, compare, options };
    courses.push(...pairCourses(similarity.name, terms, PAIR_GATES));
    byBudget.push(...rowsByBudget(similarity, onceEach(terms), options));
    if (options.requests > 0) {
      const draws = remembered(drawnFrom(terms));
      fromDraws.push(...courseRows(similarity.name, draws, { ...options, gates: PAIR_GATES }));
      drawnByBudget.push(...rowsByBudget(similarity, draws, options));
    }
    onStep(`${name}: ${similarity.name}`);
  }
  courses.push(...pairCourses("any", { set, compare: () => 0, options }, CONTROL_GATES));
  for (const control of controls(options.seed))
    rankings.push(...rankedBy(control.name, set, await control.read(set.texts)));
  const methods = methodRows(rankings, set, options);
  onStep(`${name}: intervals`);
  return {
    name,
    pairs: set.pairs.length,
    equivalent: set.pairs.filter(({ isEquivalent }) => isEquivalent).length,
    noise: file.noise,
    refusals: refusalsOf(set),
    methods,
    courses,
    drawn: fromDraws,
    byBudget,
    drawnByBudget,
    stream: await reportStream(set, serving, { options, onStep }),
  };
}

interface PairTerms {
  readonly set: PairSet;
  readonly compare: Compare;
  readonly options: CacheOptions;
}

function onceEach({ set, compare, options: { seed } }: PairTerms): (order: number) => Arrival[] {
  const requests = requestsOf(set, compare);
  return (order) => dealt(requests, { seed, order });
}

function pairCourses(name: string, terms: PairTerms, gates: readonly Gate[]): CourseRow[] {
  return courseRows(name, onceEach(terms), { ...terms.options, gates });
}

function drawnFrom({ set, compare, options }: PairTerms): (order: number) => Arrival[] {
  const { seed, requests: count } = options;
  const requests = requestsOf(set, compare);
  return (order) => drawn(requests, { seed, order, count });
}

function refusalsOf({ pairs }: PairSet): CacheSetReport["refusals"] {
  const refusals: Record<string, { equivalent: number; different: number }> = {};
  for (const { refusal, isEquivalent } of pairs) {
    if (refusal === undefined) continue;
    const row = (refusals[refusal] ??= { equivalent: 0, different: 0 });
    row[isEquivalent ? "equivalent" : "different"]++;
  }
  return refusals;
}

async function reportStream(
  set: PairSet,
  serving: readonly Similarity[],
  { options, onStep }: Omit<Work, "head">,
): Promise<StreamReport | undefined> {
  const { questions: most, seed } = options;
  const random = randomFrom(hashText(`questions ${set.name} ${seed}`));
  const questions = questionsOf(set, { most, random });
  const count = questions.texts.length;
  if (count < 2) {
    for (const { name } of serving) onStep(`${set.name}: ${name}, not streamed`);
    return undefined;
  }
  const refuses = rememberedGuard(questions.texts);
  const rows: CourseRow[] = [];
  const byBudget: CourseRow[] = [];
  for (const similarity of serving) {
    const neighbours = neighboursOf(count, await similarity.read(questions.texts));
    const arrivalsOf = remembered((order) => {
      const shuffled = randomFrom(hashText(`stream ${seed} ${order}`));
      return streamOf(questions, neighbours, { refuses, random: shuffled });
    });
    rows.push(...courseRows(similarity.name, arrivalsOf, { ...options, gates: STREAM_GATES }));
    byBudget.push(...rowsByBudget(similarity, arrivalsOf, options));
    onStep(`${set.name}: ${similarity.name}, streamed`);
  }
  return { questions: count, rows, byBudget };
}

/** Nothing for a similarity that does not ship. */
function rowsByBudget(
  { name }: Similarity,
  arrivalsOf: (order: number) => readonly Arrival[],
  options: CacheOptions,
): CourseRow[] {
  if (name !== DEFAULT.similarity) return [];
  return BUDGETS.flatMap((budget) =>
    courseRows(name, arrivalsOf, { ...options, budget, gates: DEFAULT_GATES }),
  );
}

/** The same arrivals again, without making them again. */
function remembered(
  arrivalsOf: (order: number) => readonly Arrival[],
): (order: number) => readonly Arrival[] {
  const known = new Map<number, readonly Arrival[]>();
  return (order) => {
    const arrivals = known.get(order) ?? arrivalsOf(order);
    known.set(order, arrivals);
    return arrivals;
  };
}
