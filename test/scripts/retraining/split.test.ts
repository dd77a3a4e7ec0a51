/** No prompt both teaches and judges, and what judges came last. */
import * as fc from "fast-check";
import { it } from "vitest";
import { Split, type Dated } from "../../../scripts/retraining/split.ts";

const decisions = fc.array(
  fc.record({ prompt: fc.constantFrom("a", "b", "c", "d", "e"), atMs: fc.nat(50) }),
);

it("never has a prompt on both sides, nor learns from what comes after the cut", ({ expect }) => {
  fc.assert(
    fc.property(decisions, fc.double({ min: 0, max: 1, noNaN: true }), (all, share) => {
      const split = new Split(all, share);
      const sides = Map.groupBy(all, (one) => split.sideOf(one));
      const learnt = sides.get("learn") ?? [];
      const judged = sides.get("judge") ?? [];
      for (const one of learnt) expect(one.atMs).toBeLessThan(split.cutMs);
      for (const one of judged) expect(one.atMs).toBeGreaterThanOrEqual(split.cutMs);
      const prompts = new Set(learnt.map(({ prompt }) => prompt));
      expect(judged.filter(({ prompt }) => prompts.has(prompt))).toEqual([]);
      for (const { prompt, atMs } of sides.get("neither") ?? [])
        expect(
          all.some((one) => one.prompt === prompt && one.atMs < split.cutMs !== atMs < split.cutMs),
        ).toBe(true);
    }),
  );
});

it("gives the last share of the decisions to the judges", ({ expect }) => {
  const all: Dated[] = Array.from({ length: 100 }, (_, i) => ({ prompt: `${i}`, atMs: 100 - i }));
  const split = new Split(all, 0.25);
  expect(all.filter((one) => split.sideOf(one) === "judge").map(({ atMs }) => atMs)).toEqual(
    Array.from({ length: 25 }, (_, i) => 100 - i),
  );
  expect(new Split([], 0.25).sideOf({ prompt: "any", atMs: 0 })).toBe("learn");
});
