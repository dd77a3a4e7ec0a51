/**
 * The evaluation of the semantic cache as pictures: precision against recall, and false hits per 1,000 hits against the
 * hit rate, with the budget as a line. Of each set as it is and behind the guards, and of its questions as a stream.
 *
 * Both axes of the second are logarithmic: a budget is a share of hits of which most similarities have few. What has no
 * false hit is drawn at the lower end, what has no hit is not drawn. Dots are what ships, under one budget after
 * another, on pairs drawn over and over or on the stream: each should lie below its own.
 */
import type { CourseRow } from "../evaluation/cache/course-rows.ts";
import type {
  CacheEvaluation,
  CacheSetReport,
  StreamReport,
} from "../evaluation/cache/evaluation.ts";
import type { MethodRow } from "../evaluation/cache/method-rows.ts";
import type { Picture } from "./evaluation-pictures.ts";
import { frame, note, picture, type Axis, type Series } from "./svg.ts";

/** By similarity; one that is not named here is what ships, or what may. */
const STYLES: Readonly<Record<string, string>> = {
  jaccard: "length",
  trigrams: "knn",
  "idf-cosine": "ridge",
  random: "random",
};
/** The hit rate at the left end. */
const LEAST_RATE = 0.001;
/** Pixels that a dot's budget takes, beside it. */
const NOTE_WIDTH = 36;
/** False hits per 1,000 hits at the lower end. */
const LEAST_FALSE = 1;

export function cachePictures({ sets, budget, ships }: CacheEvaluation): Picture[] {
  const terms = { budget, ships };
  return sets.flatMap((set) => [
    precisionPicture(set, false),
    precisionPicture(set, true),
    falseHitsPicture(set, { ...terms, guarded: false }),
    falseHitsPicture(set, { ...terms, guarded: true }),
    ...(set.stream === undefined ? [] : [streamPicture(set.name, set.stream, terms)]),
  ]);
}

type Terms = Pick<CacheEvaluation, "budget" | "ships">;

function precisionPicture(
  { name, equivalent, methods }: CacheSetReport,
  guarded: boolean,
): Picture {
  const shares = { from: 0, to: 1, ticks: [0, 0.2, 0.4, 0.6, 0.8, 1], format: asPercent };
  const place = frame({ ...shares, label: "Recall" }, { ...shares, label: "Precision" });
  const series = drawn(methods, guarded).map(({ similarity, curve }) =>
    lineOf(
      similarity,
      curve.map(({ hits, falseHits }) => [
        (hits - falseHits) / equivalent,
        (hits - falseHits) / hits,
      ]),
    ),
  );
  return {
    name: `precision-${name}${guarded ? "-guarded" : ""}.svg`,
    svg: picture(`${name}${guarded ? ", behind the guards" : ""}`, place, { series }),
  };
}

function falseHitsPicture(
  { name, pairs, methods, drawnByBudget }: CacheSetReport,
  { guarded, ...terms }: Terms & { readonly guarded: boolean },
): Picture {
  const lines = drawn(methods, guarded).map(({ similarity, curve }) =>
    lineOf(
      similarity,
      curve
        .filter(({ hits }) => hits / pairs >= LEAST_RATE)
        .map(({ hits, falseHits }) => pointOf(hits / pairs, falseHits / hits)),
    ),
  );
  return {
    name: `false-hits-${name}${guarded ? "-guarded" : ""}.svg`,
    svg: budgetPicture(`${name}${guarded ? ", behind the guards" : ", no guards"}`, {
      ...terms,
      lines,
      rules: guarded ? drawnByBudget : [],
    }),
  };
}

function streamPicture(name: string, { rows, byBudget }: StreamReport, terms: Terms): Picture {
  const fixed = rows.filter(({ rule, guarded }) => guarded && rule.startsWith("threshold"));
  const lines = [...Map.groupBy(fixed, ({ similarity }) => similarity)].map(([similarity, own]) =>
    lineOf(
      similarity,
      own
        .filter(isDrawn)
        .map(({ hitRate, falseShare }) => pointOf(hitRate.value, falseShare.value)),
    ),
  );
  const title = `${name}, questions streamed, behind the guards`;
  return {
    name: `stream-${name}.svg`,
    svg: budgetPicture(title, { ...terms, lines: lines.toReversed(), rules: byBudget }),
  };
}

interface Rates extends Terms {
  readonly lines: readonly Series[];
  readonly rules: readonly CourseRow[];
}

function budgetPicture(title: string, { budget, ships, lines, rules }: Rates): string {
  const place = frame(
    logarithmic("Hit rate (logarithmic)", [LEAST_RATE, 0.01, 0.1, 1], asPercent),
    logarithmic("False hits per 1,000 hits (logarithmic)", [LEAST_FALSE, 10, 100, 1_000], String),
  );
  const line: Series = {
    name: "budget",
    style: "oracle",
    kind: "line",
    points: [pointOf(LEAST_RATE, budget), pointOf(1, budget)],
  };
  const shown = rules.filter(isDrawn);
  const dots: Series = {
    name: shown.length > 0 ? ships.rule : "",
    style: styleOf(ships.similarity),
    kind: "dots",
    points: shown.map(({ hitRate, falseShare }) => pointOf(hitRate.value, falseShare.value)),
  };
  const notes: string[] = [];
  let lastX = -Infinity;
  for (const { budget: own, hitRate, falseShare } of shown) {
    const [logRate, logShare] = pointOf(hitRate.value, falseShare.value);
    const x = place.x(logRate);
    if (Math.abs(x - lastX) < NOTE_WIDTH) continue;
    notes.push(note(asPercent(own), { x, y: place.y(logShare) }));
    lastX = x;
  }
  return picture(title, place, { series: [line, ...lines, dots], extra: notes.join("\n") });
}

function isDrawn({ hitRate, falseShare }: CourseRow): boolean {
  return hitRate.value >= LEAST_RATE && !Number.isNaN(falseShare.value);
}

/** A hit rate and a share of false hits, as logarithms. */
function pointOf(hitRate: number, falseShare: number): [number, number] {
  return [Math.log10(hitRate), Math.log10(Math.max(1_000 * falseShare, LEAST_FALSE))];
}

function logarithmic(
  label: string,
  ticks: readonly number[],
  format: (value: number) => string,
): Axis {
  const places = ticks.map(Math.log10);
  return {
    label,
    from: places[0]!,
    to: places.at(-1)!,
    ticks: places,
    format: (place) => format(Number((10 ** place).toPrecision(6))),
  };
}

/** The methods that have a curve: "always" is a point. */
function drawn(methods: readonly MethodRow[], guarded: boolean): MethodRow[] {
  return methods.filter((row) => row.guarded === guarded && row.curve.length > 1).toReversed();
}

function lineOf(similarity: string, points: readonly (readonly [number, number])[]): Series {
  return { name: similarity, style: styleOf(similarity), kind: "line", points };
}

function styleOf(similarity: string): string {
  return STYLES[similarity] ?? "router";
}

function asPercent(share: number): string {
  return `${Number((100 * share).toPrecision(3))} %`;
}
