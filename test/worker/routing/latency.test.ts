/** Learning how long calls take: what always holds, and that it follows what it should. */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import { normalFrom, randomFrom } from "../../../worker/lib/prng.ts";
import {
  forecastLatency,
  learnLatency,
  type CallConditions,
  type CallTimes,
  type LatencyPrior,
  type LatencyState,
} from "../../../worker/routing/latency.ts";

const PRIOR: LatencyPrior = { ttftMs: 500, outputTokensPerSecond: 100 };
const USUAL: CallConditions = {
  inputTokens: 500,
  outputTokens: 100,
  recentCalls: 0,
  nowMs: 1_760_000_000_000,
};

interface Call {
  readonly conditions: CallConditions;
  readonly times: CallTimes;
}

const conditionsArb = fc.record({
  inputTokens: fc.nat(2_000_000),
  outputTokens: fc.nat(200_000),
  recentCalls: fc.double({ min: 0, max: 1e5, noNaN: true }),
  nowMs: fc.nat(2_000_000_000_000),
});
const msArb = fc.double({ min: 0, max: 1e9, noNaN: true });
const timesArb: fc.Arbitrary<CallTimes> = fc.record(
  {
    ttftMs: msArb,
    answer: fc.record({
      totalMs: msArb,
      outputTokens: fc.double({ min: 0, max: 2e5, noNaN: true }),
    }),
  },
  { requiredKeys: [] },
);
const callsArb = fc.array(fc.record({ conditions: conditionsArb, times: timesArb }), {
  maxLength: 40,
});
const priorArb = fc.record({
  ttftMs: fc.double({ min: 1, max: 1e5, noNaN: true }),
  outputTokensPerSecond: fc.double({ min: 0.1, max: 1e4, noNaN: true }),
});

function taught(calls: readonly Call[], prior = PRIOR): LatencyState | undefined {
  let state: LatencyState | undefined;
  for (const call of calls) state = learnLatency(prior, state, call);
  return state;
}

/** Calls a minute apart whose times lie around the given ones, a fifth up or down. */
function callsAround(
  { ttftMs, perTokenMs }: { ttftMs: number; perTokenMs: number },
  { count, seed, from = 0 }: { count: number; seed: number; from?: number },
): Call[] {
  const random = randomFrom(seed);
  const normal = normalFrom(random);
  return Array.from({ length: count }, (_, k) => {
    const outputTokens = 20 + Math.floor(random() * 400);
    const firstMs = ttftMs * Math.exp(0.2 * normal());
    const restMs = outputTokens * perTokenMs * Math.exp(0.2 * normal());
    return {
      conditions: { ...USUAL, outputTokens, nowMs: USUAL.nowMs + 60_000 * (from + k) },
      times: { ttftMs: firstMs, answer: { totalMs: firstMs + restMs, outputTokens } },
    };
  });
}

function withoutFirst({ conditions, times: { answer } }: Call): Call {
  return { conditions, times: { answer: answer! } };
}

describe("a latency forecast", () => {
  it("is the catalogue's as long as nothing is known", ({ expect }) => {
    const { ttftMs, totalMs } = forecastLatency(PRIOR, undefined, USUAL);
    expect(ttftMs.p50).toBeCloseTo(500);
    expect(totalMs.p50).toBeCloseTo(1_500);
    expect(totalMs.p90 / totalMs.p50).toBeCloseTo(Math.exp(1.2816 * 0.5), 1);
  });

  it("has ordered, finite quantiles, and no answer ends before it begins", ({ expect }) => {
    fc.assert(
      fc.property(priorArb, callsArb, conditionsArb, (prior, calls, conditions) => {
        const forecast = forecastLatency(prior, taught(calls, prior), conditions);
        for (const { p50, p90, p95 } of [forecast.ttftMs, forecast.totalMs]) {
          expect(p50).toBeGreaterThan(0);
          expect(p90).toBeGreaterThanOrEqual(p50);
          expect(p95).toBeGreaterThanOrEqual(p90);
          expect(p95).toBeLessThan(Infinity);
        }
        expect(forecast.totalMs.p50).toBeGreaterThanOrEqual(forecast.ttftMs.p50);
        expect(forecast.totalMs.p90).toBeGreaterThanOrEqual(forecast.ttftMs.p90);
      }),
    );
  });
});

