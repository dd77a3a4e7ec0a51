/**
 * One model that a router has never seen: placed in every way that is compared, and judged.
 *
 * It is placed by a benchmark score and by 0, 10, 25 or 100 probes (its scores on training rows), which
 * are either drawn or chosen by `suggestProbes`. Three starts:
 *
 *     prior       nothing is known: the mean of the trained rows
 *     anchored    its score on this benchmark: the mean over the training rows, the best quote there can be
 *     misquoted   the same, off by a normal error of PUBLISHED_DEVIATION logits, as published scores are
 *
 * The gain of a place is by how much the model's mean cross-entropy on the valid rows, in nats, is lower
 * than at the prior's mean; the full gain is that of the row learnt from all the model's training scores,
 * under the same prior and the same graph. `apgr` routes between the model and the fold's strongest trained
 * model (the reference) by the difference of their forecasts. `coverage` is the share of draws in which the
 * full row's standing lies within the place's 90 % interval. Draws are averaged.
 */
import type { Manifest } from "../../router-models/manifest.ts";
import {
  placeByScores,
  PUBLISHED_DEVIATION,
  standingOf,
  type Place,
} from "../../router-models/placement.ts";
import type { GraphRunner } from "../../router-models/scorer.ts";
import { hashText, normalFrom, randomFrom, shuffle } from "../../worker/lib/prng.ts";
import type { OutcomeRow } from "../dataset/outcome-file.ts";
import type { Demand } from "../onboarding/demand.ts";
import {
  crossEntropy,
  logitOn,
  NINETY_PERCENT,
  placeByProbes,
  type Probe,
} from "../onboarding/probes.ts";
import { suggestProbes } from "../onboarding/suggest.ts";
import { BENCHMARK_SETS } from "../training/describe.ts";
import { apgr, pairMeans, shareCurve, sortByRouting } from "./call-share.ts";
import type { Arm, ArmOutcome, ModelTrial } from "./leave-model-summary.ts";

const STARTS = ["prior", "anchored", "misquoted"] as const;
const DESIGNS = ["drawn", "suggested"] as const;
/** Probes that a place may rest on. */
export const PROBE_COUNTS = [0, 10, 25, 100] as const;

type Start = (typeof STARTS)[number];
type Design = (typeof DESIGNS)[number];

/** A router trained without the models of one fold. */
export interface FoldRouter {
  readonly manifest: Manifest;
  readonly graph: GraphRunner;
}

/** Prompts among which the suggested probes are chosen. */
const CHOICE = 600;

/** A fold as its models are tried on it. */
export interface TrialInput {
  readonly train: readonly OutcomeRow[];
  readonly valid: readonly OutcomeRow[];
  /** Of every row of both. */
  readonly demandOf: ReadonlyMap<OutcomeRow, Demand>;
  readonly router: FoldRouter;
  /** Draws of probes, and of misquotes, that are averaged. */
  readonly draws: number;
  readonly seed: number;
}

/** The model must have rows in both splits, and the router must not have learnt it. */
export function tryModel(model: string, data: TrialInput): ModelTrial {
  const { train, valid, demandOf, router } = data;
  const { manifest } = router;
  const probes = having(train, model).map((row) => probeOf(row, model, demandOf));
  const judged = having(valid, model).map((row) => probeOf(row, model, demandOf));
  const random = randomFrom(data.seed + hashText(model));
  const prior = placeByScores(manifest, []);
  const full = placeByProbes(prior, probes);
  const priorLoss = meanLoss(prior, judged);
  const routing = routingAgainstReference(model, data);
  const arms = armsOf();
  const draws = arms.map(() => [] as DrawOutcome[]);
  for (let draw = 0; draw < data.draws; draw++)
    for (const start of STARTS) {
      const before = startingPlace(start, { manifest, data, probes, random });
      const drawn = shuffle([...probes], random);
      const order = { drawn, suggested: suggestedFrom(before, drawn) };
      arms.forEach((arm, at) => {
        if (arm.start !== start) return;
        const place = placeByProbes(before, order[arm.design].slice(0, arm.probes));
        draws[at]!.push({
          gain: priorLoss - meanLoss(place, judged),
          apgr: routing(place.mean),
          coverage: covers(manifest, place, full) ? 1 : 0,
        });
      });
    }
  return {
    model,
    full: { gain: priorLoss - meanLoss(full, judged), apgr: routing(full.mean) },
    outcomes: arms.map((arm, at) => ({ ...arm, ...averaged(draws[at]!) })),
  };
}

