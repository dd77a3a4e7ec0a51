/** Windows of made-up questions on a simulated clock: the budget's rules, where spending ends, and the command's report. */
import { describe, it } from "vitest";
import type { PaceEvaluation } from "../../../scripts/pacing/evaluation.ts";
import { readOptions } from "../../../scripts/pacing/options.ts";
import type { Outcome, Question } from "../../../scripts/pacing/questions.ts";
import { pacePictures, paceSummary, paceTable } from "../../../scripts/pacing/report.ts";
import { simulate, type Arrival, type Window } from "../../../scripts/pacing/simulation.ts";
import { descent, fixed, paced } from "../../../scripts/pacing/spenders.ts";
import type { Candidate } from "../../../worker/domain/decision.ts";
import { randomFrom, type Random } from "../../../worker/lib/prng.ts";

const SMALL = "acme/small";
const LARGE = "acme/large";

function candidate(model: string, score: number, costMicroUsd: number): Candidate {
  return {
    model,
    score,
    standing: model === LARGE ? 1 : 0,
    outputTokensP50: 100,
    costP50MicroUsd: costMicroUsd,
    costP90MicroUsd: 2 * costMicroUsd,
    ttftMs: 100,
    ttftP90Ms: 100,
    latencyMs: 1_000,
    latencyP90Ms: 1_000,
  };
}

interface Costs {
  readonly small: number;
  readonly large: number;
}

/** A question that the large model answers well, and the small one as often as it says. */
function question(score: number, forecast: Costs, bill: Costs = forecast): Question {
  const outcomes: [string, Outcome][] = [
    [SMALL, { quality: score, costMicroUsd: bill.small }],
    [LARGE, { quality: 0.9, costMicroUsd: bill.large }],
  ];
  return {
    candidates: [candidate(SMALL, score, forecast.small), candidate(LARGE, 0.9, forecast.large)],
    outcomes: new Map(outcomes),
  };
}

/** Costs scatter by a factor of two each way, and bills are half as much again as the forecasts. */
function madeQuestion(random: Random): Question {
  const size = Math.exp(1.4 * (random() - 0.5));
  const forecast = { small: Math.ceil(200 * size), large: Math.ceil(4_000 * size) };
  const noise = 1.5 * (0.6 + 0.8 * random());
  const bill = {
    small: Math.ceil(forecast.small * noise),
    large: Math.ceil(forecast.large * noise),
  };
  return question(0.2 + 0.6 * random(), forecast, bill);
}

const HOUR_MS = 3_600_000;

/** Six hours; `arrival` places the k-th of the requests, as a share of them. */
function madeWindow(share: number, arrival: (at: number) => number = (at) => at): Window {
  const random = randomFrom(5);
  const requests = 3_000;
  const arrivals = Array.from({ length: requests }, (_, k): Arrival => {
    const atMs = arrival(k / (requests - 1)) * 6 * HOUR_MS;
    return {
      atMs,
      tookMs: 500 + 4_000 * random(),
      question: madeQuestion(random),
      isolate: Math.floor(8 * random()),
    };
  });
  const whole = arrivals.reduce(
    (sum, one) => sum + one.question.outcomes.get(LARGE)!.costMicroUsd,
    0,
  );
  return { arrivals, windowMs: 6 * HOUR_MS, limitMicroUsd: Math.round(share * whole) };
}

/** A window of like requests, one a second, each answered at once. */
function plainWindow(limitMicroUsd: number, count: number, one: Question): Window {
  const arrivals = Array.from({ length: count }, (_, k) => ({
    atMs: 1_000 * k,
    tookMs: 100,
    question: one,
    isolate: 0,
  }));
  return { arrivals, windowMs: 1_000 * count, limitMicroUsd };
}

