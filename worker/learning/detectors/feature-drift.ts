/**
 * Whether prompts look otherwise than they did: the population stability index of each surface statistic.
 *
 * A prompt's statistics come as deciles, a digit each. Of the latest MEMORY prompts, counted with weights that fade,
 * the shares p of the ten digits are held against the reference's q:
 *
 *     PSI = Σ (p − q) · log(p / q)
 *
 * Below 0.1 is calm and 0.25 is a drift, by long habit. But without any change n prompts give a PSI of some 9/n, spread
 * like χ² with nine degrees of freedom, and a reference made of m prompts another 9/m. What is reported is without
 * that mean, and an alarm begins only where 0.25 is passed by four standard deviations more; it ends below 0.1.
 *
 * Statistics with ties (most prompts have no code at all) do not fall into ten equal shares. Where the reference's
 * shares are not given they are those of the first REFERENCE prompts: of the traffic as it was, not of what the router
 * was trained on.
 *
 * Source: Siddiqi 2006 (index and limits); Yurdakul 2018 (its distribution).
 */
import { z } from "zod";

const DIGITS = 10;
/** Prompts, after which a count has faded to 1/e. */
const MEMORY = 2_000;
const REFERENCE = 2_000;
/** Statistics of a prompt, at the most. */
const MOST = 64;
const CALM = 0.1;
export const DRIFT = 0.25;
const DEVIATIONS = 4;
/** Of each digit, as if seen before. */
const SMOOTHING = 0.5;
/** Mean of χ²/n times n, and its deviation. */
const FREEDOM = DIGITS - 1;

const tableSchema = z.array(z.array(z.number()).length(DIGITS)).max(MOST);

export const featureDriftSchema = z.object({
  /** By statistic and digit; all rows have the sum `weight`. */
  counts: tableSchema,
  weight: z.number().nonnegative(),
  /** Sum of squared weights: with `weight`, how many prompts this is worth. */
  squares: z.number().nonnegative(),
  /** Prompts seen, up to where the reference is made of them. */
  seen: z.int().nonnegative(),
  reference: z
    .object({ shares: tableSchema, prompts: z.number().positive().optional() })
    .optional(),
  isAlarm: z.boolean(),
});
export type FeatureDrift = z.output<typeof featureDriftSchema>;

/** @param shares Of the reference, by statistic and digit: each row adds up to 1. Learnt where left out. */
export function noFeatureDrift(shares?: number[][]): FeatureDrift {
  const reference = shares && { shares };
  return {
    counts: [],
    weight: 0,
    squares: 0,
    seen: 0,
    isAlarm: false,
    ...(reference && { reference }),
  };
}

/** Shares of ten digits each, for statistics without ties. */
export function evenShares(statistics: number): number[][] {
  return Array.from({ length: statistics }, () => Array<number>(DIGITS).fill(1 / DIGITS));
}

/** After one more prompt. What are no deciles, or of other statistics than the reference's, changes nothing. */
export function seePrompt(drift: FeatureDrift, deciles: string): FeatureDrift {
  const size = (drift.reference?.shares ?? drift.counts).length || deciles.length;
  if (!/^\d+$/.test(deciles) || deciles.length !== size || size > MOST) return drift;
  const keep = 1 - 1 / MEMORY;
  const rows =
    drift.counts.length === 0 ? evenShares(size).map((row) => row.map(() => 0)) : drift.counts;
  const next = {
    ...drift,
    counts: rows.map((row, k) =>
      row.map((count, digit) => keep * count + (digit === Number(deciles[k]) ? 1 : 0)),
    ),
    weight: keep * drift.weight + 1,
    squares: keep * keep * drift.squares + 1,
  };
  if (drift.reference === undefined) return learnt(next);
  const indices = rawIndices(next);
  const noise = noiseOf(next);
  const worst = Math.max(...indices);
  const isAlarm = drift.isAlarm
    ? worst - FREEDOM * noise >= CALM
    : worst - (FREEDOM + DEVIATIONS * Math.sqrt(2 * FREEDOM)) * noise >= DRIFT;
  return { ...next, isAlarm };
}

/** The index of each statistic, 0 or more; none before there is a reference. */
export function stabilityIndices(drift: FeatureDrift): number[] {
  if (drift.reference === undefined || drift.weight === 0) return [];
  return rawIndices(drift).map((index) => Math.max(index - FREEDOM * noiseOf(drift), 0));
}

function learnt(drift: FeatureDrift): FeatureDrift {
  const seen = drift.seen + 1;
  if (seen < REFERENCE) return { ...drift, seen };
  const reference = { shares: drift.counts.map(sharesOf), prompts: worth(drift) };
  return { ...drift, seen, counts: [], weight: 0, squares: 0, reference };
}

/** How many prompts the counts are worth. */
function worth({ weight, squares }: FeatureDrift): number {
  return weight ** 2 / squares;
}

function noiseOf(drift: FeatureDrift): number {
  const { prompts } = drift.reference!;
  return 1 / worth(drift) + (prompts === undefined ? 0 : 1 / prompts);
}

function rawIndices({ counts, reference }: FeatureDrift): number[] {
  return counts.map((row, k) => {
    const expected = reference!.shares[k]!;
    return sharesOf(row).reduce((sum, share, digit) => {
      const was = Math.max(expected[digit]!, 1e-4);
      return sum + (share - was) * Math.log(share / was);
    }, 0);
  });
}

function sharesOf(row: readonly number[]): number[] {
  const total = row.reduce((sum, count) => sum + count + SMOOTHING, 0);
  return row.map((count) => (count + SMOOTHING) / total);
}
