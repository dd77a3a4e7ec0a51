/**
 * Leave-model-out: how well a router deals with models that it has never seen.
 *
 * The models are dealt into folds. For each fold a router is trained on the training rows without any
 * score of the fold's models; then each of them is placed by a benchmark score and by 0, 10, 25 or 100
 * probes (its scores on training rows), and judged on the valid rows. The probes are either drawn or
 * chosen by `suggestProbes`. Three starts:
 *
 *     prior       nothing is known: the mean of the trained rows
 *     anchored    its score on this benchmark: the mean over the training rows, the best quote there can be
 *     misquoted   the same, off by a normal error of PUBLISHED_DEVIATION logits, as published scores are
 *
 * The gain of a place is by how much the model's mean cross-entropy on the valid rows, in nats, is lower
 * than at the prior's mean. The full gain is that of the row learnt from all the model's training scores,
 * under the same prior and the same graph; `share` is gain over full gain. The median is taken over the
 * models whose full gain is at least LEAST_GAIN: of a model like the average one there is nothing to gain,
 * and a share of nothing says nothing. `pooledShare` is the sum of the gains over the sum of the full ones
 * and leaves nobody out. `apgr` routes between the model and the fold's strongest trained model (the
 * reference) by the difference of their forecasts. `coverage` is the share of models whose full row's
 * standing lies within the place's 90 % interval. Draws are averaged within a model; intervals are by the
 * bootstrap over models.
 *
 * Valid rows are never trained on, probed or quoted. Training is the caller's: this file knows no fit.
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
import { demandsOf, type Demand } from "../onboarding/demand.ts";
import { logitOn, placeByProbes, type Probe } from "../onboarding/probes.ts";
import { suggestProbes } from "../onboarding/suggest.ts";
import { BENCHMARK_SETS } from "../training/describe.ts";
import type { Estimate } from "./bootstrap.ts";
import { apgr, pairMeans, shareCurve, sortByRouting } from "./call-share.ts";
import { summariseModels, type Arm, type ModelTrial } from "./leave-model-summary.ts";

const STARTS = ["prior", "anchored", "misquoted"] as const;
const DESIGNS = ["drawn", "suggested"] as const;
export const PROBE_COUNTS = [0, 10, 25, 100] as const;

type Start = (typeof STARTS)[number];
type Design = (typeof DESIGNS)[number];

/** A router trained without the models of one fold. */
export interface FoldRouter {
  readonly manifest: Manifest;
  readonly graph: GraphRunner;
}

export interface LeaveModelInput {
  /** Rows of one set, both splits. */
  readonly rows: readonly OutcomeRow[];
  /** Trains on these rows, all of them training rows; called once for each fold. */
  readonly train: (rows: readonly OutcomeRow[], fold: number) => Promise<FoldRouter>;
  readonly folds: number;
  /** Draws of probes, and of misquotes, that are averaged for each model. */
  readonly draws: number;
  readonly seed: number;
  readonly resamples: number;
  readonly onProgress?: (done: number, total: number, note: string) => void;
}

/** One line of the table. */
export interface LeaveModelRow extends Arm {
  /** Median over models. */
  readonly share: Estimate;
  readonly pooledShare: Estimate;
  /** Mean over models, nats. */
  readonly gain: Estimate;
  /** Mean over models. */
  readonly apgr: Estimate;
  readonly coverage: number;
}

export interface LeaveModelReport {
  readonly dataset: string;
  readonly folds: number;
  /** Models placed, and how many of them the median share counts. */
  readonly models: readonly string[];
  readonly counted: number;
  /** Models with too few rows to be judged; they take part in every training. */
  readonly leftOut: readonly string[];
  readonly validRows: number;
  /** The row learnt from all training scores. */
  readonly full: { readonly gain: Estimate; readonly apgr: Estimate };
  readonly rows: readonly LeaveModelRow[];
}

/** Fewer rows than this say too little of a model to judge its place. */
const LEAST_TRAIN_ROWS = 200;
const LEAST_VALID_ROWS = 50;
/** Half the width of a 90 % interval, in deviations. */
const NINETY_PERCENT = 1.645;
/** Prompts among which the suggested probes are chosen. */
const CHOICE = 600;

