/** The bound that serves, in the evaluation's hands: closed at first, open by evidence, closed again by errors. */
import { describe, it } from "vitest";
import { BOUND } from "../../../../scripts/evaluation/cache/bound.ts";
import type { Course } from "../../../../scripts/evaluation/cache/rules.ts";

const SIMILARITY = 0.97;

function serves(course: Course): boolean {
  return course.verdict({ similarity: SIMILARITY, entry: 1e6 }).serve;
}

/** Audits of as many requests, all to other entries. */
function tell(course: Course, count: number, isRight: boolean): void {
  for (let entry = 0; entry < count; entry++) {
    const near = { similarity: SIMILARITY, entry };
    const { serve, audit } = course.verdict(near);
    course.observe({ ...near, isRight, wasServed: serve, probability: audit });
  }
}

describe("the bound", () => {
  it("serves nothing before it has evidence, and audits every miss", ({ expect }) => {
    const course = BOUND.start(0.01);
    expect(course.verdict({ similarity: 1, entry: 0 })).toEqual({ serve: false, audit: 1 });
    tell(course, 299, true); // With fewer no share of 1 % can be shown at 95 %.
    expect(serves(course)).toBe(false);
  });

  it("opens by right answers and closes by wrong ones", ({ expect }) => {
    const course = BOUND.start(0.01);
    tell(course, 1_500, true);
    expect(serves(course)).toBe(true);
    expect(course.verdict({ similarity: SIMILARITY, entry: 0 }).audit).toBeGreaterThan(0);
    tell(course, 400, false);
    expect(serves(course)).toBe(false);
  });

  it("begins anew for each namespace", ({ expect }) => {
    tell(BOUND.start(0.01), 1_500, true);
    expect(serves(BOUND.start(0.01))).toBe(false);
  });
});
