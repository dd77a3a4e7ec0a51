/**
 * A quality floor that is a tested promise and not a hope.
 *
 * Scores are predictions, so "the cheapest model predicted to keep 95 %" keeps 95 % only as far as the
 * predictions are right, and a threshold fitted to outcomes breaks its promise about as often as not. A
 * certificate says instead: with this margin, on traffic like these rows, mean quality is at least
 * `floor` times the reference's; and a statement like this is wrong at most once in 1 / (1 − confidence).
 *
 * It speaks of a policy, not of a pair of models. The policy is routing/decide.ts with one number, the
 * margin: a model may take the reference's place when its calibrated score exceeds the reference's by
 * the margin, and the cheapest such model does. At margin 1 none can and the reference answers all; at
 * −1 every model may. The margin stands in for `floor` entirely, so the policies to be tested do not
 * depend on the floor, and a stricter floor never gets a looser margin. For two models it is a threshold
 * on the difference of their scores, RouteLLM's form.
 *
 * For margin t, question i, quality s_i of the reference and r_i(t) of the model that the policy picks:
 *
 *     d_i(t) = floor · s_i − r_i(t)     hypothesis: E d(t) >= 0, the floor is missed or only just kept
 *     K_n = Π (1 − λ_i · d_i(t))        p = 1 / max K
 *
 * K is the wealth of one who bets a share λ_i against the hypothesis before seeing row i. If it is true
 * wealth does not grow on average, so it exceeds 1/δ with probability δ at most (Ville), for any
 * quality in [0, 1] and any number of rows. λ_i is the plug-in for the variance seen so far. That
 * variance is of s − r, and the rate is one for all δ, so that p rises with the floor and knows no δ: a
 * certificate that holds at some confidence holds at any lower one, to the last bit.
 *
 * Margins are tested in the fixed order of `MARGINS`, and the first that is not proven ends the walk.
 * Each test may use the whole δ, because a false certificate needs the first false step to be passed.
 *
 * What it does not say: anything of traffic unlike the rows (another mix, other limits on answers), of
 * other models or prices, of fallbacks after an outage, or of a single prompt. Rows must be exchangeable,
 * one per question, and unseen by the router. `covers` compares models; the rest is on the word of
 * whoever certifies, and a drift of the traffic asks for a new certificate.
 *
 * Source: Waudby-Smith and Ramdas 2010.09686 (betting, plug-in λ); Angelopoulos et al. 2110.01052
 * (learn then test, fixed-sequence testing).
 */
import type { Certificate, CertifiedFloor } from "./manifest.ts";

/** Margins from "the reference answers all" to "the cheapest model does"; chosen before any data. */
export const MARGINS: readonly number[] = [
  1,
  ...Array.from({ length: 131 }, (_, k) => (30 - k) / 100),
];

/** Wealth lost in one row at most: 1 would be ruin. */
const MAX_BET = 0.75;
/** The rate at which bets are tuned: those of confidence 0.9 serve others nearly as well. */
const TUNED_LOG = Math.log(10);
/** What is believed of the variance before the first row. */
const PRIOR_VARIANCE = 0.25;

/** What the policies of `MARGINS` gave on rows; all arrays have one entry per row, qualities in [0, 1]. */
export interface PolicyOutcomes {
  readonly reference: Float64Array;
  /** In the order of `MARGINS`, whose first is the reference itself. */
  readonly answers: readonly Float64Array[];
}

/**
 * The probability, at most, of answers that speak so clearly for the floor if it were missed: 1 for no
 * rows. `order` names the rows in the order of the bets, which must not depend on
 * outcomes; without it they are taken as they stand.
 */