describe("a window played against a budget", () => {
  const plain = question(0.5, { small: 10, large: 100 });

  it("settles what was used and sums up quality", ({ expect }) => {
    const spending = simulate(plainWindow(10_000, 10, plain), fixed({ qualityPerUsd: 0 }));
    expect(spending).toMatchObject({ spentMicroUsd: 1_000, refused: 0, lowered: 0, cut: 0 });
    expect(spending.quality).toBeCloseTo(0.9, 10);
    expect(spending.course).toHaveLength(101);
    expect(spending.course.at(-1)!.spentMicroUsd).toBe(1_000);
  });

  it("sends to the cheapest what does not fit, then refuses", ({ expect }) => {
    const spending = simulate(plainWindow(350, 20, plain), fixed({ qualityPerUsd: 0 }));
    // Twice the large model, holding 200 each; then the small one, holding 20 each, until 10 are left.
    expect(spending).toMatchObject({ spentMicroUsd: 340, refused: 4, lowered: 14, cut: 0 });
    expect(spending.quality).toBeCloseTo((2 * 0.9 + 14 * 0.5) / 20, 10);
  });

  it("sends what does not fit to the next in the decision's order, and holds to the window's end", ({
    expect,
  }) => {
    const medium = { ...candidate("acme/medium", 0.6, 30), standing: 0.5 };
    const { candidates, outcomes } = plain;
    const three = {
      candidates: [...candidates, medium],
      outcomes: new Map([...outcomes, [medium.model, { quality: 0.6, costMicroUsd: 30 }]]),
    };
    const late = plainWindow(280, 2, three).arrivals.map((one) => ({ ...one, tookMs: 1e6 }));
    const window = { ...plainWindow(280, 2, three), arrivals: late };
    const spending = simulate(window, fixed({ qualityPerUsd: 0 }));
    expect(spending).toMatchObject({ committedMicroUsd: 260, spentMicroUsd: 130, lowered: 1 });
    expect(spending.course.at(-1)!.spentMicroUsd).toBe(130);
  });

  it("tells a spender only of requests that were let through", ({ expect }) => {
    const counts: number[] = [];
    const spender = fixed({ qualityPerUsd: 0 });
    simulate(plainWindow(250, 4, question(0.5, { small: 60, large: 100 })), {
      decide(arrival, known) {
        counts.push(known.requests);
        return spender.decide(arrival, known);
      },
    });
    // The large model, then the small one: what is left does not do for another.
    expect(counts).toEqual([0, 1, 2, 2]);
  });

  it("counts held money as spent while answers are under way", ({ expect }) => {
    const window = plainWindow(500, 5, plain);
    const arrivals = window.arrivals.map((arrival) => ({ ...arrival, tookMs: 1e6 }));
    expect(simulate({ ...window, arrivals }, fixed({ qualityPerUsd: 0 }))).toMatchObject({
      spentMicroUsd: 230,
      lowered: 3,
      refused: 0,
    });
  });

  it("cuts an answer short that outgrows the budget, and never spends more than the limit", ({
    expect,
  }) => {
    const dear = question(0.5, { small: 10, large: 100 }, { small: 10, large: 450 });
    const spending = simulate(plainWindow(500, 3, dear), fixed({ qualityPerUsd: 0 }));
    expect(spending.spentMicroUsd).toBeLessThanOrEqual(500);
    const once = simulate(plainWindow(300, 1, dear), fixed({ qualityPerUsd: 0 }));
    expect(once).toMatchObject({ spentMicroUsd: 300, cut: 1, quality: 0 });
  });
});

