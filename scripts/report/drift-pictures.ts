/**
 * Answers that change, as pictures: hits and wrong hits of the requests over time, for each share of changed answers.
 *
 * Lines are medians over runs, areas their 5 % to 95 % quantiles; both are of hundred requests at a time, so a wrong
 * hit now and then is below the line. Dashes say when answers change and when they are mended.
 */
import type { CurvePoint, DriftRow } from "../evaluation/drift/drift-rows.ts";
import { BIN } from "../evaluation/drift/drift-runs.ts";
import type { DriftEvaluation } from "../evaluation/drift/evaluation.ts";
import type { Picture } from "./evaluation-pictures.ts";
import { count, percent } from "./markdown.ts";
import { frame, picture, type Series } from "./svg.ts";

/** Requests before the change from which on it is drawn. */
const EARLIER = 2_000;
const TICK = 2_000;

type Course = DriftEvaluation["course"];

/** None where no namespace served. */
export function driftPictures({ drifts, course }: DriftEvaluation): Picture[] {
  return drifts
    .filter(({ runs }) => runs > 0)
    .map((row) => ({
      name: `drift-${100 * row.changed}.svg`,
      svg: drawn(row, course),
    }));
}

function drawn({ changed, curve }: DriftRow, course: Course): string {
  const mended = course.before + course.changed;
  const [from, to] = [course.before - EARLIER, mended + course.after];
  const place = frame(
    {
      label: "Requests",
      from,
      to,
      ticks: Array.from({ length: Math.floor((to - from) / TICK) + 1 }, (_, k) => from + k * TICK),
      format: count,
    },
    {
      label: "Share of requests",
      from: 0,
      to: 1,
      ticks: [0, 0.2, 0.4, 0.6, 0.8, 1],
      format: percent,
    },
  );
  const seen = curve.filter(({ at }) => at >= from);
  const series = [
    bandOf(seen, "hits"),
    bandOf(seen, "wrong"),
    upright(course.before),
    upright(mended),
    medianOf(seen, "hits"),
    medianOf(seen, "wrong"),
  ];
  return picture(`${percent(changed)} of the answers wrong for a while`, place, { series });
}

const STYLES = { hits: "router", wrong: "length" } as const;
const NAMES = { hits: "hits", wrong: "wrong hits" } as const;
type What = keyof typeof STYLES;

function medianOf(curve: readonly CurvePoint[], what: What): Series {
  return {
    name: NAMES[what],
    style: STYLES[what],
    kind: "line",
    points: curve.map((point) => [middleOf(point), point[what].value]),
  };
}

function bandOf(curve: readonly CurvePoint[], what: What): Series {
  const low = curve.map((point): [number, number] => [middleOf(point), point[what].low]);
  const high = curve.map((point): [number, number] => [middleOf(point), point[what].high]);
  return {
    name: "",
    style: STYLES[what],
    kind: "band",
    points: [...low, ...high.toReversed()],
  };
}

function middleOf({ at }: CurvePoint): number {
  return at + BIN / 2;
}

function upright(at: number): Series {
  return {
    name: "",
    style: "zero",
    kind: "line",
    points: [
      [at, 0],
      [at, 1],
    ],
  };
}