describe("learning", () => {
  it("finds both parts, from streams", ({ expect }) => {
    const state = taught(callsAround({ ttftMs: 200, perTokenMs: 40 }, { count: 200, seed: 1 }));
    const nowMs = USUAL.nowMs + 200 * 60_000;
    const { ttftMs, totalMs } = forecastLatency(PRIOR, state, { ...USUAL, nowMs });
    expect(ttftMs.p50).toBeGreaterThan(180);
    expect(ttftMs.p50).toBeLessThan(220);
    expect(totalMs.p50).toBeGreaterThan(0.9 * 4_200);
    expect(totalMs.p50).toBeLessThan(1.1 * 4_200);
    expect(totalMs.p90).toBeLessThan(1.5 * 4_200);
  });

  it("finds the sum from answers that came whole, short ones and long ones", ({ expect }) => {
    const calls = callsAround({ ttftMs: 2_000, perTokenMs: 40 }, { count: 300, seed: 2 });
    const state = taught(calls.map(withoutFirst));
    const nowMs = USUAL.nowMs + 300 * 60_000;
    function shareOfTruth(outputTokens: number): number {
      const { totalMs } = forecastLatency(PRIOR, state, { ...USUAL, outputTokens, nowMs });
      return totalMs.p50 / (2_000 + 40 * outputTokens);
    }
    expect(shareOfTruth(400)).toBeGreaterThan(0.9);
    expect(shareOfTruth(400)).toBeLessThan(1.1);
    expect(shareOfTruth(30)).toBeGreaterThan(0.7); // The catalogue alone: 0.25.
    expect(shareOfTruth(30)).toBeLessThan(1.1);
  });

  it("learns what the length forecast gets wrong into the doubt about the whole", ({ expect }) => {
    const calls = callsAround({ ttftMs: 500, perTokenMs: 10 }, { count: 200, seed: 3 });
    const blind = calls.map((call) => ({
      ...call,
      conditions: { ...call.conditions, outputTokens: 100 },
    }));
    const at = { ...USUAL, nowMs: USUAL.nowMs + 200 * 60_000 };
    const [sure, unsure] = [calls, blind].map((seen) => {
      const { p50, p90 } = forecastLatency(PRIOR, taught(seen), at).totalMs;
      return p90 / p50;
    });
    expect(unsure).toBeGreaterThan(1.2 * sure!);
  });

  it("learns that a loaded vendor is slower, and a long prompt too", ({ expect }) => {
    const random = randomFrom(4);
    const calls = Array.from({ length: 400 }, (_, k): Call => {
      const isLoaded = random() < 0.5;
      const isLong = random() < 0.5;
      const ttftMs = 300 * (isLoaded ? 3 : 1) * (isLong ? 2 : 1) * (0.9 + 0.2 * random());
      const [recentCalls, inputTokens] = [isLoaded ? 20 : 0, isLong ? 8_000 : 500];
      const nowMs = USUAL.nowMs + 60_000 * k;
      return { conditions: { ...USUAL, recentCalls, inputTokens, nowMs }, times: { ttftMs } };
    });
    const state = taught(calls);
    const nowMs = USUAL.nowMs + 400 * 60_000;
    function ttft(more: Partial<CallConditions>): number {
      return forecastLatency(PRIOR, state, { ...USUAL, nowMs, ...more }).ttftMs.p50;
    }
    expect(ttft({ recentCalls: 20 }) / ttft({})).toBeGreaterThan(2.2);
    expect(ttft({ inputTokens: 8_000 }) / ttft({})).toBeGreaterThan(1.6);
  });

  it("follows a vendor that has become three times slower within 60 calls", ({ expect }) => {
    for (const seed of [5, 6, 7]) {
      const before = callsAround({ ttftMs: 500, perTokenMs: 10 }, { count: 200, seed });
      const after = callsAround(
        { ttftMs: 1_500, perTokenMs: 30 },
        { count: 60, seed: seed + 10, from: 200 },
      );
      const nowMs = USUAL.nowMs + 260 * 60_000;
      const state = taught([...before, ...after]);
      const { ttftMs, totalMs } = forecastLatency(PRIOR, state, { ...USUAL, nowMs });
      expect(ttftMs.p50 / 1_500).toBeGreaterThan(0.8);
      expect(totalMs.p50 / 4_500).toBeGreaterThan(0.8);
      expect(totalMs.p50 / 4_500).toBeLessThan(1.25);
    }
  });

  it("doubts again what it has not seen for days", ({ expect }) => {
    const state = taught(callsAround({ ttftMs: 500, perTokenMs: 10 }, { count: 100, seed: 8 }));
    function doubtAfter(days: number): number {
      const nowMs = USUAL.nowMs + 6_000_000 + days * 86_400_000;
      const { p50, p95 } = forecastLatency(PRIOR, state, { ...USUAL, nowMs }).totalMs;
      return p95 / p50;
    }
    expect(doubtAfter(3)).toBeGreaterThan(1.3 * doubtAfter(0));
  });

  it("is moved by one absurd call by less than a factor of 2.5", ({ expect }) => {
    fc.assert(
      fc.property(fc.nat(60), fc.nat(), timesArb, (count, seed, times) => {
        const calls = callsAround({ ttftMs: 500, perTokenMs: 10 }, { count, seed });
        const conditions = { ...USUAL, nowMs: USUAL.nowMs + 60_000 * count };
        const before = taught(calls);
        const after = learnLatency(PRIOR, before, { conditions, times });
        const [was, is] = [before, after].map((state) => forecastLatency(PRIOR, state, conditions));
        for (const part of ["ttftMs", "totalMs"] as const) {
          const factor = is![part].p50 / was![part].p50;
          expect(factor).toBeGreaterThan(1 / 2.5);
          expect(factor).toBeLessThan(2.5);
        }
      }),
    );
  });

  it("leaves a state as it is for a call that told nothing", ({ expect }) => {
    const state = taught(callsAround({ ttftMs: 500, perTokenMs: 10 }, { count: 20, seed: 9 }))!;
    const conditions = { ...USUAL, nowMs: state.seenMs };
    expect(learnLatency(PRIOR, state, { conditions, times: {} })).toEqual(state);
  });
});

describe("a state", () => {
  it("is JSON of bounded size", ({ expect }) => {
    fc.assert(
      fc.property(callsArb, (calls) => {
        const state = taught(calls);
        if (state === undefined) return;
        const text = JSON.stringify(state);
        expect(text.length).toBeLessThan(5_000);
        expect(JSON.parse(text)).toEqual(state);
        expect(state.weight).toBeLessThanOrEqual(100);
      }),
    );
  });
});
