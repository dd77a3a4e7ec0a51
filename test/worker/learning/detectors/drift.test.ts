/** Drifts: how soon they are found, how seldom without a reason, how they end, and that they can be kept as JSON. */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import {
  baselineOf,
  driftSchema,
  HALF_LIFE_MS,
  noDrift,
  observe,
  shiftOf,
  TOLERANCE,
  WARM_UP,
  type Drift,
} from "../../../../worker/learning/detectors/drift.ts";
import { randomFrom, type Random } from "../../../../worker/lib/prng.ts";

const STEP_MS = 1_000;

interface Stream {
  readonly random: Random;
  /** Share of values that are 1; the others are 0. */
  readonly mean: number;
  readonly expected?: number;
  readonly weight?: number;
  readonly fromMs?: number;
}

/** The drift after `count` values, or at its first alarm where `stops`, and how many there were. */
function after(
  drift: Drift,
  count: number,
  {
    random,
    mean,
    expected = 0.8,
    weight = 1,
    fromMs = 0,
    stops = true,
  }: Stream & { stops?: boolean },
): [drift: Drift, values: number] {
  let now = drift;
  for (let n = 1; n <= count; n++) {
    const value = random() < mean ? 1 : 0;
    now = observe(now, { value, expected, weight, atMs: fromMs + n * STEP_MS });
    if (stops && now.alarm !== undefined) return [now, n];
  }
  return [now, count];
}

/** Values until a fall is found, the median of a hundred times, and whether all were. */
function delay(to: number, { weight = 1, calm = 500 } = {}): { median: number; isFound: boolean } {
  const random = randomFrom(7);
  const delays = Array.from({ length: 100 }, () => {
    const [before] = after(noDrift(), calm, { random, mean: 0.8, weight });
    return after(before, 5_000, { random, mean: to, weight })[1];
  }).toSorted((a, b) => a - b);
  return { median: delays[50]!, isFound: delays.at(-1)! < 5_000 };
}

describe("a drift that is there", () => {
  it("is found within some dozens of values where a model collapses", ({ expect }) => {
    const { median, isFound } = delay(0.2);
    expect(isFound).toBe(true);
    expect(median).toBeGreaterThan(10);
    expect(median).toBeLessThan(60);
  });

  it("is found later where it is smaller or values weigh less", ({ expect }) => {
    const collapse = delay(0.2).median;
    expect(delay(0.5).median).toBeGreaterThan(2 * collapse);
    expect(delay(0.2, { weight: 0.5 }).median).toBeGreaterThan(1.3 * collapse);
  });

  it("is not taken for calm where the calm was short", ({ expect }) => {
    const random = randomFrom(9);
    let found = 0;
    for (let run = 0; run < 50; run++) {
      const [before] = after(noDrift(), 200, { random, mean: 0.8 });
      if (after(before, 3_000, { random, mean: 0.5 })[0].alarm !== undefined) found++;
    }
    expect(found).toBeGreaterThan(40);
  });

  it("is no later for a long calm", ({ expect }) => {
    expect(delay(0.2, { calm: 5_000 }).median).toBeLessThanOrEqual(delay(0.2).median);
  });

  it.for([
    [0.8, 0.2],
    [0.2, 0.8],
  ])("from %d to %d is shifted by nearly as much", ([from, to], { expect }) => {
    const random = randomFrom(3);
    const [before] = after(noDrift(), 500, { random, mean: from!, expected: from! });
    const [fallen, values] = after(before, 500, { random, mean: to!, expected: from! });
    expect(values).toBeLessThan(500);
    const [late] = after(fallen, 200, { random, mean: to!, expected: from!, stops: false });
    expect(shiftOf(late, 200 * STEP_MS) / (to! - from!)).toBeGreaterThan(0.75);
    expect(shiftOf(late, 200 * STEP_MS) / (to! - from!)).toBeLessThan(1.15);
  });
});

