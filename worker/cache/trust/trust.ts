/**
 * How far one namespace's semantic hits may be trusted: learnt from audits, bounded, and lost when answers change.
 *
 *     audits of misses, and of a share of hits → tallies → the most that can be wrong, step by step → serve or not
 *                       those of hits → watch ──beyond the budget──▶ all evidence is forgotten: the next generation
 *
 * A hit is served only where, at 95 % confidence, at most the tenant's budget of such hits is wrong. Nothing is
 * served without evidence: it takes some 450 right audits at 1 % and not a wrong one, and more with some. They come
 * by themselves, since who is not served asks a vendor, whose answer is then held against the neighbour's. A trip
 * leaves the namespace as on its first day, and it comes back the same way: by fresh evidence alone. A time of
 * wrong answers is forgotten too when it is over. However often that happens, the 95 % are of all generations
 * together.
 *
 * Pure, and JSON in bounded size. Beyond 4,096 audits of a step the older fade, and the promise is one of each such
 * span. Pairs that the guards refuse belong in no audit, and neither do exact hits.
 */
import { z } from "zod";
import { isBarred, MARK_LENGTH, MAX_BARS, withBar } from "./barred.ts";
import { upperShares, type Tally } from "./evidence.ts";
import { LADDER, stepOf } from "./ladder.ts";
import { hasRecovered } from "./recovery.ts";
import { auditShare, emptyWatch, isTripped, watchHit } from "./watch.ts";

/** Raised when older states mean something else: they are then read as empty. */
const VERSION = 1;
/** Of one step, at which all that it knows counts half from then on. */
const MAX_AUDITS = 4_096;
/** Pairs of all steps, at which the mix of similarities does. */
const MAX_PAIRS = 65_536;
/** The bounds are found anew when so many times the audits have been seen, and with every wrong one. */
const WORTH_A_BOUND = 65 / 64;

const shareSchema = z.number().min(0).max(1);
const countSchema = z.number().min(0).max(1e9);
const stepSchema = z
  .int()
  .min(0)
  .max(LADDER.length - 1);

const tallySchema = z
  .strictObject({
    audits: countSchema,
    wrong: countSchema,
    pairs: countSchema,
    streak: countSchema,
  })
  .refine(({ audits, wrong, streak }) => wrong + streak <= audits);

export const trustSchema = z.strictObject({
  version: z.literal(VERSION),
  /** How often all evidence was forgotten. */
  generation: z.int().min(0),
  /** How often because of wrong hits: entries that were kept before the last time should be served no more. */
  trips: z.int().min(0),
  /** By step of the ladder, as `upper`. */
  tallies: z.array(tallySchema).length(LADDER.length),
  /** The most that the share of wrong hits can be, at 95 % confidence. */
  upper: z.array(shareSchema).length(LADDER.length),
  /** Audits when `upper` was found. */
  boundAt: countSchema,
  watch: z.strictObject({
    budget: z.number().gt(0).lt(1),
    audits: z.int().min(0),
    rivals: z.array(z.number().min(-100).max(100)).length(emptyWatch(0.5).rivals.length).readonly(),
  }),
  barred: z
    .array(z.tuple([z.string().max(MARK_LENGTH), stepSchema]).readonly())
    .max(MAX_BARS)
    .readonly(),
});
export type Trust = Readonly<z.output<typeof trustSchema>>;

/** A request and its nearest neighbour, to which no guard objects. */
export interface Pair {
  /** Cosine, −1 to 1. */
  readonly similarity: number;
  /** The neighbour's id, or that of a group of entries which are wrong together. */
  readonly cluster?: string;
}

/** What came of comparing a vendor's answer to a request with its neighbour's. */
export const auditSchema = z.strictObject({
  similarity: z.number().min(-1).max(1),
  cluster: z.string().max(200).exactOptional(),
  /** The neighbour's answer was given out. */
  wasServed: z.boolean(),
  /** The probability with which this pair came to be audited, as the verdict said. */
  auditShare: z.number().min(0.01).max(1),
  /** When the verdict was given. */
  generation: z.int().min(0),
  isRight: z.boolean(),
});
export type Audit = z.output<typeof auditSchema>;

/** The tenant's share of semantic hits that may be wrong, above 0 and below 1. */
export interface Allowance {
  readonly budget: number;
}

export interface Verdict {
  readonly serve: boolean;
  /**
   * The probability with which the pair is to be audited: 1 where it is not served, since a vendor is asked
   * anyway.
   */
  readonly auditShare: number;
  /** The most, 0 to 1, that the share of wrong ones among such hits can be at 95 % confidence. */
  readonly upper: number;
  readonly generation: number;
}

