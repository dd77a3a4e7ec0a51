/**
 * A made-up namespace whose truth is known: how similar its near pairs are, and how often each is wrong.
 *
 * Requests come one after the other, as to a worker: the verdict serves or does not, a vendor is asked where it does
 * not and for the share of hits that it says, and what was wrong is told to the state, which is that of
 * worker/cache/trust. An audit may come late, by as many requests as `delay` says; what has not come by the last
 * request never does.
 *
 * Tests of the promise play these, and so does the evaluation that counts how often it is kept.
 */
import {
  emptyTrust,
  observe,
  verdict,
  type Audit,
  type Trust,
} from "../../worker/cache/trust/trust.ts";
import type { Random } from "../../worker/lib/prng.ts";

export interface Namespace {
  /** Draws the similarity of a request to its nearest neighbour. */
  readonly similarity: (random: Random) => number;
  /** The probability that a pair is wrong. @param at The number of the request. */
  readonly wrongShare: (pair: { similarity: number; cluster: number }, at: number) => number;
  /** Draws the entry that is nearest. */
  readonly cluster?: (random: Random) => number;
  readonly delay?: number;
}

export interface Played {
  readonly trust: Trust;
  readonly hits: number;
  readonly wrong: number;
  /** Sum over the hits of the probability to be wrong. */
  readonly expectedWrong: number;
  readonly hitAudits: number;
  /** The number of the request with the first hit, and of those with a trip. */
  readonly firstHit: number | undefined;
  readonly trips: readonly number[];
}

/** A request, after its verdict. */
export interface Seen {
  /** Its number, from 0. */
  readonly at: number;
  /** What gave the verdict. */
  readonly trust: Trust;
  readonly isServed: boolean;
  /** Whether its neighbour's answer is wrong, served or not. */
  readonly isWrong: boolean;
  readonly isAudited: boolean;
}

export interface Play {
  readonly requests: number;
  readonly budget: number;
  readonly random: Random;
  readonly from?: Trust;
  readonly onRequest?: (seen: Seen) => void;
}

export function play(
  namespace: Namespace,
  { requests, budget, random, from, onRequest }: Play,
): Played {
  const { delay = 0 } = namespace;
  let trust = from ?? emptyTrust({ budget });
  const tripsBefore = trust.trips;
  let [hits, wrong, expectedWrong, hitAudits] = [0, 0, 0, 0];
  let firstHit: number | undefined;
  const trips: number[] = [];
  const late: (Audit | undefined)[] = [];
  for (let at = 0; at < requests; at++) {
    const { pair, share, isWrong } = nextRequest(namespace, random, at);
    const { serve, auditShare, generation } = verdict(trust, pair, { budget });
    const isAudited = random() < auditShare;
    if (serve) {
      hits++;
      wrong += Number(isWrong);
      expectedWrong += share;
      hitAudits += Number(isAudited);
      firstHit ??= at;
    }
    onRequest?.({ at, trust, isServed: serve, isWrong, isAudited });
    const audit = { ...pair, wasServed: serve, auditShare, generation, isRight: !isWrong };
    late.push(isAudited ? audit : undefined);
    const told = late.length > delay ? late.shift() : undefined;
    if (told === undefined) continue;
    trust = observe(trust, told, { budget });
    if (trust.trips > tripsBefore + trips.length) trips.push(at);
  }
  return { trust, hits, wrong, expectedWrong, hitAudits, firstHit, trips };
}

function nextRequest(namespace: Namespace, random: Random, at: number) {
  const similarity = namespace.similarity(random);
  const cluster = namespace.cluster?.(random) ?? at;
  const share = namespace.wrongShare({ similarity, cluster }, at);
  const isWrong = random() < share;
  return { pair: { similarity, cluster: String(cluster).padStart(16, "0") }, share, isWrong };
}

/** What a threshold serves, of all requests, and the share of that which is wrong. */
export interface Reach {
  readonly served: number;
  readonly wrong: number;
}

export interface Truth {
  reachOf(least: number): Reach;
  /** The share of requests that the loosest threshold of a fine grid would serve within a budget. */
  oracle(budget: number): number;
}

/** What thresholds of a namespace serve before anything changes, by a sample of so many pairs. */
export function truthOf(
  namespace: Namespace,
  { random, size }: { readonly random: Random; readonly size: number },
): Truth {
  const pairs = Array.from({ length: size }, () => {
    const similarity = namespace.similarity(random);
    const cluster = namespace.cluster?.(random) ?? 0;
    return { similarity, share: namespace.wrongShare({ similarity, cluster }, 0) };
  }).toSorted((a, b) => b.similarity - a.similarity);
  let sum = 0;
  const wrong = pairs.map(({ share }) => (sum += share));
  return {
    reachOf(least) {
      const below = pairs.findIndex(({ similarity }) => similarity < least);
      const served = below < 0 ? size : below;
      return { served: served / size, wrong: served === 0 ? 0 : wrong[served - 1]! / served };
    },
    oracle: (budget) => (wrong.findLastIndex((all, k) => all <= budget * (k + 1)) + 1) / size,
  };
}

/**
 * A curve that falls from `far` to `near`, half way at `middle`, over a distance of `width` in log(1 −
 * similarity).
 */
export interface Curve {
  readonly far: number;
  readonly near: number;
  readonly middle: number;
  readonly width: number;
}

export function falling({ far, near, middle, width }: Curve, similarity: number): number {
  const distance = Math.log(Math.max(1 - similarity, 1e-6) / (1 - middle));
  return near + (far - near) / (1 + Math.exp(-distance / width));
}

/** Similarities of which 1 − similarity is spread evenly in its logarithm, with so many of them close. */
export function spread(random: Random, closeness: number): number {
  return 1 - Math.exp(Math.log(0.4) + Math.log(0.003 / 0.4) * random() ** (1 / closeness));
}

/** Shares of the most similar pairs that are wrong: far below a budget of 1 %, around it, and above. */
export const NEAR = [0, 0.001, 0.003, 0.006, 0.009, 0.0105, 0.012, 0.02, 0.05] as const;

/** Any curve, steep or flat, that falls to `near`; any mix of similarities. */
export function someNamespace(near: number, random: Random): Namespace {
  const closeness = 0.5 + 2 * random();
  const middle = 0.75 + 0.23 * random();
  const width = 0.1 + 0.4 * random();
  const far = 0.2 + 0.7 * random();
  return {
    similarity: (draw) => spread(draw, closeness),
    wrongShare: ({ similarity }) => falling({ far, near, middle, width }, similarity),
  };
}

/** Wrong now and then below a half of the distance, more above it, and as often as `share` for a popular template. */
export function templated(share: number): Namespace {
  return {
    similarity: (draw) => spread(draw, 1.5),
    wrongShare: ({ similarity }) => (similarity > 0.99 ? share : similarity > 0.9 ? 0.001 : 0.3),
  };
}
