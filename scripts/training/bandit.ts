/**
 * How `bandit` is made: the training rows are replayed as outcomes, one after the other, through the
 * very update that would learn from feedback; the abilities are the posterior means.
 *
 * A model is not believed to be anything in particular before its first outcome but what models are on
 * average: the prior mean is that of one arm that is given all outcomes.
 */
import {
  banditDefinition,
  initialBandit,
  meanOf,
  updateArm,
  type BanditShape,
} from "../../router-models/families/bandit.ts";
import { componentBase, type ComponentBase } from "./component-base.ts";
import type { Components } from "./components.ts";
import type { Example } from "./examples.ts";
import type { FamilyPlan, Made, Recipe } from "./family-fit.ts";
import { linearHeads } from "./row-heads.ts";

interface BanditPlan extends FamilyPlan {
  readonly settings: { readonly ridge: number };
}

function planOf(ridge: number): BanditPlan {
  return { name: `ridge ${ridge}`, epochs: 1, settings: { ridge } };
}

const WIDTH = 24;
/** Of the arm that everyone shares, which sees everything. */
const SHARED_RIDGE = 100;

export const BANDIT: Recipe<ComponentBase, BanditPlan> = {
  family: "bandit",
  plans: [planOf(20), planOf(60), planOf(6)],
  prepare: (examples, input) => componentBase(examples, input, { width: WIDTH, evenness: 4 }),
  make,
};

function make(
  { examples, input, corpus, components, labels }: ComponentBase,
  { settings }: BanditPlan,
): Made {
  const { tableRows, tasks } = input.hyperparameters.shape;
  const shape: BanditShape = { tableRows, abilityWidth: WIDTH, tasks };
  const heads = linearHeads(components.vectors, labels);
  const arms = replayed(examples, components, { ridge: settings.ridge, models: input.models });
  return {
    define: banditDefinition(shape, corpus.standardisation),
    shape: { ...shape, tableWidth: WIDTH, hiddenWidth: WIDTH },
    parameters: {
      table: Float32Array.from(components.table),
      "query.weight": Float32Array.from(components.surface),
      "query.bias": Float32Array.from(components.bias),
      "heads.weight": Float32Array.from(heads.weight),
      "heads.bias": Float32Array.from(heads.bias),
      // Rewards are fitted as they are; on the logit's scale they stand on its tangent at one half.
      abilities: Float32Array.from(
        arms.flatMap((mean) => Array.from(mean, (x, i) => 4 * (i === 0 ? x - 0.5 : x))),
      ),
      tokenOffsets: labels.tokenOffsets,
    },
  };
}

/** The posterior mean of each model, [1 + D]. */
function replayed(
  examples: readonly Example[],
  { vectors, width }: Components,
  { ridge, models }: { ridge: number; models: number },
): Float64Array[] {
  const contexts = examples.map((_, r) => [1, ...vectors.subarray(r * width, (r + 1) * width)]);
  let everyone = initialBandit(new Float64Array(1 + width), SHARED_RIDGE).prior;
  const outcomes: (readonly [row: number, reward: number])[][] = [];
  examples.forEach(({ scores }, r) => {
    const reward = scores.reduce((sum, [, score]) => sum + score, 0) / scores.length;
    everyone = updateArm(everyone, { context: contexts[r]!, reward });
    for (const [m, score] of scores) (outcomes[m] ??= []).push([r, score]);
  });
  const { prior } = initialBandit(meanOf(everyone), ridge);
  return Array.from({ length: models }, (_, m) => {
    const own = outcomes[m] ?? [];
    const arm = own.reduce(
      (a, [r, reward]) => updateArm(a, { context: contexts[r]!, reward }),
      prior,
    );
    return meanOf(arm);
  });
}
