/**
 * What a benchmark would probably say of a model that nobody has published a score of.
 *
 * A catalogue always holds models too new for public scores. They are not average: a model's price and
 * its age say much about its strength, because the models of one edition compete. So the models that do
 * quote the common benchmark are fitted, on the scale of logits, by price and month of release; or by
 * another benchmark, where the model quotes that one. An expectation, not a measurement: placement.ts
 * trusts it less than a published score.
 */
import type { CatalogModel } from "./catalog.ts";

/** The benchmark that most catalogues can quote. */
export const COMMON_BENCHMARK = "mmlu_pro";

/**
 * For each model the score on the common benchmark that its edition of the catalogue suggests: by the
 * line through the models that quote another benchmark as well, or else by price and month of release.
 * Models of one edition compete, so within it the dearer and the newer tend to be the stronger.
 */
export function expectedScores(models: readonly CatalogModel[]): ReadonlyMap<string, number> {
  const quoted = models.flatMap((model) => {
    const common = scoreOn(model, COMMON_BENCHMARK);
    return common === undefined ? [] : [{ model, common: logit(common) }];
  });
  const byMarket = plane(quoted.map(({ model, common }) => ({ at: market(model), value: common })));
  const expected = new Map<string, number>();
  for (const model of models) {
    const other = model.anchors.find(({ benchmark }) => benchmark !== "arena_elo");
    const byOther =
      other &&
      plane(
        quoted.flatMap((one) => {
          const score = scoreOn(one.model, other.benchmark);
          return score === undefined ? [] : [{ at: [logit(score), 0] as const, value: one.common }];
        }),
      );
    const value = byOther ? byOther([logit(other.score), 0]) : byMarket?.(market(model));
    if (value !== undefined) expected.set(model.id, 1 / (1 + Math.exp(-value)));
  }
  return expected;
}

function scoreOn(model: CatalogModel, benchmark: string): number | undefined {
  return model.anchors.find((anchor) => anchor.benchmark === benchmark)?.score;
}

type Point = readonly [number, number];

/** Log of the price of a token at three of input to one of output, and the release in years since 2025. */
function market({ price, released }: CatalogModel): Point {
  const [year = 2025, month = 1] = released?.split("-").map(Number) ?? [];
  return [
    Math.log((3 * price.inputUsdPerMTok + price.outputUsdPerMTok) / 4),
    year - 2025 + (month - 1) / 12,
  ];
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
  const xx = cross(({ at }) => (at[0] - cx) ** 2) + SLOPE_RIDGE;
  const yy = cross(({ at }) => (at[1] - cy) ** 2) + SLOPE_RIDGE;
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

/** Of a score kept off 0 and 1, where no finite ability would be. */
export function logit(score: number): number {
  const p = Math.min(Math.max(score, 0.01), 0.99);
  return Math.log(p / (1 - p));
}
