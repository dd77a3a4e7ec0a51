/**
 * How long a model's call will take, learnt from the calls before it.
 *
 *     time to first token = catalogue's · exp(a · x)
 *     time per token      = catalogue's · exp(b · x)
 *     whole answer        = time to first token + output tokens · time per token
 *
 * x holds a constant, the size of the prompt, the recent calls to the model and the hour. Each call moves a and b
 * a step towards what it took; a step is bounded, so one absurd call cannot carry them away, and no
 * smaller than a floor, so they follow a vendor that changes. An answer that came whole tells only the
 * sum, and the step is shared as the two parts share it.
 *
 * What the formula misses is kept as two memories of errors (log-errors.ts): of the first token, and of the
 * whole answer for the length that was *expected*. The second therefore holds the doubt about the length
 * too, and its quantiles are those of the time that a client waits. A fresh state is the catalogue's
 * figures with a wide doubt.
 *
 * Pure: `(state, call) → state`, plain numbers, bounded size. It knows no failures: a vendor that does not
 * answer is the circuit breaker's business.
 *
 * `npm run eval -- --latency` measures it; the constants were chosen on its traces for choosing. Idea of the
 * bounded step: P. J. Huber, Robust Estimation of a Location Parameter (1964).
 */
import {
  faded,
  FORGET,
  NO_ERRORS,
  quantilesOf,
  withLogError,
  type Quantiles,
} from "./log-errors.ts";

/** A model's figures as the catalogue has them. */
export interface LatencyPrior {
  readonly ttftMs: number;
  readonly outputTokensPerSecond: number;
}

/** What is known when a call begins. */
export interface CallConditions {
  readonly inputTokens: number;
  /** Expected tokens of one answer. */
  readonly outputTokens: number;
  /** Calls to the model begun lately: its load. */
  readonly recentCalls: number;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
}

/** What is known when it has ended. */
export interface CallTimes {
  /** Until the first token; absent where the answer came whole. */
  readonly ttftMs?: number;
  /** Absent where the answer was not finished. */
  readonly answer?: {
    readonly totalMs: number;
    /** Tokens that one answer had. */
    readonly outputTokens: number;
  };
}

/** Milliseconds until the first token and until the last; each level of the second is at least the first's. */
export interface LatencyForecast {
  readonly ttftMs: Quantiles;
  readonly totalMs: Quantiles;
}

/** What one model's calls have taught; JSON of a few kilobytes at most. */
export interface LatencyState {
  /** Of the last call. */
  readonly seenMs: number;
  /** Calls that still count, the older the less. */
  readonly weight: number;
  /** a and b of the formula. */
  readonly first: readonly number[];
  readonly token: readonly number[];
  /** Calls per bin of log error. */
  readonly firstErrors: readonly number[];
  readonly totalErrors: readonly number[];
}

/** After so long without calls what was learnt counts half. */
const HALF_LIFE_MS = 6 * 3_600_000;
/** Largest log error that a single call can teach. */
const MAX_LESSON = 0.5;
/** Share of an error that a step takes: 1 for the first call, less for later ones, never below the floor. */
const EAGER_CALLS = 3;
const LEAST_STEP = 0.1;
/** Coefficients stay within this: a factor of 55. */
const MAX_COEFFICIENT = 4;

/** Forecast for a model of which `state` is known, undefined where nothing is. Total; takes microseconds. */
export function forecastLatency(
  prior: LatencyPrior,
  state: LatencyState | undefined,
  conditions: CallConditions,
): LatencyForecast {
  const known = state ?? FRESH;
  const factors = factorsOf(known, conditions.nowMs);
  const { firstMs, totalMs } = expectation(prior, known, conditions);
  const ttftMs = scaled(firstMs, factors.first);
  const total = scaled(totalMs, factors.total);
  return {
    ttftMs,
    totalMs: {
      p50: Math.max(total.p50, ttftMs.p50),
      p90: Math.max(total.p90, ttftMs.p90),
      p95: Math.max(total.p95, ttftMs.p95),
    },
  };
}

/** The state after one more call. `conditions.nowMs` is when it began. */
export function learnLatency(
  prior: LatencyPrior,
  state: LatencyState | undefined,
  { conditions, times }: { conditions: CallConditions; times: CallTimes },
): LatencyState {
  const before = aged(state ?? FRESH, conditions.nowMs);
  const { ttftMs, answer } = times;
  if (ttftMs === undefined && answer === undefined) return before;
  const expected = expectation(prior, before, conditions);
  const { first, token } = stepped(prior, before, { conditions, times });
  const weight = before.weight * FORGET + 1;
  return {
    seenMs: before.seenMs,
    weight,
    first,
    token,
    firstErrors:
      ttftMs === undefined
        ? before.firstErrors
        : withLogError(before.firstErrors, logRatio(ttftMs, expected.firstMs)),
    totalErrors:
      answer === undefined
        ? before.totalErrors
        : withLogError(before.totalErrors, logRatio(answer.totalMs, expected.totalMs)),
  };
}

