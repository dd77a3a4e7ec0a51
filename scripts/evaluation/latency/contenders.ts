/**
 * Who forecasts latencies: the learner that serves, the learner without one of its inputs, two other ways
 * to learn, and controls that anything has to beat.
 *
 * All see the same conditions and are told of a call when it has ended. A contender forecasts one target, the
 * whole answer or its first token; the learner's two come from one state.
 */
import {
  forecastLatency,
  learnLatency,
  type CallConditions,
  type CallTimes,
  type LatencyPrior,
  type LatencyState,
} from "../../../worker/routing/latency.ts";
import type { Quantiles } from "../../../worker/routing/log-errors.ts";

export type Target = "totalMs" | "ttftMs";

export interface EndedCall {
  readonly conditions: CallConditions;
  readonly times: CallTimes;
  /** What the target turned out to be. */
  readonly actualMs: number;
}

export interface Contender {
  forecast(conditions: CallConditions): Quantiles;
  learn(call: EndedCall): void;
}

type Make = (prior: LatencyPrior, target: Target) => Contender;

/** Which of the contenders is the one that serves. */
export const LEARNER = "learner";

/** By name, the one that serves first. */
export const CONTENDERS: ReadonlyMap<string, Make> = new Map<string, Make>([
  [LEARNER, (prior, target) => learner({ prior, target })],
  ["without load", (prior, target) => learner({ prior, target, blind: { recentCalls: 0 } })],
  ["without hour", (prior, target) => learner({ prior, target, isTimeless: true })],
  [
    "without prompt size",
    (prior, target) => learner({ prior, target, blind: { inputTokens: 484 } }),
  ],
  ["quantile regression", quantileRegression],
  ["last 100 of that length", windowOfLength],
  ["catalogue", catalogOnly],
  ["all quantiles", allQuantiles],
  ["running mean", runningMean],
  ["last value", lastValue],
]);

interface LearnerOptions {
  readonly prior: LatencyPrior;
  readonly target: Target;
  /** Conditions that it is not told. */
  readonly blind?: Partial<CallConditions>;
  /** Sees every hour as midnight; days still pass. */
  readonly isTimeless?: boolean;
}

const DAY_MS = 86_400_000;

function learner({ prior, target, blind = {}, isTimeless = false }: LearnerOptions): Contender {
  let state: LatencyState | undefined;
  function seen(conditions: CallConditions): CallConditions {
    const nowMs = isTimeless ? Math.floor(conditions.nowMs / DAY_MS) * DAY_MS : conditions.nowMs;
    return { ...conditions, ...blind, nowMs };
  }
  return {
    forecast: (conditions) => forecastLatency(prior, state, seen(conditions))[target],
    learn({ conditions, times }) {
      state = learnLatency(prior, state, { conditions: seen(conditions), times });
    },
  };
}

const LEVELS = { p50: 0.5, p90: 0.9, p95: 0.95 } as const;
const PINBALL_STEP = 0.3;
const LEAST_PINBALL_STEP = 0.03;

/** A linear model of the log for each quantile, by stochastic descent on its pinball loss. */
function quantileRegression(prior: LatencyPrior, target: Target): Contender {
  const rows = Object.values(LEVELS).map((level, i) => ({
    level,
    w: [[0, 0.5, 0.7][i]!, 0, 0, 0],
  }));
  let calls = 0;
  function inputs({ inputTokens, outputTokens, recentCalls }: CallConditions): number[] {
    const length = target === "totalMs" ? Math.log((outputTokens + 4) / 100) / 2 : 0;
    return [1, Math.log((inputTokens + 16) / 500) / 2, length, Math.log1p(recentCalls) / 2];
  }
  function offset({ outputTokens }: CallConditions): number {
    const restMs = (1_000 * outputTokens) / prior.outputTokensPerSecond;
    return Math.log(prior.ttftMs + (target === "totalMs" ? restMs : 0));
  }
  return {
    forecast(conditions) {
      const x = inputs(conditions);
      const logs = rows.map(({ w }) => offset(conditions) + dot(w, x)).toSorted((a, b) => a - b);
      const [p50, p90, p95] = logs.map((log) => Math.exp(log));
      return { p50: p50!, p90: p90!, p95: p95! };
    },
    learn({ conditions, actualMs }) {
      const x = inputs(conditions);
      const step = Math.max(LEAST_PINBALL_STEP, PINBALL_STEP / Math.sqrt(++calls));
      const y = Math.log(actualMs) - offset(conditions);
      for (const { level, w } of rows) {
        const pull = y > dot(w, x) ? level : level - 1;
        x.forEach((input, i) => (w[i]! += step * pull * input));
      }
    },
  };
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, i) => sum + value * b[i]!, 0);
}

const WINDOW = 100;
/** Fewer calls than this say less than the catalogue. */
const ENOUGH = 5;

/** Quantiles of the last calls whose expected length was the same to within a factor of two. */
function windowOfLength(prior: LatencyPrior, target: Target): Contender {
  const windows = new Map<number, number[]>();
  const start = catalogOnly(prior, target);
  function bucketOf({ outputTokens, inputTokens }: CallConditions): number {
    return Math.round(Math.log2((target === "totalMs" ? outputTokens : inputTokens) + 4));
  }
  return {
    forecast(conditions) {
      const window = windows.get(bucketOf(conditions)) ?? [];
      if (window.length < ENOUGH) return start.forecast(conditions);
      return quantilesOf(window.toSorted((a, b) => a - b));
    },
    learn({ conditions, actualMs }) {
      const window = windows.get(bucketOf(conditions)) ?? [];
      windows.set(bucketOf(conditions), window);
      window.push(actualMs);
      if (window.length > WINDOW) window.shift();
    },
  };
}

/** The figures that a fresh isolate begins with. */
function catalogOnly(prior: LatencyPrior, target: Target): Contender {
  return {
    forecast: (conditions) => forecastLatency(prior, undefined, conditions)[target],
    learn() {},
  };
}

/** The quantiles of all calls so far, whatever was asked. */
function allQuantiles(prior: LatencyPrior, target: Target): Contender {
  const sorted: number[] = [];
  const start = catalogOnly(prior, target);
  return {
    forecast: (conditions) =>
      sorted.length < ENOUGH ? start.forecast(conditions) : quantilesOf(sorted),
    learn({ actualMs }) {
      const at = sorted.findIndex((value) => value >= actualMs);
      sorted.splice(at < 0 ? sorted.length : at, 0, actualMs);
    },
  };
}

function runningMean(prior: LatencyPrior, target: Target): Contender {
  let [sum, calls] = [0, 0];
  const start = catalogOnly(prior, target);
  return {
    forecast: (conditions) => (calls === 0 ? start.forecast(conditions) : same(sum / calls)),
    learn({ actualMs }) {
      sum += actualMs;
      calls++;
    },
  };
}

function lastValue(prior: LatencyPrior, target: Target): Contender {
  let last: number | undefined;
  const start = catalogOnly(prior, target);
  return {
    forecast: (conditions) => (last === undefined ? start.forecast(conditions) : same(last)),
    learn({ actualMs }) {
      last = actualMs;
    },
  };
}

function same(value: number): Quantiles {
  return { p50: value, p90: value, p95: value };
}

function quantilesOf(sorted: readonly number[]): Quantiles {
  function at(level: number): number {
    return sorted[Math.floor(level * sorted.length)]!;
  }
  return { p50: at(LEVELS.p50), p90: at(LEVELS.p90), p95: at(LEVELS.p95) };
}
