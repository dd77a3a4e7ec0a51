/**
 * No question counts twice: pooled sets keep its first row, and one that is on both sides of a split is
 * refused by name.
 */
import { describe, it } from "vitest";
import { assertDisjoint, poolByGid } from "../../../scripts/dataset/pool.ts";

function row(gid: string, id: string, dataset = "quiz") {
  return { gid, id, dataset };
}

describe("poolByGid", () => {
  it("keeps the first row of each question", ({ expect }) => {
    const rows = [row("q1", "a"), row("q2", "b"), row("q1", "c", "exam"), row("q3", "d")];
    expect(poolByGid(rows).map(({ id }) => id)).toEqual(["a", "b", "d"]);
    expect(poolByGid([])).toEqual([]);
  });
});

describe("assertDisjoint", () => {
  it("names a question that is on both sides", ({ expect }) => {
    const train = [row("q1", "a"), row("q2", "b")];
    const valid = [row("q3", "c"), row("q2", "d", "exam")];
    expect(() => assertDisjoint(train, valid)).toThrow(
      /1 of 2 valid rows .*gid q2: exam d and quiz b/,
    );
  });

  it("is content with two sides", ({ expect }) => {
    expect(() => assertDisjoint([row("q1", "a")], [row("q2", "b")])).not.toThrow();
    expect(() => assertDisjoint([], [])).not.toThrow();
  });
});
