import {
  emptyTrust,
  observe,
  verdict,
  type Audit,
  type Trust,
} from "../../worker/cache/trust/trust.ts";
/**
 * A made-up namespace whose truth is known: how similar its near pairs are, and how often each is wrong.
 *
 * Requests come one after the other, as to a worker: the verdict serves or does not, a vendor is asked where it does
 * not and for the share of hits that it says, and what was wrong is told to the state. An audit may come late, by
 * as many requests as `delay` says.
 */
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

export interface Play {
  readonly requests: number;
  readonly budget: number;
  readonly random: Random;
  readonly from?: Trust;
  readonly onRequest?: (at: number, served: boolean, isWrong: boolean) => void;
}

export function play(
  namespace: Namespace,
  { requests, budget, random, from, onRequest }: Play,
): Played {
  const { delay = 0 } = namespace;
  let trust = from ?? emptyTrust({ budget });
  let [hits, wrong, expectedWrong, hitAudits] = [0, 0, 0, 0];
  let firstHit: number | undefined;
  const trips: number[] = [];
  const late: (Audit | undefined)[] = [];
  for (let at = 0; at < requests; at++) {
    const similarity = namespace.similarity(random);
    const cluster = namespace.cluster?.(random) ?? at;
    const share = namespace.wrongShare({ similarity, cluster }, at);
    const isWrong = random() < share;
    const pair = { similarity, cluster: String(cluster).padStart(16, "0") };
    const { serve, auditShare, generation } = verdict(trust, pair, { budget });
    if (serve) {
      hits++;
      wrong += Number(isWrong);
      expectedWrong += share;
      firstHit ??= at;
    }
    onRequest?.(at, serve, isWrong);
    const isAudited = random() < auditShare;
    hitAudits += Number(serve && isAudited);
    const audit = { ...pair, wasServed: serve, auditShare, generation, isRight: !isWrong };
    late.push(isAudited ? audit : undefined);
    const told = late.length > delay ? late.shift() : undefined;
    if (told === undefined) continue;
    trust = observe(trust, told, { budget });
    if (trust.trips > trips.length) trips.push(at);
  }
  return { trust, hits, wrong, expectedWrong, hitAudits, firstHit, trips };
}

/**
 * The share of requests that the loosest threshold of a fine grid would serve within the budget, by a large
 * sample.
 */
export function oracleShare(namespace: Namespace, budget: number, random: Random): number {
  const sample = Array.from({ length: 100_000 }, () => {
    const similarity = namespace.similarity(random);
    const cluster = namespace.cluster?.(random) ?? 0;
    return { similarity, wrong: namespace.wrongShare({ similarity, cluster }, 0) };
  }).toSorted((a, b) => b.similarity - a.similarity);
  let [sum, best] = [0, 0];
  for (const [k, { wrong }] of sample.entries()) {
    sum += wrong;
    if (sum <= budget * (k + 1)) best = k + 1;
  }
  return best / sample.length;
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
