/** Lives of namespaces, and how they are counted. */
import { describe, it } from "vitest";
import {
  CHECKPOINTS,
  KINDS,
  lifeOf,
  live,
  promiseRow,
  type Lived,
} from "../../../../scripts/evaluation/drift/promise.ts";

const BUDGET = 0.01;

function lifeAt(kind: number): Lived {
  return live(KINDS[kind]!, { budget: BUDGET, random: lifeOf(kind, 0, 7) });
}

/** A namespace that is all right, but for what is given. */
function lived(some: Partial<Lived>): Lived {
  const served = CHECKPOINTS.map((_, at) => at / 10);
  const calm = { hits: 100, wrong: 1, expectedWrong: 1, trips: 0, wasBeyond: false };
  return { ...calm, oracle: 0.8, served, ...some };
}

describe("a life", () => {
  it("ends with hits where the nearest are never wrong, fewer than the oracle's", ({ expect }) => {
    const { hits, oracle, served, wasBeyond } = lifeAt(0);
    expect(hits).toBeGreaterThan(0);
    expect(served).toHaveLength(CHECKPOINTS.length);
    expect(served.at(-1)).toBeGreaterThan(0);
    expect(served.at(-1)).toBeLessThanOrEqual(oracle + 0.01);
    expect(wasBeyond).toBe(false);
  });

  it("has no hit where one in twenty of the nearest is wrong, and no oracle", ({ expect }) => {
    const kind = KINDS.findIndex(({ name }) => name === "falls to 5 %");
    expect(lifeAt(kind)).toMatchObject({ hits: 0, oracle: 0, wasBeyond: false });
  });
});

describe("the row of a kind", () => {
  it("counts the namespaces that broke the promise, each way of its own", ({ expect }) => {
    const lives = [
      lived({}),
      lived({ wasBeyond: true }),
      lived({ expectedWrong: 1.1, wrong: 2, trips: 2 }),
      lived({ hits: 0, wrong: 0, expectedWrong: 0, oracle: 0 }),
    ];
    const row = promiseRow("some", lives, BUDGET);
    expect(row).toMatchObject({ namespaces: 4, opened: 3, hits: 300, trips: 2 });
    expect(row.everBeyond).toMatchObject({ count: 1, share: { value: 0.25 } });
    expect(row.expectedBeyond.count).toBe(1);
    expect(row.countedBeyond.count).toBe(1);
    expect(row.wrongShare).toBeCloseTo(4 / 300, 12);
    expect(row.oracle).toBeCloseTo(0.6, 12);
    expect(row.learnt[4]!.value).toBeCloseTo(0.5, 12);
  });
});
