/**
 * Months summed up: for every player regret, money and quality, with intervals, and courses over the days.
 *
 * Intervals resample months. Every difference is taken within a month, whose requests and people all players share.
 * Beside the players stand two that know afterwards what nobody knew before: the best single model of those that
 * were there all month, and the zero router, the best mixture of these for the same money as the watched and
 * retrained router spent.
 */
import { randomFrom } from "../../worker/lib/prng.ts";
import { bootstrap, type Estimate } from "../evaluation/bootstrap.ts";
import { aiq } from "../evaluation/frontier.ts";
import { entriesOf, sumsOf, type Entry } from "./accounts.ts";
import type { Month, PlayerName } from "./month.ts";
import { catalogAt, type World } from "./world.ts";

export type RowName = PlayerName | "hindsight" | "zero";

export interface PlayerRow {
  readonly name: RowName;
  /** Of a month, in quality of one request; undefined for the zero router. */
  readonly regret?: Estimate;
  /** The frozen router's regret less its own. */
  readonly saved?: Estimate;
  readonly spentUsd: Estimate;
  /** Of a request. */
  readonly quality: Estimate;
  /** Less the frozen router's. */
  readonly gained: Estimate;
  /** Regret of a request whose question is asked for the first time: what cannot have been learnt by heart. */
  readonly fresh?: Estimate;
  /** Regret of a request, from each happening to the next; the days before the first one first. */
  readonly phases: readonly Estimate[];
}

/** Sums until then, means over months. */
export interface CoursePoint {
  readonly day: number;
  readonly regret: number;
  readonly spentUsd: number;
}

export type Courses = Readonly<Record<string, readonly CoursePoint[]>>;

const RESAMPLES = 2_000;

type Entries = ReadonlyMap<RowName, readonly Entry[]>;

/** The rows in the order of the players, and the courses of all that chose models. */
export function summed(
  world: World,
  months: readonly Month[],
  seed: number,
): { readonly rows: readonly PlayerRow[]; readonly courses: Courses } {
  const played = months.map((month) => entriesByName(world, month));
  const numbers = played.map((entries, k) => ({
    ...Object.fromEntries([...entries].flatMap(([name, own]) => numbersOf(world, name, own))),
    ...zeroNumbers(world, months[k]!, entries.get("rewatched")!),
  }));
  const estimates = estimatesOf(numbers, seed);
  const names = [...played[0]!.keys()];
  return {
    rows: [...names, "zero" as const].map((name) => rowOf(name, estimates, world)),
    courses: Object.fromEntries(
      names.map((name) => [
        name,
        courseOf(
          played.map((entries) => entries.get(name)!),
          world.days,
        ),
      ]),
    ),
  };
}

function entriesByName(world: World, { players, requests }: Month): Entries {
  const entries = new Map<RowName, readonly Entry[]>();
  for (const [name, { entries: own }] of players) entries.set(name, own);
  const singles = staying(world).map((model) =>
    entriesOf(
      world,
      requests,
      requests.map(() => model),
    ),
  );
  const best = singles.reduce((a, b) => (sumsOf(b).regret < sumsOf(a).regret ? b : a));
  return entries.set("hindsight", best);
}

/** Models that are there from the first day to the last. */
function staying(world: World): string[] {
  return catalogAt(world, 0).map(({ id }) => id);
}

type Named = [name: string, value: number];

function numbersOf(world: World, name: RowName, entries: readonly Entry[]): Named[] {
  const { requests, regret, costMicroUsd, quality } = sumsOf(entries);
  const fresh = sumsOf(entries.filter(({ isFresh }) => isFresh));
  const ends = [...phaseStarts(world), world.days];
  return [
    [`regret ${name}`, regret],
    [`spent ${name}`, costMicroUsd / 1e6],
    [`quality ${name}`, quality / requests],
    [`fresh ${name}`, fresh.regret / fresh.requests],
    ...phaseStarts(world).map((from, k): Named => {
      const phase = sumsOf(entries, from, ends[k + 1]);
      return [`phase ${k} ${name}`, phase.regret / phase.requests];
    }),
  ];
}

/** Days at which something begins; the first is 0. */
export function phaseStarts({ happenings }: World): number[] {
  return [0, ...happenings.map(({ day }) => day)];
}

function zeroNumbers(
  world: World,
  { requests }: Month,
  like: readonly Entry[],
): Record<string, number> {
  const points = staying(world).map((model) => {
    const own = entriesOf(
      world,
      requests,
      requests.map(() => model),
    );
    const { costMicroUsd, quality } = sumsOf(own);
    return { cost: costMicroUsd, quality: quality / requests.length };
  });
  const spent = sumsOf(like).costMicroUsd;
  return {
    "spent zero": spent / 1e6,
    "quality zero": aiq(points, { from: spent, to: spent }),
  };
}

/** Each number's mean over months, and its difference to the frozen router's. */
function estimatesOf(
  months: readonly Readonly<Record<string, number>>[],
  seed: number,
): Readonly<Record<string, Estimate>> {
  const keys = Object.keys(months[0]!);
  function means(counts: Float64Array): Record<string, number> {
    const total = counts.reduce((sum, count) => sum + count, 0);
    const mean = Object.fromEntries(
      keys.map((key) => [
        key,
        months.reduce((sum, month, k) => sum + counts[k]! * month[key]!, 0) / total,
      ]),
    );
    const differences = keys
      .filter((key) => !/^(?:phase|fresh) /u.test(key))
      .map((key): Named => {
        const [what] = key.split(" ");
        return [`less ${key}`, mean[key]! - mean[`${what} frozen`]!];
      });
    return { ...mean, ...Object.fromEntries(differences) };
  }
  const groups = months.map((_, k) => `month ${k}`);
  return bootstrap(means, { groups, resamples: RESAMPLES, random: randomFrom(seed) });
}

function rowOf(
  name: RowName,
  estimates: Readonly<Record<string, Estimate>>,
  world: World,
): PlayerRow {
  const regret = estimates[`regret ${name}`];
  const fresh = estimates[`fresh ${name}`];
  const less = estimates[`less regret ${name}`];
  return {
    name,
    ...(regret && { regret }),
    ...(fresh && { fresh }),
    ...(less && { saved: { value: -less.value, low: -less.high, high: -less.low } }),
    spentUsd: estimates[`spent ${name}`]!,
    quality: estimates[`quality ${name}`]!,
    gained: estimates[`less quality ${name}`]!,
    phases: phaseStarts(world).flatMap((_, k) => estimates[`phase ${k} ${name}`] ?? []),
  };
}

/** Points a day. */
const POINTS = 2;

function courseOf(months: readonly (readonly Entry[])[], days: number): CoursePoint[] {
  return Array.from({ length: POINTS * days + 1 }, (_, k) => {
    const day = k / POINTS;
    const sums = months.map((entries) => sumsOf(entries, 0, day));
    return {
      day,
      regret: sums.reduce((sum, one) => sum + one.regret, 0) / months.length,
      spentUsd: sums.reduce((sum, one) => sum + one.costMicroUsd, 0) / months.length / 1e6,
    };
  });
}
