/**
 * How `similarity` is made: anchors are chosen among the training prompts, outcomes are counted by
 * anchor, and the counts are factored into the anchors' answers and the models' abilities.
 *
 * At each anchor every model has a strength, as in a Bradley–Terry model of the prompts near it; models
 * that were never asked there have none. So the strengths are fitted as μ_m + a_j · θ_m − b_j, anchors
 * and models in turn: each turn is a penalised logistic regression in closed form, and what is not
 * known of a cell follows from what is.
 */
import { answerWidth } from "../../router-models/families/answer.ts";
import {
  similarityDefinition,
  type SimilarityShape,
} from "../../router-models/families/similarity.ts";
import { normalFrom, randomFrom } from "../../worker/lib/prng.ts";
import { componentBase, type ComponentBase } from "./component-base.ts";
import { countOutcomes, type CountedOutcomes } from "./counted-outcomes.ts";
import type { Example } from "./examples.ts";
import type { FamilyPlan, Made, Recipe } from "./family-fit.ts";
import type { FitInput } from "./fit.ts";
import { diagonal, fitPenalised, type Cell } from "./penalised-logistic.ts";
import { biasesOf, centresOf, pointsNear, sharesOf, type Points } from "./prototypes.ts";
import { prototypeHeads } from "./row-heads.ts";

interface SimilarityPlan extends FamilyPlan {
  readonly settings: {
    readonly sharpness: number;
    readonly anchorPenalty: number;
    readonly modelPenalty: number;
  };
}

function planOf(sharpness: number, anchorPenalty: number): SimilarityPlan {
  return {
    name: `sharpness ${sharpness}, penalty ${anchorPenalty}`,
    epochs: 1,
    settings: { sharpness, anchorPenalty, modelPenalty: 1 },
  };
}

const ANCHORS = 384;
const WIDTH = 32;
const SWEEPS = 12;
/** Cells with fewer trials say nothing that the penalty does not. */
const LEAST_TRIALS = 0.02;
const INITIAL_SPREAD = 0.3;

interface Base extends ComponentBase {
  readonly anchors: Points;
}

export const SIMILARITY: Recipe<Base, SimilarityPlan> = {
  family: "similarity",
  plans: [planOf(15, 4), planOf(30, 4), planOf(8, 4), planOf(15, 12)],
  prepare,
  make,
};

function prepare(examples: readonly Example[], input: FitInput): Base {
  const base = componentBase(examples, input, { width: WIDTH, evenness: 1 });
  const { components } = base;
  const anchors = pointsNear(components, centresOf(components, ANCHORS, input.seed));
  return { ...base, anchors };
}

function make(base: Base, { settings }: SimilarityPlan): Made {
  const { examples, input, corpus, components, anchors, labels } = base;
  const { tableRows, tasks, abilityWidth } = input.hyperparameters.shape;
  const { sharpness } = settings;
  const shares = sharesOf(components, anchors, sharpness);
  const counts = countOutcomes(examples, shares, input.models);
  const { answers, abilities } = factored(counts, {
    K: abilityWidth,
    seed: input.seed,
    ...settings,
  });
  const heads = prototypeHeads(shares, labels);
  const shape: SimilarityShape = {
    tableRows,
    tableWidth: WIDTH,
    anchors: counts.prototypes,
    abilityWidth,
    tasks,
  };
  const width = answerWidth(shape);
  const rest = width - abilityWidth;
  return {
    define: similarityDefinition(shape, corpus.standardisation),
    shape: { ...shape, hiddenWidth: counts.prototypes },
    parameters: {
      // The anchors take the scale of distances, so that q and they use the table's 8 bits alike.
      table: Float32Array.from([
        ...components.table.map((x) => (x * sharpness) / WIDTH),
        ...anchors.vectors,
      ]),
      "query.weight": Float32Array.from(components.surface, (x) => (x * sharpness) / WIDTH),
      "query.bias": Float32Array.from(components.bias, (x) => (x * sharpness) / WIDTH),
      "anchors.bias": biasesOf(anchors, sharpness),
      answers: Float32Array.from({ length: counts.prototypes * width }, (_, i) => {
        const [j, column] = [Math.floor(i / width), i % width];
        if (column <= abilityWidth) return answers[j]![column]!;
        return heads[j * rest + column - abilityWidth]!;
      }),
      abilities: Float32Array.from(abilities.flatMap((row) => [...row])),
      tokenOffsets: labels.tokenOffsets,
    },
  };
}

interface FactorOptions {
  readonly K: number;
  readonly seed: number;
  readonly anchorPenalty: number;
  readonly modelPenalty: number;
}

/** `answers[j]` is [a_j, b_j], `abilities[m]` is [μ_m, θ_m]. */
function factored(
  counts: CountedOutcomes,
  { K, seed, anchorPenalty, modelPenalty }: FactorOptions,
): { answers: Float64Array[]; abilities: Float64Array[] } {
  const normal = normalFrom(randomFrom(seed));
  const { prototypes, models } = counts;
  const abilities: Float64Array[] = Array.from({ length: models }, (_, m) =>
    Float64Array.from({ length: 1 + K }, (__, k) =>
      k === 0 ? overallLogit(counts, m) : INITIAL_SPREAD * normal(),
    ),
  );
  const answers: Float64Array[] = Array.from({ length: prototypes }, () => new Float64Array(K + 1));
  const anchorTerms = diagonal(Array.from({ length: K + 1 }, () => anchorPenalty));
  const modelTerms = diagonal([0.1, ...Array.from({ length: K }, () => modelPenalty)]);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    answers.forEach((answer, j) => {
      const cells = cellsOf(counts, { prototype: j }, (_, m) => ({
        offset: abilities[m]![0]!,
        design: [...abilities[m]!.subarray(1), -1],
      }));
      answers[j] = fitPenalised(cells, anchorTerms, answer);
    });
    abilities.forEach((ability, m) => {
      const cells = cellsOf(counts, { model: m }, (j) => ({
        offset: -answers[j]![K]!,
        design: [1, ...answers[j]!.subarray(0, K)],
      }));
      abilities[m] = fitPenalised(cells, modelTerms, ability);
    });
  }
  return { answers, abilities };
}

/** One row or one column of the counts as cells of a regression. */
function cellsOf(
  { prototypes, models, trials, successes }: CountedOutcomes,
  { prototype, model }: { prototype?: number; model?: number },
  describe: (j: number, m: number) => Pick<Cell, "offset" | "design">,
): Cell[] {
  const cells: Cell[] = [];
  for (let j = prototype ?? 0; j < (prototype === undefined ? prototypes : prototype + 1); j++)
    for (let m = model ?? 0; m < (model === undefined ? models : model + 1); m++) {
      const at = j * models + m;
      if (trials[at]! < LEAST_TRIALS) continue;
      cells.push({ trials: trials[at]!, successes: successes[at]!, ...describe(j, m) });
    }
  return cells;
}

/** Of a model's mean score, shrunk by one good and one bad outcome. */
function overallLogit(
  { prototypes, models, trials, successes }: CountedOutcomes,
  m: number,
): number {
  let [good, all] = [1, 2];
  for (let j = 0; j < prototypes; j++) {
    good += successes[j * models + m]!;
    all += trials[j * models + m]!;
  }
  return Math.log(good / (all - good));
}
