/**
 * Rules for serving a near answer, as a namespace lives with them: asked for a verdict request by request, told what
 * turned out right, and nothing else.
 *
 * - `never` and `always`: controls
 * - a threshold: fixed, learns nothing
 * - `plug-in`: serves where, of all that was as much alike, no more than the budget has been wrong so far. It takes what
 *   it has seen for the truth, without a word on how sure that is; a bound has to keep what this one breaks
 */

/** The nearest entry to a request. */
export interface Near {
  readonly similarity: number;
  /** Which entry: the same number for the same entry. */
  readonly entry: number;
}

export interface Verdict {
  readonly serve: boolean;
  /** Probability with which a hit is audited: its request goes to a vendor as well, behind the client's back. */
  readonly audit: number;
}

/** What was learnt of one near entry. */
export interface Audit extends Near {
  readonly isRight: boolean;
  /** Whether the answer was served; else the request was a miss, whose answer tells the same. */
  readonly wasServed: boolean;
  /** With which this was learnt at all, above 0. */
  readonly probability: number;
}

/** One namespace under a rule. */
export interface Course {
  verdict(near: Near): Verdict;
  observe(audit: Audit): void;
}

export interface Rule {
  readonly name: string;
  /** A namespace that has seen nothing. @param budget Share of the hits that may be false. */
  readonly start: (budget: number) => Course;
}

export const NEVER: Rule = fixed("never", () => false);
export const ALWAYS: Rule = fixed("always", () => true);

export function thresholdRule(threshold: number): Rule {
  return fixed(
    `threshold ${threshold.toFixed(2)}`,
    ({ similarity }) => similarity >= threshold - ROUNDING,
  );
}

export const PLUG_IN: Rule = {
  name: "plug-in",
  start(budget) {
    const right = new Float64Array(STEPS + 1);
    const wrong = new Float64Array(STEPS + 1);
    return {
      verdict({ similarity }) {
        let [good, bad] = [0, 0];
        for (let step = stepOf(similarity); step <= STEPS; step++) {
          good += right[step]!;
          bad += wrong[step]!;
        }
        return { serve: good > 0 && bad <= budget * (good + bad), audit: PLUG_IN_AUDIT };
      },
      observe({ similarity, isRight, probability }) {
        (isRight ? right : wrong)[stepOf(similarity)]! += 1 / probability;
      },
    };
  },
};

/** Share of its hits that the plug-in audits. */
const PLUG_IN_AUDIT = 0.1;
/** Steps of similarity from 0 to 1. */
const STEPS = 100;
/** As in ranking.ts. */
const ROUNDING = 1e-9;

function stepOf(similarity: number): number {
  return Math.min(Math.max(Math.floor(similarity * STEPS + ROUNDING), 0), STEPS);
}

function fixed(name: string, serves: (near: Near) => boolean): Rule {
  const course: Course = {
    verdict: (near) => ({ serve: serves(near), audit: 0 }),
    observe: () => undefined,
  };
  return { name, start: () => course };
}
