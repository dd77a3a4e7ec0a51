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
 * What the formula misses is kept as two histograms of log errors, which forget: of the first token, and
 * of the whole answer for the length that was *expected*. The second therefore holds the doubt about the
 * length too, and its quantiles are those of the time that a client waits. Quantiles are read from one
 * distribution, so they are ordered always. A fresh state is the catalogue's figures with a wide doubt,
 * which counts as a few calls and fades as calls come.
 *
 * Pure: `(state, call) → state`, plain numbers, bounded size, states of two isolates can be merged. The
 * state is one isolate's own for now. It knows no failures: a vendor that does not answer is the circuit
 * breaker's business.
 *
 * `npm run eval -- --latency` measures it; the constants were chosen on its traces for choosing. Idea of the
 * bounded step: P. J. Huber, Robust Estimation of a Location Parameter (1964).
 */

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

export interface Quantiles {
  readonly p50: number;
  readonly p90: number;
  readonly p95: number;
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

/** After so many further calls the weight of a call has fallen to 37 %. */
const MEMORY_CALLS = 100;
/** After so long without calls what was learnt counts half. */
const HALF_LIFE_MS = 6 * 3_600_000;
/** Largest log error that a single call can teach. */
const MAX_LESSON = 0.5;
/** Share of an error that a step takes: 1 for the first call, less for later ones, never below the floor. */
const EAGER_CALLS = 3;
const LEAST_STEP = 0.1;
/** Coefficients stay within this: a factor of 55. */
const MAX_COEFFICIENT = 4;

/** Bins of log error: 84, from a 66th of what was expected to 66 times as much; the ends hold what lies beyond. */
const BIN = 0.1;
const BINS = 84;
const LOWEST = (-BIN * BINS) / 2;
/** Fewer calls than this in a bin are none. */
const NEGLIGIBLE = 1e-3;
/** The doubt about a catalogue's figure: a normal of this deviation, which counts as so many calls. */
const DOUBT = priorDoubt({ deviation: 0.5, calls: 5 });

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
        : withError(before.firstErrors, logRatio(ttftMs, expected.firstMs)),
    totalErrors:
      answer === undefined
        ? before.totalErrors
        : withError(before.totalErrors, logRatio(answer.totalMs, expected.totalMs)),
  };
}

/** What two isolates know together; the order does not matter. */
export function mergeLatency(one: LatencyState, other: LatencyState): LatencyState {
  const nowMs = Math.max(one.seenMs, other.seenMs);
  const [a, b] = [aged(one, nowMs), aged(other, nowMs)];
  const weight = a.weight + b.weight;
  function mean(x: readonly number[], y: readonly number[]): number[] {
    if (weight === 0) return x.map((value, i) => (value + y[i]!) / 2);
    return x.map((value, i) => (value * a.weight + y[i]! * b.weight) / weight);
  }
  function sum(x: readonly number[], y: readonly number[]): number[] {
    const both = x.map((calls, i) => calls + y[i]!);
    const excess = both.reduce((total, calls) => total + calls, 0) / MEMORY_CALLS;
    return excess > 1 ? both.map((calls) => calls / excess) : both;
  }
  return {
    seenMs: nowMs,
    weight: Math.min(weight, MEMORY_CALLS),
    first: mean(a.first, b.first),
    token: mean(a.token, b.token),
    firstErrors: sum(a.firstErrors, b.firstErrors),
    totalErrors: sum(a.totalErrors, b.totalErrors),
  };
}

const FORGET = 1 - 1 / MEMORY_CALLS;

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
const NO_ERRORS: readonly number[] = Array.from({ length: BINS }, () => 0);
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

function withError(errors: readonly number[], error: number): number[] {
  const faint = faded(errors, FORGET);
  faint[Math.min(Math.max(Math.floor((error - LOWEST) / BIN), 0), BINS - 1)]! += 1;
  return faint;
}

function faded(errors: readonly number[], share: number): number[] {
  return errors.map((calls) => (calls * share < NEGLIGIBLE ? 0 : calls * share));
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
  const first = spread(state.firstErrors, share);
  const factors = { minute, first, total: spread(state.totalErrors, share) };
  READ_FACTORS.set(state, factors);
  return factors;
}

function scaled(expectedMs: number, { p50, p90, p95 }: Quantiles): Quantiles {
  return { p50: expectedMs * p50, p90: expectedMs * p90, p95: expectedMs * p95 };
}

function spread(errors: readonly number[], share: number): Quantiles {
  let total = 0;
  for (let bin = 0; bin < BINS; bin++) total += errors[bin]! * share + DOUBT[bin]!;
  let bin = 0;
  let below = 0;
  function at(q: number): number {
    let calls = errors[bin]! * share + DOUBT[bin]!;
    while (bin < BINS - 1 && below + calls < q * total) {
      below += calls;
      bin++;
      calls = errors[bin]! * share + DOUBT[bin]!;
    }
    const within = bounded((q * total - below) / calls, 1);
    return Math.exp(LOWEST + BIN * (bin + within));
  }
  return { p50: at(0.5), p90: at(0.9), p95: at(0.95) };
}

function priorDoubt({ deviation, calls }: { deviation: number; calls: number }): readonly number[] {
  const density = Array.from({ length: BINS }, (_, i) =>
    Math.exp(-0.5 * ((LOWEST + BIN * (i + 0.5)) / deviation) ** 2),
  );
  const total = density.reduce((sum, value) => sum + value, 0);
  return density.map((value) => (calls * value) / total);
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