describe("a drift that is not there", () => {
  it.for([
    ["right", 0.8, 0.8],
    ["wrong by 0.3 from the start", 0.5, 0.8],
    ["wrong by -0.2 from the start", 0.6, 0.4],
  ] as const)(
    "is no alarm in 50,000 values that are predicted %s",
    ([, mean, expected], { expect }) => {
      const random = randomFrom(4);
      for (let run = 0; run < 10; run++)
        expect(after(noDrift(), 5_000, { random, mean, expected })[1]).toBe(5_000);
    },
  );

  it("is no alarm where the mean moves by the tolerance", ({ expect }) => {
    const random = randomFrom(5);
    let alarms = 0;
    for (let run = 0; run < 30; run++) {
      const [before] = after(noDrift(), 1_000, { random, mean: 0.8 });
      if (after(before, 2_000, { random, mean: 0.8 - TOLERANCE })[0].alarm !== undefined) alarms++;
    }
    expect(alarms).toBeLessThan(3);
  });

  it("is bet on by nobody before there is a baseline", ({ expect }) => {
    const random = randomFrom(6);
    const [drift] = after(noDrift(), WARM_UP, { random, mean: 0 });
    expect(drift.below.every(({ log }) => log === 0)).toBe(true);
    expect(baselineOf(drift)).toBeCloseTo(-0.8, 12);
  });
});

function alarmed(): { drift: Drift; random: Random } {
  const random = randomFrom(8);
  const [before] = after(noDrift(), 500, { random, mean: 0.8 });
  return { drift: after(before, 500, { random, mean: 0.2 })[0], random };
}

describe("an alarm", () => {
  it("freezes the baseline", ({ expect }) => {
    const { drift, random } = alarmed();
    const [later] = after(drift, 500, { random, mean: 0.2, stops: false });
    expect(baselineOf(later)).toBe(baselineOf(drift));
  });

  it("ends within some dozens of values that are as they were", ({ expect }) => {
    const { drift, random } = alarmed();
    const [later] = after(drift, 150, { random, mean: 0.8, stops: false });
    expect([later.alarm, shiftOf(later, 0)]).toEqual([undefined, 0]);
    expect(baselineOf(later)).toBeCloseTo(baselineOf(drift), 1);
  });

  it("fades where nothing is heard any more, and comes back with a few values", ({ expect }) => {
    const { drift, random } = alarmed();
    const days = [0, 1, 3, 5, 12].map((day) =>
      shiftOf(drift, drift.alarm!.atMs + day * HALF_LIFE_MS),
    );
    expect(days).toEqual(days.toSorted((a, b) => a - b));
    expect([days[0]! < -0.4, days[3]! > -0.25, days[4]]).toEqual([true, true, 0]);
    const fromMs = drift.alarm!.atMs + 5 * HALF_LIFE_MS;
    const [again] = after(drift, 10, { random, mean: 0.2, fromMs, stops: false });
    expect(shiftOf(again, fromMs)).toBeLessThan(-0.3);
    const [over] = after(drift, 3, { random, mean: 1, fromMs, stops: false });
    expect(shiftOf(over, fromMs)).toBeGreaterThan(-0.1);
  });
});

describe("a drift as JSON", () => {
  it("goes on as if it had never been written", ({ expect }) => {
    const outcome = fc.record({
      value: fc.double({ min: 0, max: 1, noNaN: true }),
      expected: fc.double({ min: 0, max: 1, noNaN: true }),
      weight: fc.double({ min: 0.01, max: 3, noNaN: true }),
      atMs: fc.nat({ max: 1e9 }),
    });
    fc.assert(
      fc.property(fc.array(outcome, { maxLength: 200 }), (outcomes) => {
        let [kept, read] = [noDrift(), noDrift()];
        for (const one of outcomes) {
          kept = observe(kept, one);
          read = driftSchema.parse(JSON.parse(JSON.stringify(observe(read, one))));
        }
        expect(read).toEqual(kept);
        expect(Math.abs(shiftOf(read, 1e9))).toBeLessThanOrEqual(1);
      }),
    );
  });
});
