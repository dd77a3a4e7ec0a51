/**
 * The promise, counted: in how many namespaces more hits were wrong than the budget allows, and how many hits there
 * were beside what one could serve who knew the truth.
 *
 * Kinds of namespaces are curves that end at so many wrong pairs where pairs are nearest, below the budget and above,
 * and curves that rise there, which the bound does not suppose. Three counts, the strictest first: namespaces that
 * ever served from a threshold whose true share is beyond the budget, which is what the bound forbids in all but 5 %;
 * those whose hits were wrong too often in expectation; and by what chance made of it, which of few hits says little.
 */
import { LADDER } from "../../../worker/cache/trust/ladder.ts";
import type { Trust } from "../../../worker/cache/trust/trust.ts";
import { hashText, randomFrom, type Random } from "../../../worker/lib/prng.ts";
import { quantile } from "../../report/quantiles.ts";
import {
  NEAR,
  play,
  someNamespace,
  templated,
  truthOf,
  type Namespace,
  type Truth,
} from "../../simulation/near-pairs.ts";
import type { Estimate } from "../bootstrap.ts";
import { binomialShare } from "../cache/binomial.ts";

/** Requests after which hits are held against the oracle's; all of them are played. */
export const CHECKPOINTS = [1_000, 2_000, 4_000, 8_000, 16_000] as const;
/** Pairs that tell the truth of a namespace. */
const SAMPLE = 20_000;

export interface Kind {
  readonly name: string;
  readonly make: (random: Random) => Namespace;
}

/** By the share of the nearest pairs that is wrong. */
export const KINDS: readonly Kind[] = [
  ...NEAR.map((near) => ({
    name: `falls to ${Number((100 * near).toPrecision(3))} %`,
    make: (random: Random) => someNamespace(near, random),
  })),
  ...[0.02, 0.1, 0.5].map((share) => ({
    name: `0.1 %, then rises to ${100 * share} %`,
    make: () => templated(share),
  })),
];

/** One namespace, after all its requests. */
export interface Lived {
  readonly hits: number;
  readonly wrong: number;
  readonly expectedWrong: number;
  readonly trips: number;
  /** Whether it ever served from a threshold above which more is wrong than the budget. */
  readonly wasBeyond: boolean;
  /** Of requests, what one would serve who knew the truth. */
  readonly oracle: number;
  /** Of requests, what would be served at each of CHECKPOINTS. */
  readonly served: readonly number[];
}

export interface PromiseRow {
  readonly kind: string;
  readonly namespaces: number;
  /** That served anything. */
  readonly opened: number;
  readonly hits: number;
  /** Wrong hits of all namespaces together, of their hits; NaN without hits. */
  readonly wrongShare: number;
  /** Watches that tripped, though nothing had changed. */
  readonly trips: number;
  readonly everBeyond: Beyond;
  readonly expectedBeyond: Beyond;
  readonly countedBeyond: Beyond;
  /** Of requests, the mean over namespaces. */
  readonly oracle: number;
  /** For each of CHECKPOINTS what is served of the oracle's share, over namespaces that have one. */
  readonly learnt: readonly Estimate[];
}

/** Namespaces, and their share with an exact 95 % interval. */
export interface Beyond {
  readonly count: number;
  readonly share: Estimate;
}

export interface LifeTerms {
  readonly budget: number;
  readonly random: Random;
}

export function live({ make }: Kind, { budget, random }: LifeTerms): Lived {
  const namespace = make(random);
  const truth = truthOf(namespace, { random, size: SAMPLE });
  const isBeyond = LADDER.map((least) => truth.reachOf(least).wrong > budget);
  const served: number[] = [];
  let [hits, wrong, expectedWrong, at] = [0, 0, 0, 0];
  let wasBeyond = false;
  let trust: Trust | undefined;
  for (const checkpoint of CHECKPOINTS) {
    const played = play(namespace, {
      requests: checkpoint - at,
      budget,
      random,
      ...(trust === undefined ? {} : { from: trust }),
      onRequest: (seen) => {
        if (seen.isServed) wasBeyond ||= isBeyond[firstServed(seen.trust, budget)]!;
      },
    });
    hits += played.hits;
    wrong += played.wrong;
    expectedWrong += played.expectedWrong;
    trust = played.trust;
    at = checkpoint;
    served.push(servedShare(played.trust, truth, budget));
  }
  const { trips = 0 } = trust ?? {};
  return { hits, wrong, expectedWrong, trips, wasBeyond, oracle: truth.oracle(budget), served };
}

/** The loosest step that is served, −1 for none. */
function firstServed({ upper }: Trust, budget: number): number {
  return upper.findIndex((most) => most <= budget);
}

function servedShare(trust: Trust, truth: Truth, budget: number): number {
  const step = firstServed(trust, budget);
  return step < 0 ? 0 : truth.reachOf(LADDER[step]!).served;
}

/** The seed of a namespace: the same however many are played. */
export function lifeOf(kind: number, k: number, seed: number): Random {
  return randomFrom(hashText(`promise ${seed} ${kind} ${k}`));
}

export function promiseRow(kind: string, lives: readonly Lived[], budget: number): PromiseRow {
  const hits = sum(lives.map((one) => one.hits));
  const knowing = lives.filter(({ oracle }) => oracle > 0);
  return {
    kind,
    namespaces: lives.length,
    opened: lives.filter((one) => one.hits > 0).length,
    hits,
    wrongShare: sum(lives.map(({ wrong }) => wrong)) / hits,
    trips: sum(lives.map(({ trips }) => trips)),
    everBeyond: beyond(lives, ({ wasBeyond }) => wasBeyond),
    expectedBeyond: beyond(lives, (one) => one.expectedWrong > budget * one.hits),
    countedBeyond: beyond(lives, (one) => one.wrong > budget * one.hits),
    oracle: sum(lives.map(({ oracle }) => oracle)) / lives.length,
    learnt: CHECKPOINTS.map((_, at) => {
      const shares = knowing.map(({ served, oracle }) => served[at]! / oracle);
      return {
        value: quantile(shares, 0.5),
        low: quantile(shares, 0.05),
        high: quantile(shares, 0.95),
      };
    }),
  };
}

function beyond(lives: readonly Lived[], isBeyond: (one: Lived) => boolean): Beyond {
  const count = lives.filter(isBeyond).length;
  return { count, share: binomialShare(count, lives.length) };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
