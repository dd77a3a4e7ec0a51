/** What the zero router would have given in a pacer's place: the best mixture of single models that spends as much. */
import { aiq } from "../evaluation/frontier.ts";
import type { QuestionSet } from "./questions.ts";
import type { Spending, Window } from "./simulation.ts";

type Models = Pick<QuestionSet, "zeroRouter">;

/** Its mean quality over the whole window; refusing is free and worth nothing. */
export function zeroRouterAt(spentMicroUsd: number, set: Models, window: Window): number {
  return courseOf([spentMicroUsd], set, window).at(-1)!;
}

/** The same at each point of a spender's course, of the requests until then, as a share of all: it grows as theirs does. */
export function zeroRouterCourse(
  { course }: Pick<Spending, "course">,
  set: Models,
  window: Window,
): number[] {
  return courseOf(
    course.map(({ spentMicroUsd }) => spentMicroUsd),
    set,
    window,
  );
}

/** @param spent In micro-dollars, at evenly spaced moments of which the last is the window's end. */
function courseOf(
  spent: readonly number[],
  { zeroRouter }: Models,
  { arrivals, windowMs }: Window,
): number[] {
  const sums = zeroRouter.map((model) => ({ model, cost: 0, quality: 0 }));
  let seen = 0;
  return spent.map((spentMicroUsd, k) => {
    const untilMs = k === spent.length - 1 ? Infinity : (windowMs * k) / (spent.length - 1);
    for (; seen < arrivals.length && arrivals[seen]!.atMs <= untilMs; seen++)
      for (const sum of sums) {
        const outcome = arrivals[seen]!.question.outcomes.get(sum.model)!;
        sum.cost += outcome.costMicroUsd;
        sum.quality += outcome.quality / arrivals.length;
      }
    return aiq(sums, { from: spentMicroUsd, to: spentMicroUsd });
  });
}
