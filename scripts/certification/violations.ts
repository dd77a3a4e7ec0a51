/**
 * Does the promise hold? Certify many times on rows whose truth is known, and count.
 *
 * The rows of a set are taken for the whole world. Each draw takes as many questions from it, with
 * replacement, and hands them to each rule; what the rule's margin really keeps is its mean over the
 * world, so a violation is a fact and not an estimate. The questions that a draw left out, some 37 %, are
 * counted as well, as one would on a fresh sample; they have noise of their own, which makes and hides
 * violations.
 *
 * Rules, all walking the same margins:
 *
 * - `certificate`: the betting test
 * - `hoeffding`: the same walk by Hoeffding's inequality, which knows nothing of variance
 * - `plugIn`: the loosest margin before the first that missed the floor on the draw itself
 */
import {
  bettingPValue,
  lastPassing,
  MARGINS,
  rowsNeeded,
  type FloorClaim,
  type PolicyOutcomes,
} from "../../router-models/certificate.ts";
import type { Random } from "../../worker/lib/prng.ts";
import { measure, outcomesOf } from "./floors.ts";
import type { Panel, TestedRow } from "./panel.ts";

export const RULES = ["certificate", "plugIn", "hoeffding"] as const;
export type Rule = (typeof RULES)[number];

/** Means over the draws, each number 0..1. */
export interface RuleResult {
  /** Share of draws whose margin misses the floor, over all rows and over those left out. */
  readonly violations: number;
  readonly violationsLeftOut: number;
  /** Of all rows, at the margins chosen. */
  readonly referenceShare: number;
  readonly keptQuality: number;
  /** Share of draws on which only the reference itself could be promised. */
  readonly referenceOnly: number;
}

export interface SetResult {
  readonly name: string;
  readonly reference: string;
  readonly models: readonly string[];
  readonly rows: number;
  /** Least number of rows for any certificate. */
  readonly needed: number;
  /** Null for a set that is too small. */
  readonly rules: Readonly<Record<Rule, RuleResult>> | null;
  /** The floor by prediction alone, as a release without certificate serves it. */
  readonly predicted: { readonly keptQuality: number; readonly referenceShare: number };
  /** What each margin of `MARGINS` keeps and asks of the reference. */
  readonly path: readonly { readonly keptQuality: number; readonly referenceShare: number }[];
}

export interface Drawing {
  readonly draws: number;
  readonly random: Random;
  readonly onDraw?: () => void;
}

export function countViolations(panel: Panel, claim: FloorClaim, drawing: Drawing): SetResult {
  const { rows, data } = panel;
  const outcomes = outcomesOf(rows);
  const path = MARGINS.map((_, step) => measure(rows, ({ answers }) => answers[step]!));
  const needed = rowsNeeded(claim, meanOver(outcomes.reference));
  const steps = needed > rows.length ? null : drawSteps(outcomes, claim, drawing);
  return {
    name: data.name,
    reference: data.reference,
    models: Object.keys(data.models),
    rows: rows.length,
    needed,
    rules: steps && summarise(steps, { rows, outcomes, path, claim }),
    predicted: measure(rows, ({ predicted }) => predicted),
    path,
  };
}

/** The step that a rule chose on a draw, and whether it missed the floor on the rows left out. */
interface Draw {
  readonly step: number;
  readonly isMissedLeftOut: boolean;
}

function drawSteps(
  outcomes: PolicyOutcomes,
  claim: FloorClaim,
  { draws, random, onDraw }: Drawing,
): Record<Rule, Draw[]> {
  const n = outcomes.reference.length;
  const order = new Uint32Array(n);
  const steps: Record<Rule, Draw[]> = { certificate: [], plugIn: [], hoeffding: [] };
  for (let k = 0; k < draws; k++) {
    const isDrawn = new Uint8Array(n);
    for (let i = 0; i < n; i++) isDrawn[(order[i] = Math.floor(random() * n))] = 1;
    const leftOut = Uint32Array.from(isDrawn.keys()).filter((row) => isDrawn[row] === 0);
    for (const rule of RULES) {
      const passes = ruleOn(rule, { outcomes, claim, order });
      const step = lastPassing(passes);
      const isMissedLeftOut = meanShortfall(outcomes, { step, floor: claim.floor }, leftOut) > 0;
      steps[rule].push({ step, isMissedLeftOut });
    }
    onDraw?.();
  }
  return steps;
}

interface Trial {
  readonly outcomes: PolicyOutcomes;
  readonly claim: FloorClaim;
  readonly order: Uint32Array;
}

function ruleOn(rule: Rule, { outcomes, claim, order }: Trial): (step: number) => boolean {
  const { floor, confidence } = claim;
  const { reference, answers } = outcomes;
  const delta = 1 - confidence;
  if (rule === "certificate")
    return (step) => bettingPValue({ reference, answer: answers[step]! }, floor, order) <= delta;
  // Hoeffding: d lies in [−1, floor], so a mean of n is below −slack with probability δ at most.
  const slack =
    rule === "plugIn" ? 0 : (1 + floor) * Math.sqrt(Math.log(1 / delta) / (2 * order.length));
  return (step) => meanShortfall(outcomes, { step, floor }, order) <= -slack;
}

/** Mean of floor · s − r over the rows named. */
function meanShortfall(
  { reference, answers }: PolicyOutcomes,
  { step, floor }: { step: number; floor: number },
  rows: Uint32Array,
): number {
  const answer = answers[step]!;
  let sum = 0;
  for (const row of rows) sum += floor * reference[row]! - answer[row]!;
  return sum / rows.length;
}

interface World {
  readonly rows: readonly TestedRow[];
  readonly outcomes: PolicyOutcomes;
  readonly path: SetResult["path"];
  readonly claim: FloorClaim;
}

/** Below this a shortfall is the rounding of a sum. */
const ROUNDING = 1e-12;

function summarise(
  steps: Record<Rule, Draw[]>,
  { outcomes, path, claim: { floor } }: World,
): Record<Rule, RuleResult> {
  const all = Uint32Array.from(outcomes.reference.keys());
  const isMissed = MARGINS.map(
    (_, step) => meanShortfall(outcomes, { step, floor }, all) > ROUNDING,
  );
  function share(draws: readonly Draw[], numberOf: (draw: Draw) => number | boolean): number {
    return draws.reduce((sum, draw) => sum + Number(numberOf(draw)), 0) / draws.length;
  }
  function resultOf(draws: readonly Draw[]): RuleResult {
    return {
      violations: share(draws, ({ step }) => isMissed[step]!),
      violationsLeftOut: share(draws, ({ isMissedLeftOut }) => isMissedLeftOut),
      referenceShare: share(draws, ({ step }) => path[step]!.referenceShare),
      keptQuality: share(draws, ({ step }) => path[step]!.keptQuality),
      referenceOnly: share(draws, ({ step }) => step === 0),
    };
  }
  return {
    certificate: resultOf(steps.certificate),
    plugIn: resultOf(steps.plugIn),
    hoeffding: resultOf(steps.hoeffding),
  };
}

function meanOver(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(values.length, 1);
}