describe("a paced window", () => {
  for (const share of [0.15, 0.3, 0.6, 0.9])
    it(`ends within 1 % of a limit of ${100 * share} %, refusing nobody, and beats the others`, ({
      expect,
    }) => {
      const window = madeWindow(share);
      const spending = simulate(window, paced(window));
      expect(spending.spentMicroUsd).toBeLessThanOrEqual(window.limitMicroUsd);
      expect(spending.spentMicroUsd).toBeGreaterThan(0.99 * window.limitMicroUsd);
      expect(spending.refused).toBe(0);
      const stopping = simulate(window, fixed({ preset: "quality" }));
      expect(spending.quality).toBeGreaterThan(stopping.quality + 0.01);
      const spent = simulate(window, descent(window, 0.05));
      expect(spending.quality).toBeGreaterThan(spent.quality);
    });

  it("spends evenly where traffic is even", ({ expect }) => {
    const window = madeWindow(0.3);
    const { course } = simulate(window, paced(window));
    for (const part of [25, 50, 75])
      expect(
        Math.abs(course[part]!.spentMicroUsd / window.limitMicroUsd - part / 100),
      ).toBeLessThan(0.05);
  });

  it("spends evenly where all questions are alike, and change their model at one price", ({
    expect,
  }) => {
    const alike = question(0.5, { small: 10, large: 100 });
    const window = plainWindow(55_000, 1_000, alike);
    const { course, spentMicroUsd } = simulate(window, paced(window));
    for (const part of [25, 50, 75])
      expect(Math.abs(course[part]!.spentMicroUsd / 55_000 - part / 100)).toBeLessThan(0.05);
    expect(spentMicroUsd).toBeGreaterThan(0.99 * 55_000);
  });

  it("reaches its limit although two thirds of the traffic come in the first third", ({
    expect,
  }) => {
    const window = madeWindow(0.3, (at) => (at < 2 / 3 ? at / 2 : 2 * at - 1));
    const spending = simulate(window, paced(window));
    expect(spending.spentMicroUsd).toBeGreaterThan(0.98 * window.limitMicroUsd);
    expect(spending.refused).toBe(0);
  });

  it("ends at its limit where traffic dies down towards the end, if a window before did so too", ({
    expect,
  }) => {
    const window = madeWindow(0.3, (at) => 1 - Math.sqrt(1 - at));
    const parts = Array.from({ length: 48 }, (_, part) => 2 * (48 - part) - 1);
    const spent = [window, { ...window, before: parts }].map(
      (one) => simulate(one, paced(one)).spentMicroUsd / window.limitMicroUsd,
    );
    expect(spent[0]).toBeLessThan(0.9);
    expect(spent[1]).toBeGreaterThan(0.98);
  });

  it("refuses nobody where the window before misleads it", ({ expect }) => {
    const window = madeWindow(0.3);
    const early = Array.from({ length: 48 }, (_, part) => (part < 12 ? 240 : 3));
    for (const before of [early, early.toReversed()]) {
      const spending = simulate(window, paced({ ...window, before }));
      expect(spending.refused).toBe(0);
      expect(spending.spentMicroUsd).toBeGreaterThan(0.85 * window.limitMicroUsd);
    }
  });

  it("keeps the last of its money from a single answer that outgrows what was foreseen", ({
    expect,
  }) => {
    const usual = question(0.5, { small: 10, large: 100 });
    const huge = question(0.5, { small: 10, large: 4_900 }, { small: 10, large: 12_000 });
    const window = plainWindow(25_000, 200, usual);
    const arrivals = window.arrivals.map((arrival, k) =>
      k === 150 ? { ...arrival, question: huge } : arrival,
    );
    expect(simulate({ ...window, arrivals }, paced(window)).refused).toBe(0);
  });

  it("takes the best of each question where there is money for it", ({ expect }) => {
    const window = madeWindow(3);
    const best = simulate(window, fixed({ qualityPerUsd: 0 }));
    expect(simulate(window, paced(window)).quality).toBeCloseTo(best.quality, 10);
  });

  it("comes out the same each time", ({ expect }) => {
    const window = madeWindow(0.3);
    expect(simulate(window, paced(window))).toEqual(simulate(window, paced(window)));
  });
});

describe("the report", () => {
  const exact = { value: 0.5, low: 0.4, high: 0.6 };
  const row = {
    spent: { value: 0.995, low: 0.985, high: 1 },
    committed: { value: 0.998, low: 0.996, high: 1 },
    within: { spent: 1, committed: 2 },
    quality: exact,
    overZero: { value: 0.01, low: 0.005, high: 0.02 },
    behind: exact,
    refused: 3,
    lowered: 0,
    cut: 0,
    course: [
      { spent: 0, quality: 0 },
      { spent: 1, quality: 0.5 },
    ],
  };
  const evaluation: PaceEvaluation = {
    release: "made 1",
    window: "trace",
    seeds: 2,
    isolates: 8,
    tables: [
      {
        set: "made",
        trace: "even",
        requests: 1_000,
        budgets: [
          {
            share: 0.25,
            isLarge: true,
            zeroRouter: [0, 0.45],
            spenders: [
              { ...row, name: "paced" },
              { ...row, name: "quality" },
            ],
          },
        ],
      },
    ],
  };

  it("says what was spent and committed, and marks budgets too large to spend", ({ expect }) => {
    const cells = "99.5 % (98.5 % to 100.0 %) | 99.8 % (99.6 % to 100.0 %) | 1, 2 |";
    expect(paceTable(evaluation)).toContain(`| 25 % † | paced | ${cells}`);
    expect(paceSummary(evaluation)).toContain(`| made, even | 25 % † | ${cells}`);
  });

  it("draws money and quality over time for each budget", ({ expect }) => {
    const [drawn, ...others] = pacePictures(evaluation);
    expect(others).toEqual([]);
    expect(drawn!.name).toBe("pace-made-even-25.svg");
    expect(drawn!.svg.match(/<path class="line [a-z]+" d="M[^h"]+"/gu)).toHaveLength(5);
  });
});

describe("the flags of the command", () => {
  it("have defaults, and are refused where they are wrong", ({ expect }) => {
    expect(readOptions([])).toMatchObject({ budgets: [0.1, 0.25, 0.5, 0.75], isolates: 8 });
    expect(() => readOptions(["--budgets", "0.1,2"])).toThrow("--budgets");
    expect(() => readOptions(["--seeds", "0"])).toThrow("--seeds");
    expect(() => readOptions(["--window", "week"])).toThrow("--window");
  });
});