/** The inputs of the formula, each about 1; the hour is kept small, as a state sees few days. */
function featuresOf({ inputTokens, recentCalls, nowMs }: CallConditions): number[] {
  const hour = ((nowMs / 3_600_000) % 24) * (Math.PI / 12);
  return [
    1,
    Math.log((inputTokens + 16) / 500) / 2,
    Math.log1p(recentCalls) / 2,
    0.2 * Math.sin(hour),
    0.2 * Math.cos(hour),
  ];
}

const NONE: readonly number[] = [0, 0, 0, 0, 0];
const FRESH: LatencyState = {
  seenMs: 0,
  weight: 0,
  first: NONE,
  token: NONE,
  firstErrors: NO_ERRORS,
  totalErrors: NO_ERRORS,
};

interface Expectation {
  readonly firstMs: number;
  readonly perTokenMs: number;
  readonly totalMs: number;
}

function expectation(
  { ttftMs, outputTokensPerSecond }: LatencyPrior,
  { first, token }: Pick<LatencyState, "first" | "token">,
  conditions: CallConditions,
): Expectation {
  const x = featuresOf(conditions);
  const firstMs = ttftMs * Math.exp(bounded(dot(first, x), MAX_COEFFICIENT));
  const perTokenMs =
    (1_000 / outputTokensPerSecond) * Math.exp(bounded(dot(token, x), MAX_COEFFICIENT));
  return { firstMs, perTokenMs, totalMs: firstMs + conditions.outputTokens * perTokenMs };
}

/** The coefficients after one step of normalised descent on the bounded log error. */
function stepped(
  prior: LatencyPrior,
  state: LatencyState,
  { conditions, times: { ttftMs, answer } }: { conditions: CallConditions; times: CallTimes },
): Pick<LatencyState, "first" | "token"> {
  const x = featuresOf(conditions);
  const rate = Math.max(EAGER_CALLS / (EAGER_CALLS + state.weight), LEAST_STEP) / dot(x, x);
  const { outputTokens = conditions.outputTokens, totalMs = 0 } = answer ?? {};
  const expected = expectation(prior, state, { ...conditions, outputTokens });
  function moved(coefficients: readonly number[], by: number): readonly number[] {
    return coefficients.map((c, i) => bounded(c + rate * by * x[i]!, MAX_COEFFICIENT));
  }
  if (ttftMs === undefined) {
    const error = bounded(logRatio(totalMs, expected.totalMs), MAX_LESSON);
    const share = expected.firstMs / expected.totalMs;
    const scale = error / (share * share + (1 - share) * (1 - share));
    return {
      first: moved(state.first, scale * share),
      token: moved(state.token, scale * (1 - share)),
    };
  }
  const first = moved(state.first, bounded(logRatio(ttftMs, expected.firstMs), MAX_LESSON));
  // The first token has come; one alone says nothing about speed.
  if (answer === undefined || outputTokens < 2) return { first, token: state.token };
  const restMs = (outputTokens - 1) * expected.perTokenMs;
  const error = bounded(logRatio(totalMs - ttftMs, restMs), MAX_LESSON);
  return { first, token: moved(state.token, error) };
}

/** The state at a later moment: what is old counts less. An earlier moment changes nothing. */
function aged(state: LatencyState, nowMs: number): LatencyState {
  const share = shareLeft(state, nowMs);
  return {
    ...state,
    seenMs: Math.max(state.seenMs, nowMs),
    weight: state.weight * share,
    firstErrors: faded(state.firstErrors, share),
    totalErrors: faded(state.totalErrors, share),
  };
}

function shareLeft({ seenMs, weight }: LatencyState, nowMs: number): number {
  return weight === 0 ? 1 : 2 ** (Math.min(seenMs - nowMs, 0) / HALF_LIFE_MS);
}

interface Factors {
  readonly minute: number;
  readonly first: Quantiles;
  readonly total: Quantiles;
}

const MINUTE_MS = 60_000;

/** Every model of every request asks for them, and between two calls of a model they only fade. */
const READ_FACTORS = new WeakMap<LatencyState, Factors>();

/** Quantiles of the errors, as factors of what is expected, as of the minute: in one a state fades by 0.2 %. */
function factorsOf(state: LatencyState, nowMs: number): Factors {
  const minute = Math.floor(nowMs / MINUTE_MS);
  const read = READ_FACTORS.get(state);
  if (read?.minute === minute) return read;
  const share = shareLeft(state, minute * MINUTE_MS);
  const first = quantilesOf(state.firstErrors, share);
  const factors = { minute, first, total: quantilesOf(state.totalErrors, share) };
  READ_FACTORS.set(state, factors);
  return factors;
}

function scaled(expectedMs: number, { p50, p90, p95 }: Quantiles): Quantiles {
  return { p50: expectedMs * p50, p90: expectedMs * p90, p95: expectedMs * p95 };
}

/** Times under a millisecond are what a clock that stands still shows; they count as one. */
function logRatio(measuredMs: number, expectedMs: number): number {
  return Math.log(Math.max(measuredMs, 1) / expectedMs);
}

function bounded(value: number, most: number): number {
  return Math.min(Math.max(value, -most), most);
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, i) => sum + value * b[i]!, 0);
}
