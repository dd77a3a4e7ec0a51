/**
 * What a benchmark would probably say of a model that nobody has published a score of.
 *
 * A catalogue always holds models too new for public scores. They are not average: a model's price and
 * its age say much about its strength, because the models of one edition compete. So the models that do
 * quote the common benchmark are fitted, on the scale of logits, by price and month of release; or by
 * another benchmark, where the model quotes one that tells more. What tells more is measured: each model
 * that quotes the common benchmark is left out in turn and expected from the rest. The same errors say
 * how far to trust the expectation; placement.ts never trusts it more than a published score.
 *
 * Arena ratings are kept out: left out in turn, they erred as much as price and age did, both on the
 * catalogue's models and on 27 others.
 */
import type { CatalogModel } from "./catalog.ts";
import { exp, log } from "./portable-math.ts";

/** The benchmark that most catalogues can quote. */
export const COMMON_BENCHMARK = "mmlu_pro";
/** Logits, where too few models quote the common benchmark to leave one out. */
const UNMEASURED_ERROR = 0.5;

/** What the common benchmark would probably say of a model. */
export interface Expectation {
  /** An accuracy in 0..1. */
  readonly score: number;
  /** Root mean square, in logits, of what the models it rests on miss by when each is left out. */
  readonly error: number;
  /** A benchmark, or "price and age". */
  readonly by: string;
  /** How many models it rests on. */
  readonly models: number;
}

/**
 * For each model the score on the common benchmark that its edition of the catalogue suggests: by the
 * line through the models that quote another benchmark as well, or else by price and month of release;
 * for none where fewer than three models quote it.
 * Models of one edition compete, so within it the dearer and the newer tend to be the stronger.
 */
export function expectedScores(models: readonly CatalogModel[]): ReadonlyMap<string, Expectation> {
  const market = fit("price and age", models, marketOf);
  if (market === undefined) return new Map();
  const named = models.flatMap(({ anchors }) => anchors.map(({ benchmark }) => benchmark));
  const others = [...new Set(named)]
    .filter((benchmark) => benchmark !== COMMON_BENCHMARK && benchmark !== "arena_elo")
    .flatMap((benchmark) => fit(benchmark, models, (model) => scorePoint(model, benchmark)) ?? [])
    .filter((other) => tellsMore(other, market))
    .toSorted((one, two) => errorOf(one) - errorOf(two));
  return new Map(
    models.flatMap((model) => {
      const best = [...others, market].find(({ pointOf }) => pointOf(model) !== undefined);
      if (best === undefined) return [];
      const score = 1 / (1 + exp(-best.valueAt(best.pointOf(model)!)));
      return [
        [model.id, { score, error: errorOf(best), by: best.by, models: best.models }] as const,
      ];
    }),
  );
}

/** Whether anything says how strong it is: a score on the common benchmark, outcomes, or a market price. */
export function canBePlaced(model: CatalogModel): boolean {
  return (
    mixedUsdOf(model) > 0 ||
    model.ability !== undefined ||
    scoreOn(model, COMMON_BENCHMARK) !== undefined
  );
}

type Point = readonly [number, number];

/** Values on the common benchmark, in logits, over what models are known by. */
interface Fit {
  readonly by: string;
  readonly models: number;
  readonly pointOf: (model: CatalogModel) => Point | undefined;
  readonly valueAt: (point: Point) => number;
  /** By model, what the others' fit misses it by; empty where too few are left for a fit. */
  readonly misses: ReadonlyMap<string, number>;
}

function fit(
  by: string,
  models: readonly CatalogModel[],
  pointOf: Fit["pointOf"],
): Fit | undefined {
  const known = models.flatMap((model) => {
    const [at, score] = [pointOf(model), scoreOn(model, COMMON_BENCHMARK)];
    return at === undefined || score === undefined
      ? []
      : [{ id: model.id, at, value: logit(score) }];
  });
  const valueAt = plane(known);
  if (valueAt === undefined) return undefined;
  const misses = known.flatMap((one) => {
    const without = plane(known.filter((other) => other !== one));
    return without === undefined ? [] : [[one.id, without(one.at) - one.value] as const];
  });
  return { by, models: known.length, pointOf, valueAt, misses: new Map(misses) };
}

/** On the very models that both were tried on; a fit too small to be tried is believed to. */
function tellsMore(other: Fit, market: Fit): boolean {
  const rivals = [...other.misses.keys()].map((id) => market.misses.get(id)!);
  return rivals.length === 0 || rootMeanSquare([...other.misses.values()]) < rootMeanSquare(rivals);
}

function errorOf({ misses }: Fit): number {
  return misses.size === 0 ? UNMEASURED_ERROR : rootMeanSquare([...misses.values()]);
}

function scoreOn(model: CatalogModel, benchmark: string): number | undefined {
  return model.anchors.find((anchor) => anchor.benchmark === benchmark)?.score;
}

function scorePoint(model: CatalogModel, benchmark: string): Point | undefined {
  const score = scoreOn(model, benchmark);
  return score === undefined ? undefined : [logit(score), 0];
}

/** Log of the price of a token, and the release in years since 2025. What costs nothing is on no market. */
function marketOf(model: CatalogModel): Point | undefined {
  const usd = mixedUsdOf(model);
  const [year = 2025, month = 1] = model.released?.split("-").map(Number) ?? [];
  return usd > 0 ? [log(usd), year - 2025 + (month - 1) / 12] : undefined;
}

/** Of a million tokens, three of input to one of output. */
function mixedUsdOf({ price }: CatalogModel): number {
  return (3 * price.inputUsdPerMTok + price.outputUsdPerMTok) / 4;
}

/** Pulls a slope that few points support towards 0, in units of a point's weight. */
const SLOPE_RIDGE = 0.5;

/** Ridge regression on two variables, at least three points; never falling in either. */
function plane(
  points: readonly { readonly at: Point; readonly value: number }[],
): ((at: Point) => number) | undefined {
  if (points.length < 3) return undefined;
  const centre = [0, 1].map((k) => average(points.map(({ at }) => at[k]!)));
  const middle = average(points.map(({ value }) => value));
  function cross(f: (point: (typeof points)[number]) => number): number {
    return points.reduce((sum, point) => sum + f(point), 0);
  }
  const [cx = 0, cy = 0] = centre;
  const xx = cross(({ at }) => (at[0] - cx) * (at[0] - cx)) + SLOPE_RIDGE;
  const yy = cross(({ at }) => (at[1] - cy) * (at[1] - cy)) + SLOPE_RIDGE;
  const xy = cross(({ at }) => (at[0] - cx) * (at[1] - cy));
  const xv = cross(({ at, value }) => (at[0] - cx) * (value - middle));
  const yv = cross(({ at, value }) => (at[1] - cy) * (value - middle));
  const determinant = xx * yy - xy * xy;
  const slopeX = Math.max((yy * xv - xy * yv) / determinant, 0);
  const slopeY = Math.max((xx * yv - xy * xv) / determinant, 0);
  return ([x, y]) => middle + slopeX * (x - cx) + slopeY * (y - cy);
}

function average(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / Math.max(values.length, 1);
}

function rootMeanSquare(values: readonly number[]): number {
  return Math.sqrt(average(values.map((value) => value * value)));
}

/** Of a score kept off 0 and 1, where no finite ability would be. */
export function logit(score: number): number {
  const p = Math.min(Math.max(score, 0.01), 0.99);
  return log(p / (1 - p));
}