function startingPlace(
  start: Start,
  {
    manifest,
    data,
    probes,
    random,
  }: { manifest: Manifest; data: TrialInput; probes: readonly Probe[]; random: () => number },
): Place {
  const benchmark = Object.entries(BENCHMARK_SETS).find(
    ([, set]) => set === data.train[0]!.dataset,
  )?.[0];
  if (start === "prior" || benchmark === undefined) return placeByScores(manifest, []);
  const mean = probes.reduce((sum, { score }) => sum + score, 0) / probes.length;
  const error = start === "misquoted" ? PUBLISHED_DEVIATION * normalFrom(random)() : 0;
  const score = 1 / (1 + ((1 - mean) / mean) * Math.exp(-error));
  return placeByScores(manifest, [{ benchmark, score }]);
}

/** Without probes there is nothing to choose: one arm then stands for both designs. */
function armsOf(): { start: Start; design: Design; probes: number }[] {
  return STARTS.flatMap((start) =>
    DESIGNS.flatMap((design) =>
      PROBE_COUNTS.filter((probes) => probes > 0 || design === DESIGNS[0]).map((probes) => ({
        start,
        design,
        probes,
      })),
    ),
  );
}

function suggestedFrom(before: Place, drawn: readonly Probe[]): Probe[] {
  const choice = drawn.slice(0, CHOICE);
  return suggestProbes(before, choice, Math.max(...PROBE_COUNTS)).map((at) => choice[at]!);
}

/** APGR on the valid rows of both, for a row of the model. */
function routingAgainstReference(
  model: string,
  { train, valid, demandOf, router }: TrialInput,
): (ability: readonly number[]) => number {
  const [reference, { ability: referenceRow }] = Object.entries(router.manifest.models)
    .toSorted(([, a], [, b]) => b.meanScore - a.meanScore)
    .at(0)!;
  const both = valid.filter(({ scores }) => model in scores && reference in scores);
  const isStrong = meanScore(train, model) > meanScore(train, reference);
  return (ability) => {
    const rows = both.map((row, at) => {
      const demand = demandOf.get(row)!;
      const gap = scoreAt(ability, demand) - scoreAt(referenceRow, demand);
      const [own, other] = [row.scores[model]!, row.scores[reference]!];
      return isStrong
        ? { row: at, routing: gap, strong: own, weak: other }
        : { row: at, routing: -gap, strong: other, weak: own };
    });
    return apgr(shareCurve(sortByRouting(rows)), pairMeans(rows));
  };
}

function covers(manifest: Manifest, place: Place, full: Place): boolean {
  const { demand, difficulty } = manifest.placement;
  const { mean, deviation } = logitOn(place, { demand: Float64Array.from(demand), difficulty });
  return Math.abs(standingOf(manifest, full.mean) - mean) <= NINETY_PERCENT * deviation;
}

type DrawOutcome = Omit<ArmOutcome, keyof Arm>;

function averaged(draws: readonly DrawOutcome[]): DrawOutcome {
  function mean(of: (draw: DrawOutcome) => number): number {
    return draws.reduce((sum, draw) => sum + of(draw), 0) / draws.length;
  }
  return {
    gain: mean(({ gain }) => gain),
    apgr: mean(({ apgr: value }) => value),
    coverage: mean(({ coverage }) => coverage),
  };
}

/** The rows that have a score of the model. */
export function having(rows: readonly OutcomeRow[], model: string): OutcomeRow[] {
  return rows.filter(({ scores }) => Object.hasOwn(scores, model));
}

function probeOf(row: OutcomeRow, model: string, demandOf: ReadonlyMap<OutcomeRow, Demand>): Probe {
  return { ...demandOf.get(row)!, score: row.scores[model]! };
}

function meanLoss(place: Place, judged: readonly Probe[]): number {
  let sum = 0;
  for (const probe of judged) sum += crossEntropy(logitOn(place, probe).mean, probe.score);
  return sum / judged.length;
}

function meanScore(rows: readonly OutcomeRow[], model: string): number {
  const own = having(rows, model);
  return own.reduce((sum, { scores }) => sum + scores[model]!, 0) / own.length;
}

function scoreAt(ability: readonly number[], { demand, difficulty }: Demand): number {
  const z = ability.reduce((sum, value, i) => sum + value * demand[i]!, -difficulty);
  return 1 / (1 + Math.exp(-z));
}
