/** Months of players whose choices are plain, summed up and shown. */
import { describe, it } from "vitest";
import { entriesOf } from "../../../scripts/simulated-month/accounts.ts";
import type { MonthEvaluation } from "../../../scripts/simulated-month/evaluation.ts";
import { SERVED, type Month, type Played } from "../../../scripts/simulated-month/month.ts";
import { readOptions } from "../../../scripts/simulated-month/options.ts";
import { monthPictures, monthTable } from "../../../scripts/simulated-month/report.ts";
import { summed } from "../../../scripts/simulated-month/rows.ts";
import { bestModelAt, requestsOf, type World } from "../../../scripts/simulated-month/world.ts";
import { MODELS, WORLD } from "./made-up-place.ts";

const HAPPENED: World = {
  ...WORLD,
  happenings: [
    { what: "appears", day: 2, model: "rhymer" },
    { what: "collapses", day: 5, model: "counter", factor: 0.2 },
  ],
};

function monthOf(seed: number): Month {
  const requests = requestsOf(HAPPENED, { count: 200, seed });
  function played(choose: (k: number) => string): Played {
    const choices = requests.map((_, k) => choose(k));
    return { entries: entriesOf(HAPPENED, requests, choices), alarms: [], retrainings: [] };
  }
  const players = new Map<keyof typeof CHOICES | "oracle", Played>();
  for (const name of [...SERVED, "single", "random"] as const)
    players.set(
      name,
      played(() => CHOICES[name]),
    );
  players.set(
    "oracle",
    played((k) => bestModelAt(HAPPENED, requests[k]!)),
  );
  return { seed, requests, players };
}

const CHOICES = {
  frozen: "counter",
  exploring: "counter",
  watched: "master",
  lifted: "master",
  retrained: "simple",
  rewatched: "master",
  gated: "counter",
  single: "counter",
  random: "simple",
} as const;

const SUMMED = summed(HAPPENED, [1, 2, 3].map(monthOf), 1);
const ROW = new Map(SUMMED.rows.map((row) => [row.name, row]));

const EVALUATION: MonthEvaluation = {
  ...SUMMED,
  set: "made-up",
  models: MODELS,
  happenings: HAPPENED.happenings,
  isLengthAssumed: true,
  questions: { before: 80, familiar: 60, strange: 60 },
  days: 10,
  requests: 200,
  months: 3,
  every: 6,
  exploration: { sharpness: 100, floor: 0.01, max_cost_ratio: 3 },
  feedback: 0.3,
  collapse: [
    {
      watches: true,
      runs: 4,
      share: 0.5,
      requestsUntilAlarm: { median: 100, p95: Infinity, runs: 3 },
      wordsUntilAlarm: { median: 20, p95: 40, runs: 4 },
      requestsUntilAround: { median: Infinity, p95: Infinity, runs: 0 },
    },
  ],
  calm: { months: 4, alarms: 1, monthsWithAlarm: 1 },
  retrainings: [{ name: "gated", retrainings: 4, taken: 1, refusals: { reward: 3, evidence: 1 } }],
};

describe("months summed up", () => {
  it("have an oracle without regret, and the frozen router as the measure", ({ expect }) => {
    expect(ROW.get("oracle")!.regret!.value).toBe(0);
    expect(ROW.get("frozen")!.saved).toEqual({ value: -0, low: -0, high: -0 });
    expect(ROW.get("rewatched")!.saved!.low).toBeGreaterThan(0);
    expect(ROW.get("retrained")!.saved!.high).toBeLessThan(0);
    expect(ROW.get("hindsight")!.regret!.value).toBeCloseTo(ROW.get("rewatched")!.regret!.value);
  });

  it("give the zero router the money of the watched one", ({ expect }) => {
    const [zero, same] = [ROW.get("zero")!, ROW.get("rewatched")!];
    expect(zero.spentUsd.value).toBeCloseTo(same.spentUsd.value);
    expect(zero.quality.value).toBeCloseTo(same.quality.value);
    expect(zero.regret).toBeUndefined();
  });

  it("tell phases apart and run their courses to the sum", ({ expect }) => {
    const { phases, regret } = ROW.get("frozen")!;
    expect(phases).toHaveLength(3);
    expect(phases[2]!.value).toBeGreaterThan(phases[1]!.value + 0.3);
    const course = SUMMED.courses["frozen"]!;
    expect(course[0]!.regret).toBe(0);
    expect(course.at(-1)!.day).toBe(10);
    expect(course.at(-1)!.regret).toBeCloseTo(regret!.value);
  });
});

describe("the report", () => {
  it("names every player, verdict and quantile", ({ expect }) => {
    const text = monthTable(EVALUATION);
    expect(text.split("\n").filter((line) => line.startsWith("| "))).toHaveLength(2 + 12 + 2 + 1);
    expect(text).toContain("day 5.0: quality of counter × 0.2");
    expect(text).toContain("gated: 1 of 4 (refused by reward 3, evidence 1)");
    expect(text).toContain("100, 95 %: – (3 runs)");
    expect(text).toContain("every answer counts as 250 tokens");
    expect(text).toContain("1 alarms in 4");
  });

  it("draws regret and money", ({ expect }) => {
    const pictures = monthPictures(EVALUATION);
    expect(pictures.map(({ name }) => name)).toEqual([
      "month-made-up-regret.svg",
      "month-made-up-spent.svg",
    ]);
    for (const { svg } of pictures) {
      expect(svg).toContain("collapses");
      expect(svg).not.toContain("NaN");
    }
  });
});

describe("the flags", () => {
  it("have defaults, and name what is wrong", ({ expect }) => {
    const { files, months, every } = readOptions([]);
    expect([files.length, months, every]).toEqual([1, 2, 6]);
    expect(readOptions(["--sets", "list.json"]).files).toEqual([]);
    expect(readOptions(["--data", "a.jsonl,b.jsonl"]).files).toEqual(["a.jsonl", "b.jsonl"]);
    expect(() => readOptions(["--days", "3"])).toThrow("--days");
    expect(() => readOptions(["--months", "0"])).toThrow("--months");
  });
});
