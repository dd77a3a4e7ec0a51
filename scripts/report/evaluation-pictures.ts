/**
 * An evaluation as pictures: quality against the share of strong calls, cost against quality, and the
 * reliability diagram. They show what an average hides: where along the curve a router earns its keep.
 */
import type { Point } from "../../worker/routing/hull.ts";
import type { SharePoint, PairMeans } from "../evaluation/call-share.ts";
import type { Contender } from "../evaluation/contenders.ts";
import type {
  ByContender,
  Evaluation,
  FrontierReport,
  PairReport,
  PoolReport,
} from "../evaluation/evaluation.ts";
import type { ReliabilityBin } from "../evaluation/reliability.ts";
import { frame, note, picture, type Axis, type Series } from "./svg.ts";

/** Those worth a line of their own; the others would cover it. */
const SHOWN = ["length", "statistics", "knn", "ridge"] as const;

export interface Picture {
  /** File name, ending in .svg. */
  readonly name: string;
  readonly svg: string;
}

/** Pictures of every set that has the metric, of the pool, and of the calibration over all sets. */
export function evaluationPictures({ sets, pools }: Evaluation): Picture[] {
  const shares = sets.flatMap(({ name, pair }) =>
    pair === null ? [] : [{ name: `share-${name}.svg`, svg: pairPicture(name, pair) }],
  );
  const frontiers = sets.flatMap(({ name, frontier }) =>
    frontier === null
      ? []
      : [{ name: `frontier-${name}.svg`, svg: frontierPicture(name, frontier) }],
  );
  const whole = pools[0] ?? sets[0];
  const calibration =
    whole === undefined
      ? []
      : [{ name: "reliability.svg", svg: reliabilityPicture(whole.reliability) }];
  const pooled = pools.map((pool) => ({
    name: `share-${pool.name}.svg`,
    svg: sharePicture(`${POOL_TITLES[pool.name]}, one pair each`, pool),
  }));
  return [...shares, ...pooled, ...frontiers, ...calibration];
}

const POOL_TITLES: Record<PoolReport["name"], string> = {
  pooled: "All sets",
  chat: "Chat and instructions",
  benchmarks: "Benchmarks",
};

function pairPicture(set: string, pair: PairReport): string {
  return sharePicture(`${set}: ${pair.strong} or ${pair.weak}`, pair);
}

function sharePicture(
  title: string,
  { curves, means }: { curves: ByContender<readonly SharePoint[]>; means: PairMeans },
): string {
  const all = Object.values(curves).flatMap((curve) => curve.map(({ quality }) => quality));
  const place = frame(
    {
      label: "Calls to the strong model",
      from: 0,
      to: 1,
      ticks: [0, 0.2, 0.4, 0.6, 0.8, 1],
      format: asPercent,
    },
    axisOver("Mean quality", [...all, means.weak, means.strong]),
  );
  const lines = (["random", ...SHOWN, "oracle", "router"] as const).flatMap((name): Series[] => {
    // A coin's expectation is the straight line; one draw of it would only add noise.
    const curve = name === "random" ? coin(means) : (curves[name] ?? []);
    return line(
      name,
      curve.map(({ strongShare, quality }) => [strongShare, quality]),
    );
  });
  return picture(title, place, { series: lines });
}

function coin({ weak, strong }: PairMeans): SharePoint[] {
  return [
    { strongShare: 0, quality: weak },
    { strongShare: 1, quality: strong },
  ];
}

function frontierPicture(set: string, report: FrontierReport): string {
  const { singles, settings, hulls, range } = report;
  const shown = [...singles, ...settings, ...(hulls.oracle ?? [])].filter(({ cost }) => cost > 0);
  const cheapest = Math.min(...shown.map(({ cost }) => cost));
  const dearest = Math.max(range.to, ...shown.map(({ cost }) => cost));
  const place = frame(
    logAxis(cheapest, dearest),
    axisOver(
      "Mean quality",
      shown.map(({ quality }) => quality),
    ),
  );
  function draw(points: readonly Point[]): (readonly [number, number])[] {
    return alongLog(points, cheapest, dearest).map(({ cost, quality }) => [
      Math.log10(cost),
      quality,
    ]);
  }
  const lines = ([...SHOWN, "oracle", "router"] as const).flatMap((name) =>
    line(name, draw(hulls[name] ?? [])),
  );
  const dots: Series = {
    name: "single models",
    style: "zero",
    kind: "dots",
    points: singles.map(({ cost, quality }) => [Math.log10(cost), quality]),
  };
  const zero: Series = {
    name: "zero router",
    style: "zero",
    kind: "line",
    points: draw(hulls.zero),
  };
  const names = singles
    .filter(({ isZeroRouter, isBest }) => isZeroRouter || isBest)
    .map(({ model, cost, quality }) =>
      note(model, { x: place.x(Math.log10(cost)), y: place.y(quality) }),
    );
  return picture(`${set}: cost and quality`, place, {
    series: [zero, ...lines, dots],
    extra: names.join("\n"),
  });
}

