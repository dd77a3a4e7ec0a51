/**
 * Requests as they reach a cache, one after another, under a rule: what it serves, and what of that is false.
 *
 * A request has one nearest entry. Where a guard refuses it, or the rule does, the request is a miss, and a vendor's
 * answer shows whether the entry's would have been right; that costs nothing more, so the rule is always told. A hit is
 * audited with the probability that the rule asks for. What guards refuse is no evidence: the rule answers for the rest.
 */
import type { Random } from "../../../worker/lib/prng.ts";
import type { Near, Rule } from "./rules.ts";

export interface Arrival extends Near {
  /** Whether the nearest entry's answer is the right one. */
  readonly isRight: boolean;
  /** Whether somebody said so; else it is not right because nobody has said that it is. */
  readonly isLabelled: boolean;
  readonly isRefused: boolean;
  /** Whether any earlier entry's answer is. */
  readonly isAnswerable: boolean;
}

export interface Played {
  readonly requests: number;
  readonly hits: number;
  readonly falseHits: number;
  /** Of the false hits, those that only no label makes false. */
  readonly unlabelled: number;
  readonly audits: number;
  /** Requests that some earlier answer would have served. */
  readonly answerable: number;
}

export interface Terms {
  readonly rule: Rule;
  readonly guarded: boolean;
  readonly budget: number;
  readonly random: Random;
}

/** Plays the requests in their order, from a namespace that has seen nothing. */
export function play(
  arrivals: Iterable<Arrival>,
  { rule, guarded, budget, random }: Terms,
): Played {
  const course = rule.start(budget);
  let [requests, hits, falseHits, unlabelled, audits, answerable] = [0, 0, 0, 0, 0, 0];
  for (const { isRight, isLabelled, isRefused, isAnswerable, ...near } of arrivals) {
    requests++;
    if (isAnswerable) answerable++;
    if (guarded && isRefused) continue;
    const { serve, audit } = course.verdict(near);
    if (!serve) {
      course.observe({ ...near, isRight, wasServed: false, probability: 1 });
      continue;
    }
    hits++;
    if (!isRight) falseHits++;
    if (!isRight && !isLabelled) unlabelled++;
    if (random() >= audit) continue;
    audits++;
    course.observe({ ...near, isRight, wasServed: true, probability: audit });
  }
  return { requests, hits, falseHits, unlabelled, audits, answerable };
}
