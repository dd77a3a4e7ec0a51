/**
 * The pacing simulation: sets times traces times budgets, each played by every spender, several times over.
 *
 * A seed draws the questions with replacement before it deals them to the arrivals, so the spread over seeds is
 * that of other questions and other orders together. All spenders of a seed meet the same window, and
 * differences are taken within it.
 */
import catalogJson from "../../router-models/catalog.json" with { type: "json" };
import { parseCatalog } from "../../router-models/catalog.ts";
import type { Release } from "../../router-models/release.ts";
import type { Estimate } from "../evaluation/bootstrap.ts";
import type { PriceSources } from "../evaluation/costs.ts";
import type { Series } from "../evaluation/latency/series.ts";
import { readTrace } from "../evaluation/latency/traces.ts";
import { loadSets } from "../evaluation/loaded-set.ts";
import { createProgress } from "../report/progress.ts";
import { median, quantile } from "../report/quantiles.ts";
import type { PaceOptions } from "./options.ts";
import { questionsOf, type QuestionSet } from "./questions.ts";
import { simulate, type Spending, type Window } from "./simulation.ts";
import { descent, fixed, paced } from "./spenders.ts";
import { windowOf, type WindowTerms } from "./windows.ts";
import { zeroRouterAt, zeroRouterCourse } from "./zero-router.ts";

export type SpenderName = "paced" | "unprepared" | "balanced" | "quality" | "descent" | "hindsight";

export interface SpenderRow {
  readonly name: SpenderName;
  /** Shares of the limit, or of all that money has a use for where that is less: mean, least and greatest window. */
  readonly spent: Estimate;
  /** The same of spent and held, when the window ends. */
  readonly committed: Estimate;
  /** Of the windows, how many come to 99 % at least. */
  readonly within: { readonly spent: number; readonly committed: number };
  readonly quality: Estimate;
  /** Quality less the zero router's at the same spend. */
  readonly overZero: Estimate;
  /** What the pacer is better. */
  readonly behind: Estimate;
  /** Requests, on average. */
  readonly refused: number;
  readonly lowered: number;
  readonly cut: number;
  /** Of the first seed: shares of the limit, and of the requests' sum of quality, at each hundredth of the window. */
  readonly course: readonly { readonly spent: number; readonly quality: number }[];
}

export interface PaceTable {
  readonly set: string;
  readonly trace: string;
  /** Of the first seed's window. */
  readonly requests: number;
  readonly budgets: readonly {
    /** Of what the strongest model alone would cost. */
    readonly share: number;
    /** Whether in some seed the best model for every question costs less than the limit. */
    readonly isLarge: boolean;
    readonly spenders: readonly SpenderRow[];
    /** What the zero router would have gained for the pacer's money: quality as in its course, at the same points. */
    readonly zeroRouter: readonly number[];
  }[];
}

export interface PaceEvaluation {
  readonly release: string;
  readonly window: PaceOptions["window"];
  readonly seeds: number;
  readonly isolates: number;
  readonly tables: readonly PaceTable[];
}

/** Reads sets and traces and plays them; progress goes to stderr. */
export async function evaluatePacing(
  release: Release,
  options: PaceOptions,
): Promise<PaceEvaluation> {
  const { models } = parseCatalog(catalogJson);
  const prices: PriceSources = { table: {}, catalog: models };
  const prior = {
    ttftMs: median(models.map(({ latency }) => latency.ttftMs)),
    outputTokensPerSecond: median(models.map(({ latency }) => latency.outputTokensPerSecond)),
  };
  const sets: QuestionSet[] = [];
  for (const set of await loadSets(options.files.map((path) => ({ path }))))
    sets.push(await questionsOf(set, release, prices));
  const series: Series[] = [];
  for (const trace of options.traces) series.push(...(await readTrace(trace, { prior, seed: 7 })));
  const pairs = sets.flatMap((set) => series.map((one) => ({ set, one })));
  const progress = createProgress("pacing", pairs.length * options.budgets.length);
  let done = 0;
  const tables = pairs.map(({ set, one }): PaceTable => ({
    set: set.name,
    trace: one.name,
    requests: windowOf(set, one, { ...options, share: 1, seed: 1 }).arrivals.length,
    budgets: options.budgets.map((share) => {
      progress.update(done++, `${set.name}, ${one.name}`);
      return playBudget(set, one, { ...options, share });
    }),
  }));
  progress.update(done);
  progress.finish();
  const { name, version } = release.manifest;
  return {
    release: `${name} ${version}`,
    window: options.window,
    seeds: options.seeds,
    isolates: options.isolates,
    tables,
  };
}

