/**
 * Namespaces whose answers change: for a while a share of all stored answers is wrong, then they are right again.
 *
 * Each namespace lives its first requests once, and goes on from there under every share. One that does not serve by
 * then is left out, since no drift could show in it, and counted. Whatever share is said to change, answers that were
 * wrong before stay wrong.
 *
 * Audits come at once here; tests play them late.
 */
import { switchState, type Trust } from "../../../worker/cache/trust/trust.ts";
import { hashText, pick, randomFrom, type Random } from "../../../worker/lib/prng.ts";
import {
  NEAR,
  play,
  someNamespace,
  type Namespace,
  type Seen,
} from "../../simulation/near-pairs.ts";

/** Shares of the answers that are wrong meanwhile, beside those that always are. */
export const CHANGED = [0.05, 0.1, 0.5, 1] as const;

/** Requests before anything changes, until it is mended, and after that. */
export const COURSE = { before: 8_000, changed: 1_500, after: 10_500 } as const;

/** Requests that a point of a curve stands for. */
export const BIN = 100;

/** Of these curves most namespaces serve after so many requests. */
const SERVING = NEAR.slice(0, 3);

/** Hits in a row of bins, and those of them that were wrong. */
export interface Bins {
  readonly hits: Uint32Array;
  readonly wrong: Uint32Array;
}

/** Audits of hits, and hits, from the moment of the change. */
export interface Passed {
  readonly audits: number;
  readonly hits: number;
}

export interface DriftRun {
  /** Until and with the last hit before answers were mended; undefined where some were still served then. */
  readonly untilLast: Passed | undefined;
  /** Until the watch tripped; undefined where it did not, since the bound had closed before or nothing had. */
  readonly untilTrip: Passed | undefined;
  /** Wrong hits meanwhile. */
  readonly wrong: number;
  /** Requests from the mending to the first hit, and to the first bin with half as many hits as before the change. */
  readonly untilBack: number | undefined;
  readonly untilHalf: number | undefined;
  readonly bins: Bins;
}

export interface DriftTerms {
  readonly budget: number;
  readonly seed: number;
}

/** One namespace under each of CHANGED, in that order. */
export interface Drifted {
  /** Requests until the first hit of its life. */
  readonly untilOpen: number;
  readonly runs: readonly DriftRun[];
}

/** Undefined where the namespace serves nothing when answers change. */
export function driftedNamespace(run: number, { budget, seed }: DriftTerms): Drifted | undefined {
  const random = randomFrom(hashText(`drift ${seed} ${run}`));
  const namespace = someNamespace(pick(random, SERVING), random);
  const before = emptyBins();
  const { trust, firstHit } = play(namespace, {
    requests: COURSE.before,
    budget,
    random,
    onRequest: (seen) => count(before, seen, 0),
  });
  if (firstHit === undefined || switchState(trust, { budget }) !== "on") return undefined;
  const runs = CHANGED.map((share) =>
    driftRun(namespace, share, {
      trust,
      budget,
      before,
      random: randomFrom(hashText(`drift ${seed} ${run} ${share}`)),
    }),
  );
  return { untilOpen: firstHit, runs };
}

interface Change {
  readonly trust: Trust;
  readonly budget: number;
  readonly before: Bins;
  readonly random: Random;
}

function driftRun(namespace: Namespace, share: number, change: Change): DriftRun {
  const { trust, budget, before, random } = change;
  const bins = { hits: before.hits.slice(), wrong: before.wrong.slice() };
  const served: Seen[] = [];
  const changed = play(changedBy(namespace, share), {
    requests: COURSE.changed,
    budget,
    random,
    from: trust,
    onRequest: (seen) => {
      count(bins, seen, COURSE.before);
      if (seen.isServed) served.push(seen);
    },
  });
  const mended = COURSE.before + COURSE.changed;
  const after = play(namespace, {
    requests: COURSE.after,
    budget,
    random,
    from: changed.trust,
    onRequest: (seen) => count(bins, seen, mended),
  });
  const isShut = switchState(changed.trust, { budget }) !== "on";
  const [trip] = changed.trips;
  return {
    untilLast: isShut ? passed(served) : undefined,
    untilTrip: trip === undefined ? undefined : passed(served.filter(({ at }) => at <= trip)),
    wrong: changed.wrong,
    untilBack: isShut ? after.firstHit : 0,
    untilHalf: untilHalf(bins.hits),
    bins,
  };
}

function changedBy({ wrongShare, ...rest }: Namespace, share: number): Namespace {
  return {
    ...rest,
    wrongShare: (pair, at) => 1 - (1 - wrongShare(pair, at)) * (1 - share),
  };
}

function passed(served: readonly Seen[]): Passed {
  return { audits: served.filter(({ isAudited }) => isAudited).length, hits: served.length };
}

/** Bins that the level before the change is the mean of. */
const LEVEL_BINS = 10;

function untilHalf(hits: Uint32Array): number | undefined {
  const changed = COURSE.before / BIN;
  const mended = changed + COURSE.changed / BIN;
  const level = hits.subarray(changed - LEVEL_BINS, changed).reduce((a, b) => a + b) / LEVEL_BINS;
  const bin = hits.subarray(mended).findIndex((some) => some >= level / 2);
  return bin < 0 ? undefined : bin * BIN;
}

function emptyBins(): Bins {
  const size = (COURSE.before + COURSE.changed + COURSE.after) / BIN;
  return { hits: new Uint32Array(size), wrong: new Uint32Array(size) };
}

function count({ hits, wrong }: Bins, { at, isServed, isWrong }: Seen, from: number): void {
  if (!isServed) return;
  const bin = Math.floor((from + at) / BIN);
  hits[bin]!++;
  if (isWrong) wrong[bin]!++;
}