/** Of a namespace that nothing is known of: it serves nothing. */
export function emptyTrust({ budget }: Allowance): Trust {
  return {
    version: VERSION,
    generation: 0,
    trips: 0,
    tallies: LADDER.map(() => ({ audits: 0, wrong: 0, pairs: 0, streak: 0 })),
    upper: LADDER.map(() => 1),
    boundAt: 0,
    watch: emptyWatch(budget),
    barred: [],
  };
}

/** A state as it was kept; what is none, or of another version, is an empty one. */
export function readTrust(kept: unknown, allowance: Allowance): Trust {
  const { data } = trustSchema.safeParse(kept);
  return data ?? emptyTrust(allowance);
}

/** What to do with a request and its neighbour. */
export function verdict(trust: Trust, pair: Pair, { budget }: Allowance): Verdict {
  const step = stepOf(pair.similarity);
  const isOut = step === undefined || isBarred(trust.barred, pair.cluster, step);
  const upper = isOut ? 1 : trust.upper[step]!;
  const serve = upper <= budget;
  return {
    serve,
    auditShare: serve ? auditShare(trust.watch) : 1,
    upper,
    generation: trust.generation,
  };
}

/** The state after an audit. One of an earlier generation tells nothing of this one. */
export function observe(trust: Trust, audit: Audit, allowance: Allowance): Trust {
  if (audit.generation !== trust.generation) return trust;
  const watched = afterHit(trust, audit, allowance);
  if (isTripped(watched.watch)) return forgotten(watched, { trips: trust.trips + 1, barred: [] });
  const step = stepOf(audit.similarity);
  if (step === undefined || isBarred(trust.barred, audit.cluster, step)) return watched;
  const barred =
    audit.isRight || audit.cluster === undefined
      ? trust.barred
      : withBar(trust.barred, audit.cluster, step);
  const told = { ...watched, barred, tallies: counted(trust.tallies, step, audit) };
  const isClosed = Math.min(...trust.upper) > allowance.budget;
  if (isClosed && hasRecovered(told.tallies)) return forgotten(told, trust);
  return bounded(told, audit);
}

/** The next generation, which knows nothing but how it came to be. */
function forgotten(
  { generation, watch }: Trust,
  { trips, barred }: Pick<Trust, "trips" | "barred">,
): Trust {
  return { ...emptyTrust(watch), generation: generation + 1, trips, barred };
}

export type Switch =
  | "learning" // nothing is served yet
  | "on"
  | "off"; // hits were served, and what is known now does not suffice for more

/** Whether any hit at all can be served. */
export function switchState({ upper, trips, watch }: Trust, { budget }: Allowance): Switch {
  if (Math.min(...upper) <= budget) return "on";
  return trips === 0 && watch.audits === 0 ? "learning" : "off";
}

function afterHit(trust: Trust, { wasServed, isRight }: Audit, { budget }: Allowance): Trust {
  const watch = trust.watch.budget === budget ? trust.watch : emptyWatch(budget);
  return { ...trust, watch: wasServed ? watchHit(watch, isRight) : watch };
}

function counted(tallies: readonly Tally[], at: number, audit: Audit): Tally[] {
  const pairs = tallies.reduce((sum, tally) => sum + tally.pairs, 1 / audit.auditShare);
  const fading = pairs > MAX_PAIRS ? 0.5 : 1;
  return tallies.map((tally, step) => {
    const mixed = { ...tally, pairs: tally.pairs * fading };
    return step === at ? faded(withAudit(mixed, audit)) : mixed;
  });
}

function withAudit({ audits, wrong, pairs, streak }: Tally, { isRight, auditShare: share }: Audit) {
  return {
    audits: audits + 1,
    wrong: wrong + Number(!isRight),
    pairs: pairs + 1 / share,
    streak: isRight ? streak + 1 : 0,
  };
}

function faded(tally: Tally): Tally {
  const { audits, wrong, pairs, streak } = tally;
  if (audits < MAX_AUDITS) return tally;
  return { audits: audits / 2, wrong: wrong / 2, pairs, streak: streak / 2 };
}

/** With new bounds, where the evidence has changed enough. */
function bounded(trust: Trust, { isRight }: Audit): Trust {
  const audits = trust.tallies.reduce((sum, tally) => sum + tally.audits, 0);
  const hasFaded = audits < trust.boundAt;
  if (isRight && !hasFaded && audits < trust.boundAt * WORTH_A_BOUND) return trust;
  return { ...trust, upper: upperShares(trust.tallies, trust.generation), boundAt: audits };
}