/** Rejects where the set has fewer than two models with enough rows in each fold's training, or none to place. */
export async function leaveModelOut(input: LeaveModelInput): Promise<LeaveModelReport> {
  const { rows, folds, seed, onProgress } = input;
  const train = rows.filter(({ split }) => split === "train");
  const valid = rows.filter(({ split }) => split === "valid");
  const names = [...new Set(train.flatMap(({ scores }) => Object.keys(scores)))].toSorted();
  const placed = names.filter(
    (model) =>
      having(train, model).length >= LEAST_TRAIN_ROWS &&
      having(valid, model).length >= LEAST_VALID_ROWS,
  );
  if (placed.length < 2 * folds)
    throw new Error(
      `Leave-model-out in ${folds} folds wants ${2 * folds} models with at least ` +
        `${LEAST_TRAIN_ROWS} train and ${LEAST_VALID_ROWS} valid rows; there are ${placed.length}`,
    );
  const dealt = shuffle([...placed], randomFrom(seed));
  const trials: ModelTrial[] = [];
  for (let fold = 0; fold < folds; fold++) {
    const held = new Set(dealt.filter((_, i) => i % folds === fold));
    onProgress?.(trials.length, placed.length, `fold ${fold + 1}/${folds}: training`);
    const router = await input.train(without(train, held), fold);
    const prompts = [...train, ...valid];
    const demands = await demandsOf(
      prompts.map(({ prompt }) => prompt),
      router,
    );
    const demandOf = new Map(prompts.map((row, i) => [row, demands[i]!]));
    for (const model of held) {
      trials.push(tryModel(model, { train, valid, demandOf, router, input }));
      onProgress?.(trials.length, placed.length, `fold ${fold + 1}/${folds}: ${model}`);
    }
  }
  return {
    dataset: rows[0]!.dataset,
    folds,
    models: placed,
    leftOut: names.filter((model) => !placed.includes(model)),
    validRows: valid.length,
    ...summariseModels(trials, input),
  };
}

interface FoldData {
  readonly train: readonly OutcomeRow[];
  readonly valid: readonly OutcomeRow[];
  readonly demandOf: ReadonlyMap<OutcomeRow, Demand>;
  readonly router: FoldRouter;
  readonly input: LeaveModelInput;
}

function tryModel(model: string, data: FoldData): ModelTrial {
  const { train, valid, demandOf, router, input } = data;
  const { manifest } = router;
  const probes = having(train, model).map((row) => probeOf(row, model, demandOf));
  const judged = having(valid, model).map((row) => probeOf(row, model, demandOf));
  const random = randomFrom(input.seed + hashText(model));
  const prior = placeByScores(manifest, []);
  const full = placeByProbes(prior, probes);
  const priorLoss = meanLoss(prior, judged);
  const routing = routingAgainstReference(model, data);
  const arms = armsOf();
  const draws = arms.map(() => [] as DrawOutcome[]);
  for (let draw = 0; draw < input.draws; draw++)
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
  }: { manifest: Manifest; data: FoldData; probes: readonly Probe[]; random: () => number },
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
  { train, valid, demandOf, router }: FoldData,
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

interface DrawOutcome {
  readonly gain: number;
  readonly apgr: number;
  readonly coverage: number;
}

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

function having(rows: readonly OutcomeRow[], model: string): OutcomeRow[] {
  return rows.filter(({ scores }) => Object.hasOwn(scores, model));
}

/** The rows as they would be had nobody asked the held models; rows that nobody else answered are gone. */
function without(rows: readonly OutcomeRow[], held: ReadonlySet<string>): OutcomeRow[] {
  function strip(map: Readonly<Record<string, number>>): Record<string, number> {
    return Object.fromEntries(Object.entries(map).filter(([model]) => !held.has(model)));
  }
  return rows
    .map((row) => ({
      ...row,
      scores: strip(row.scores),
      ...(row.cost_usd && { cost_usd: strip(row.cost_usd) }),
      ...(row.in_tokens && { in_tokens: strip(row.in_tokens) }),
      ...(row.out_tokens && { out_tokens: strip(row.out_tokens) }),
      ...(row.out_chars && { out_chars: strip(row.out_chars) }),
      ...(row.latency_s && { latency_s: strip(row.latency_s) }),
    }))
    .filter(({ scores }) => Object.keys(scores).length > 0);
}

function probeOf(row: OutcomeRow, model: string, demandOf: ReadonlyMap<OutcomeRow, Demand>): Probe {
  return { ...demandOf.get(row)!, score: row.scores[model]! };
}

function meanLoss(place: Place, judged: readonly Probe[]): number {
  let sum = 0;
  for (const probe of judged) {
    const z = logitOn(place, probe).mean;
    sum += Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z))) - probe.score * z;
  }
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
