/** What is said of features as such: by hand-counted documents, and by the definition of mean and spread. */
import { describe, it } from "vitest";
import { STATISTICS } from "../../../router-models/features/statistics.ts";
import { describeCorpus } from "../../../scripts/training/corpus.ts";
import type { Example } from "../../../scripts/training/examples.ts";

function exampleOf(ids: readonly number[], level = 0): Example {
  return {
    dataset: "quiz",
    gid: "",
    features: {
      ids: Int32Array.from(ids),
      weights: new Float32Array(ids.length).fill(1),
      statistics: Float32Array.from(STATISTICS, (_, s) => (s === 1 ? level : 2)),
    },
    inputTokens: 1,
    scores: [[0, 1]],
    logTokens: [],
    task: -1,
  };
}

describe("describeCorpus", () => {
  const examples = [
    exampleOf([0, 1, 1], 1),
    exampleOf([0, 1], 3),
    exampleOf([0, 2], 5),
    exampleOf([0], 7),
  ];

  it("knows a row that enough prompts use, however often each does", ({ expect }) => {
    const known = [1, 2, 3].map((minDocuments) => [
      ...describeCorpus(examples, { tableRows: 4, minDocuments }).isKnown,
    ]);
    expect(known).toEqual([
      [1, 1, 1, 0],
      [1, 1, 0, 0], // Row 1 in two prompts, although three times.
      [1, 0, 0, 0],
    ]);
  });

  it("gives each statistic its mean and its deviation", ({ expect }) => {
    const { mean, deviation } = describeCorpus(examples, {
      tableRows: 4,
      minDocuments: 2,
    }).standardisation;
    expect([mean.length, deviation.length]).toEqual([STATISTICS.length, STATISTICS.length]);
    expect([mean[0], deviation[0]]).toEqual([2, 0]);
    expect(mean[1]).toBe(4);
    expect(deviation[1]).toBeCloseTo(Math.sqrt(5), 12);
  });

  it("says nothing, in numbers, of no example", ({ expect }) => {
    const { isKnown, standardisation } = describeCorpus([], { tableRows: 2, minDocuments: 1 });
    expect([...isKnown]).toEqual([0, 0]);
    expect(standardisation.mean.every((x) => x === 0)).toBe(true);
  });
});
