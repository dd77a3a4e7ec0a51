/**
 * The simulated months of one set: trained once before them, played by everybody several times over, and summed up;
 * beside them the many short plays that tell how soon a collapse is noticed.
 */
import type { PriceSources } from "../evaluation/costs.ts";
import type { LoadedSet } from "../evaluation/loaded-set.ts";
import type { Progress } from "../report/progress.ts";
import { playMonth, SERVED, type Month, type PlayerName } from "./month.ts";
import { falseAlarms, noticed, type Noticed, type NoticeTerms } from "./notice.ts";
import type { MonthOptions } from "./options.ts";
import { Router, type Course } from "./router.ts";
import { summed, type Courses, type PlayerRow } from "./rows.ts";
import { placeOfSet, type Place } from "./world-of-set.ts";
import type { Happening, World } from "./world.ts";

/** What the preset `balanced` gives for a saving of the reference's whole cost. */
const LAMBDA = 0.08;
/** Mean days until somebody speaks, and the share of words that say the opposite. */
const DELAY_DAYS = 1;
const WRONG_WORDS = 0.05;
/** Players of a month beside those that are served. */
const OTHERS = 3;

/** Over runs; Infinity where it did not come in so many of them. */
export interface Spread {
  readonly median: number;
  readonly p95: number;
  /** Runs in which it came. */
  readonly runs: number;
}

export interface NoticeRow {
  readonly watches: boolean;
  readonly runs: number;
  /** Of the requests before the collapse, mean. */
  readonly share: number;
  readonly requestsUntilAlarm: Spread;
  readonly wordsUntilAlarm: Spread;
  readonly requestsUntilAround: Spread;
}

export interface RetrainingRow {
  readonly name: PlayerName;
  readonly retrainings: number;
  readonly taken: number;
  /** How often each gate refused. */
  readonly refusals: Readonly<Record<string, number>>;
}

export interface MonthEvaluation extends Setting {
  readonly rows: readonly PlayerRow[];
  readonly courses: Courses;
  readonly collapse: readonly NoticeRow[];
  readonly calm: {
    readonly months: number;
    readonly alarms: number;
    readonly monthsWithAlarm: number;
  };
  readonly retrainings: readonly RetrainingRow[];
}

interface Setting extends Pick<
  MonthOptions,
  "days" | "requests" | "months" | "every" | "exploration" | "feedback"
> {
  readonly set: string;
  readonly models: readonly string[];
  readonly happenings: readonly Happening[];
  readonly isLengthAssumed: boolean;
  readonly questions: Readonly<Record<"before" | "familiar" | "strange", number>>;
}

/** Steps of its progress bar. */
export function stepsOf({ months, runs }: MonthOptions): number {
  return months * (SERVED.length + OTHERS) + 3 * runs;
}

/** Rejects where the set is no world, or training fails. */
export async function evaluateMonths(
  set: LoadedSet,
  prices: PriceSources,
  { options, progress }: { readonly options: MonthOptions; readonly progress: Progress },
): Promise<MonthEvaluation> {
  const place = placeOfSet(set, { days: options.days, lambda: LAMBDA, prices });
  const { world, before, probes } = place;
  function train(course: Course, version: string): Promise<Router> {
    return Router.train(course, { prices: place.prices, seed: options.seed, version });
  }
  let done = 0;
  function onStep(note: string): void {
    progress.update(done++, `${world.name}, ${note}`);
  }
  const start = await train({ rows: before, lessons: [] }, "start");
  const coach = { known: [...before, ...probes], probes, train };
  const people = { share: options.feedback, delayDays: DELAY_DAYS, wrong: WRONG_WORDS };
  const common = { start, coach, people, exploration: options.exploration };
  const months: Month[] = [];
  for (let k = 0; k < options.months; k++)
    months.push(
      await playMonth(world, {
        ...common,
        single: place.best,
        retrainsEvery: options.every,
        requests: options.requests,
        seed: options.seed + k,
        onPlayer: (name) => onStep(`month ${k + 1}, ${name}`),
      }),
    );
  const perDay = Math.round(options.requests / options.days);
  const runs = { terms: { ...common, perDay, seed: options.seed }, count: options.runs, onStep };
  const collapse = [await noticeRow(place, true, runs), await noticeRow(place, false, runs)];
  const calm = await calmMonths(world, runs);
  await start.release();
  const played = summed(world, months, options.seed);
  return {
    ...settingOf(place, options),
    ...played,
    collapse,
    calm,
    retrainings: retrainingRows(months),
  };
}

function settingOf({ world, before, isLengthAssumed }: Place, options: MonthOptions): Setting {
  const { days, requests, months, every, exploration, feedback } = options;
  return {
    set: world.name,
    models: world.catalog.map(({ id }) => id),
    happenings: world.happenings,
    isLengthAssumed,
    questions: {
      before: before.length,
      familiar: world.familiar.length,
      strange: world.strange.length,
    },
    days,
    requests,
    months,
    every,
    exploration,
    feedback,
  };
}

interface Runs {
  readonly terms: NoticeTerms;
  readonly count: number;
  readonly onStep: (note: string) => void;
}

async function noticeRow(
  { world, best }: Place,
  watches: boolean,
  { terms, count, onStep }: Runs,
): Promise<NoticeRow> {
  const found: Noticed[] = [];
  for (let run = 0; run < count; run++) {
    onStep(`collapse ${run + 1}`);
    found.push(await noticed(world, { model: best, run, watches }, terms));
  }
  return {
    watches,
    runs: count,
    share: found.reduce((sum, { share }) => sum + share, 0) / count,
    requestsUntilAlarm: spreadOf(found.map(({ untilAlarm }) => untilAlarm?.requests)),
    wordsUntilAlarm: spreadOf(found.map(({ untilAlarm }) => untilAlarm?.words)),
    requestsUntilAround: spreadOf(found.map(({ untilAround }) => untilAround)),
  };
}

function spreadOf(values: readonly (number | undefined)[]): Spread {
  const came = values.filter((value) => value !== undefined).toSorted((a, b) => a - b);
  // Without interpolation: what has not come has no place between two that have.
  function at(q: number): number {
    return came[Math.ceil(q * values.length) - 1] ?? Infinity;
  }
  return { median: at(0.5), p95: at(0.95), runs: came.length };
}

async function calmMonths(
  world: World,
  { terms, count, onStep }: Runs,
): Promise<MonthEvaluation["calm"]> {
  const alarms: number[] = [];
  for (let run = 0; run < count; run++) {
    onStep(`calm month ${run + 1}`);
    alarms.push(await falseAlarms(world, run, terms));
  }
  return {
    months: count,
    alarms: alarms.reduce((sum, one) => sum + one, 0),
    monthsWithAlarm: alarms.filter((one) => one > 0).length,
  };
}

function retrainingRows(months: readonly Month[]): RetrainingRow[] {
  return (["retrained", "rewatched", "gated"] as const).map((name) => {
    const all = months.flatMap(({ players }) => players.get(name)!.retrainings);
    const refusing = all.flatMap(({ refusal }) => refusal?.split(", ") ?? []);
    const counted = [...Map.groupBy(refusing, (gate) => gate)];
    return {
      name,
      retrainings: all.length,
      taken: all.filter(({ refusal }) => refusal === undefined).length,
      refusals: Object.fromEntries(counted.map(([gate, some]) => [gate, some.length])),
    };
  });
}