function reliabilityPicture(bins: readonly ReliabilityBin[]): string {
  const unit = { from: 0, to: 1, ticks: [0, 0.2, 0.4, 0.6, 0.8, 1], format: asPercent };
  const place = frame(
    { ...unit, label: "Predicted quality" },
    { ...unit, label: "Observed quality" },
  );
  const filled = bins.filter(({ count }) => count > 0);
  const points = filled.map(({ meanScore, meanOutcome }) => [meanScore, meanOutcome] as const);
  const total = filled.reduce((sum, { count }) => sum + count, 0);
  const bars = filled.map(({ meanScore, count }) => {
    const x = place.x(meanScore);
    return `<path class="random" style="stroke-width:10;stroke-dasharray:none;opacity:.35" d="M${x.toFixed(1)} ${place.y(0)}V${place.y((0.3 * count) / total).toFixed(1)}"/>`;
  });
  const series: Series[] = [
    {
      name: "perfect",
      style: "zero",
      kind: "line",
      points: [
        [0, 0],
        [1, 1],
      ],
    },
    { name: "router", style: "router", kind: "line", points },
    { name: "", style: "router", kind: "dots", points },
  ];
  return picture("Reliability; bars show where predictions lie", place, {
    series,
    extra: bars.join(""),
  });
}

function line(name: Contender, points: Series["points"]): Series[] {
  return points.length === 0 ? [] : [{ name, style: name, kind: "line", points }];
}

/** Straight lines over cost are curves over its logarithm, so they are drawn through points in between. */
function alongLog(hull: readonly Point[], from: number, to: number): Point[] {
  const STEPS = 120;
  const first = hull.find(({ cost }) => cost > 0);
  const last = hull.at(-1);
  if (first === undefined || last === undefined) return [];
  const start = Math.max(from, first.cost);
  return Array.from({ length: STEPS + 1 }, (_, k) => {
    const cost = start * (to / start) ** (k / STEPS);
    const right = hull.findIndex((corner) => corner.cost >= cost);
    if (right <= 0) return { cost, quality: right === 0 ? hull[0]!.quality : last.quality };
    const [a, b] = [hull[right - 1]!, hull[right]!];
    const share = (cost - a.cost) / (b.cost - a.cost);
    return { cost, quality: a.quality + share * (b.quality - a.quality) };
  });
}

function axisOver(label: string, values: readonly number[]): Axis {
  const finite = values.filter(Number.isFinite);
  const [least, most] = [Math.min(...finite), Math.max(...finite)];
  const step = most - least > 0.4 ? 0.1 : most - least > 0.15 ? 0.05 : 0.02;
  const from = Math.max(0, Math.floor(least / step) * step);
  const to = Math.min(1, Math.ceil(most / step + 1e-9) * step);
  const ticks = Array.from(
    { length: Math.round((to - from) / step) + 1 },
    (_, k) => from + k * step,
  );
  return { label, from, to, ticks, format: (value) => value.toFixed(2) };
}

/** Values are decimal logarithms of US dollars; ticks at 1, 2 and 5 of each decade. */
function logAxis(cheapest: number, dearest: number): Axis {
  const [from, to] = [Math.log10(cheapest) - 0.05, Math.log10(dearest) + 0.05];
  const fine = to - from < 1.5 ? [1, 2, 5] : [1];
  const ticks: number[] = [];
  for (let decade = Math.floor(from); decade <= to; decade++)
    for (const digit of fine) ticks.push(decade + Math.log10(digit));
  return {
    label: "Mean cost of a prompt in USD (logarithmic)",
    from,
    to,
    ticks: ticks.filter((tick) => tick >= from && tick <= to),
    format: (value) => `$${Number((10 ** value).toPrecision(1))}`,
  };
}

function asPercent(value: number): string {
  return `${Math.round(100 * value)} %`;
}