export function bettingPValue(
  { reference, answer }: { reference: Float64Array; answer: Float64Array },
  floor: number,
  order?: ArrayLike<number>,
): number {
  const n = order?.length ?? reference.length;
  const rate = (2 * TUNED_LOG) / Math.max(n, 1);
  let [wealth, most, sum, squares] = [0, 0, 0, PRIOR_VARIANCE]; // Wealth by its logarithm.
  for (let i = 0; i < n; i++) {
    const at = order?.[i] ?? i;
    const [s, r] = [reference[at]!, answer[at]!];
    const bet = Math.min(MAX_BET, Math.sqrt((rate * (i + 1)) / squares));
    wealth += Math.log1p(-bet * (floor * s - r));
    most = Math.max(most, wealth);
    const gap = s - r;
    sum += gap;
    squares += (gap - sum / (i + 2)) ** 2;
  }
  return Math.exp(-most);
}

/**
 * The place in `MARGINS` of the loosest margin that is reached before the first that does not pass; 0,
 * the reference alone, passes untested.
 */
export function lastPassing(passes: (step: number) => boolean): number {
  let step = 0;
  while (step + 1 < MARGINS.length && passes(step + 1)) step++;
  return step;
}

export interface FloorClaim {
  /** 0..1, both excluded. */
  readonly floor: number;
  readonly confidence: number;
}

/** The place in `MARGINS` of the loosest margin proven to keep the floor. `order` as in `bettingPValue`. */
export function certifiedStep(
  { reference, answers }: PolicyOutcomes,
  { floor, confidence }: FloorClaim,
  order?: ArrayLike<number>,
): number {
  const delta = 1 - confidence;
  return lastPassing(
    (step) => bettingPValue({ reference, answer: answers[step]! }, floor, order) <= delta,
  );
}

/**
 * Rows below which not even the reference itself could be certified, were its quality `quality` on each
 * row: the least that any certificate needs. Infinity where it is 0, and for no rows (NaN).
 */
export function rowsNeeded({ floor, confidence }: FloorClaim, quality: number): number {
  if (!(quality > 0)) return Infinity;
  function isEnough(rows: number): boolean {
    const reference = new Float64Array(rows).fill(quality);
    return bettingPValue({ reference, answer: reference }, floor) <= 1 - confidence;
  }
  let [low, high] = [0, 1];
  while (!isEnough(high)) [low, high] = [high, 2 * high];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (isEnough(middle)) high = middle;
    else low = middle;
  }
  return high;
}

/**
 * The floor that answers for a request: of those at least as strict as asked, the nearest. Where that
 * one is made per task, the task's own, or its next stricter one. A floor for all tasks does not stand
 * in for a missing task: it is kept on average, by tasks that keep more and others that keep less.
 * Undefined where there is none.
 */
export function floorFor(
  { floors }: Certificate,
  { quality, task }: { quality: number; task?: string | undefined },
): CertifiedFloor | undefined {
  const strict = floors
    .filter(({ floor }) => floor >= quality)
    .toSorted((a, b) => a.floor - b.floor);
  const nearest = strict[0];
  if (nearest?.task === undefined) return nearest;
  return task === undefined ? undefined : strict.find((one) => one.task === task);
}

/** Whether it was these models, all of them and no other, that were chosen among on every row. */
export function covers(
  { data }: Certificate,
  { reference, models }: { reference: string; models: readonly string[] },
): boolean {
  return data.every(
    (set) =>
      set.reference === reference &&
      models.length === Object.keys(set.models).length &&
      models.every((model) => Object.hasOwn(set.models, model)),
  );
}

/** Prices of a model in USD per million tokens. */
interface Priced {
  readonly id: string;
  readonly price: { readonly inputUsdPerMTok: number; readonly outputUsdPerMTok: number };
}

/** The certificate, unless a model of the catalogue has another price than when it was made: another policy. */
export function certificateAt(
  certificate: Certificate | undefined,
  catalog: readonly Priced[],
): Certificate | undefined {
  const isStale = catalog.some(({ id, price }) =>
    certificate?.data.some(({ models }) => {
      const then = Object.hasOwn(models, id) ? models[id] : undefined;
      return (
        then !== undefined &&
        (then.inputUsdPerMTok !== price.inputUsdPerMTok ||
          then.outputUsdPerMTok !== price.outputUsdPerMTok)
      );
    }),
  );
  return isStale ? undefined : certificate;
}
