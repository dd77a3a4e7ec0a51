/**
 * Ridge regression against its closed form: with one standardised column and a constant the solution is
 * worked out by hand.
 */
import { describe, it } from "vitest";
import { learnRidge } from "../../../../scripts/evaluation/baselines/ridge.ts";
import { featureReader } from "../../../../scripts/evaluation/baselines/row-features.ts";
import { outcomeRow } from "../outcome-rows.ts";

describe("learnRidge", () => {
  it("shrinks a slope by n / (n + penalty)", ({ expect }) => {
    // Two lengths, equally often: the standardised column is −1 or +1, so XᵀX is n and Xᵀy is n × slope.
    const reader = featureReader(16);
    const rows = Array.from({ length: 40 }, (_, i) =>
      outcomeRow({ gid: "one", prompt: i % 2 === 0 ? "ab" : "abcdefgh", scores: { a: 1 } }),
    );
    const { predict, setting } = learnRidge(
      {
        features: rows.map(reader.of),
        gids: rows.map(({ gid }) => gid),
        targets: [Float64Array.from(rows, (_, i) => (i % 2 === 0 ? 0.2 : 0.6))],
      },
      { tableRows: 0, statistics: ["userChars"] },
    );
    expect(setting).toBe(1_000); // One question: nothing can be left out, so the strongest.
    const slope = (0.2 * 40) / (40 + 1_000);
    expect(predict(reader.of(rows[0]!))[0]).toBeCloseTo(0.4 - slope, 9);
    expect(predict(reader.of(rows[1]!))[0]).toBeCloseTo(0.4 + slope, 9);
  });
});