type Terms = Omit<WindowTerms, "seed"> & Pick<PaceOptions, "seeds">;

interface Played {
  readonly spending: Spending;
  readonly spent: number;
  readonly committed: number;
  readonly overZero: number;
}

function playBudget(set: QuestionSet, series: Series, terms: Terms): PaceTable["budgets"][number] {
  const played = new Map<SpenderName, Played[]>(SPENDERS[terms.window].map((name) => [name, []]));
  let isLarge = false;
  let first: Window | undefined;
  for (let seed = 1; seed <= terms.seeds; seed++) {
    const window = windowOf(set, series, { ...terms, seed });
    first ??= window;
    const useful = simulate({ ...window, limitMicroUsd: Infinity }, fixed({ qualityPerUsd: 0 }));
    const most = Math.min(window.limitMicroUsd, useful.spentMicroUsd);
    if (most < window.limitMicroUsd) isLarge = true;
    for (const [name, list] of played) {
      const spending = play(name, window);
      const { spentMicroUsd, committedMicroUsd, quality } = spending;
      list.push({
        spending,
        spent: spentMicroUsd / most,
        committed: committedMicroUsd / most,
        overZero: quality - zeroRouterAt(spentMicroUsd, set, window),
      });
    }
  }
  const rows = SPENDERS[terms.window].map((name) => rowOf(name, played, first!));
  const zeroRouter = zeroRouterCourse(played.get("paced")![0]!.spending, set, first!);
  return { share: terms.share, isLarge, spenders: rows, zeroRouter };
}

/** The pacer first. */
const SPENDERS: Readonly<Record<PaceOptions["window"], readonly SpenderName[]>> = {
  trace: ["paced", "balanced", "quality", "descent", "hindsight"],
  day: ["paced", "unprepared", "balanced", "quality", "descent", "hindsight"],
};

/** Chosen by hand in the descent's favour: of some steps that which left it the best quality on these traces. */
const DESCENT_STEP = 0.05;

function play(name: SpenderName, window: Window): Spending {
  if (name === "paced") return simulate(window, paced(window));
  if (name === "unprepared") {
    const { windowMs, limitMicroUsd } = window;
    return simulate(window, paced({ windowMs, limitMicroUsd }));
  }
  if (name === "descent") return simulate(window, descent(window, DESCENT_STEP));
  if (name === "hindsight") return bestFixed(window);
  return simulate(window, fixed({ preset: name }));
}

/** The price that would have been best for the whole window, had anybody known. */
function bestFixed(window: Window): Spending {
  const prices = Array.from({ length: 11 }, (_, k) => 10 ** (k / 2 - 1));
  return [0, ...prices]
    .map((qualityPerUsd) => simulate(window, fixed({ qualityPerUsd })))
    .reduce((best, one) => (one.quality > best.quality ? one : best));
}

/** Share of the limit that a window has to come to. */
const NEAR = 0.99;

function rowOf(
  name: SpenderName,
  played: ReadonlyMap<SpenderName, readonly Played[]>,
  { limitMicroUsd, arrivals }: Window,
): SpenderRow {
  const own = played.get(name)!;
  const best = played.get("paced")!;
  return {
    name,
    spent: extremes(own.map(({ spent }) => spent)),
    committed: extremes(own.map(({ committed }) => committed)),
    within: {
      spent: own.filter(({ spent }) => spent >= NEAR).length,
      committed: own.filter(({ committed }) => committed >= NEAR).length,
    },
    quality: estimate(own.map(({ spending }) => spending.quality)),
    overZero: estimate(own.map(({ overZero }) => overZero)),
    behind: estimate(own.map(({ spending }, k) => best[k]!.spending.quality - spending.quality)),
    refused: mean(own.map(({ spending }) => spending.refused)),
    lowered: mean(own.map(({ spending }) => spending.lowered)),
    cut: mean(own.map(({ spending }) => spending.cut)),
    course: own[0]!.spending.course.map(({ spentMicroUsd, quality }) => ({
      spent: spentMicroUsd / limitMicroUsd,
      quality: quality / arrivals.length,
    })),
  };
}

function estimate(values: readonly number[]): Estimate {
  return { value: mean(values), low: quantile(values, 0.025), high: quantile(values, 0.975) };
}

/** The mean between the least and the greatest. */
function extremes(values: readonly number[]): Estimate {
  return { value: mean(values), low: Math.min(...values), high: Math.max(...values) };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
