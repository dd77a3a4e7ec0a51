/**
 * How `length` is made: for each model a logistic curve over the squeezed logarithm of the prompt's
 * characters, shrunk to the curve of all models together.
 */
import {
  LENGTH_STATISTIC,
  lengthDefinition,
  type LengthShape,
} from "../../router-models/families/length.ts";
import { describeCorpus, type Corpus } from "./corpus.ts";
import type { Example } from "./examples.ts";
import type { FamilyPlan, Made, Recipe } from "./family-fit.ts";
import type { FitInput } from "./fit.ts";
import { diagonal, fitPenalised, type Cell } from "./penalised-logistic.ts";
import { headLabelsOf, linearHeads } from "./row-heads.ts";

interface LengthPlan extends FamilyPlan {
  readonly settings: { readonly penalty: number };
}

interface Base {
  readonly examples: readonly Example[];
  readonly input: FitInput;
  readonly corpus: Corpus;
}

export const LENGTH: Recipe<Base, LengthPlan> = {
  family: "length",
  plans: [1, 10, 100].map((penalty) => ({
    name: `penalty ${penalty}`,
    epochs: 1,
    settings: { penalty },
  })),
  prepare(examples, input) {
    const { tableRows } = input.hyperparameters.shape;
    return { examples, input, corpus: describeCorpus(examples, { tableRows, minDocuments: 2 }) };
  },
  make,
};

function make({ examples, input, corpus }: Base, { settings }: LengthPlan): Made {
  const { models, hyperparameters } = input;
  const { tableRows, tasks } = hyperparameters.shape;
  const { mean, deviation } = corpus.standardisation;
  const lengths = Float64Array.from(examples, ({ features }) => {
    const centred = features.statistics[LENGTH_STATISTIC]! - mean[LENGTH_STATISTIC]!;
    return Math.tanh((0.5 * centred) / Math.max(deviation[LENGTH_STATISTIC]!, 1e-3));
  });
  const cells: Cell[][] = Array.from({ length: models }, () => []);
  examples.forEach(({ scores }, r) => {
    for (const [m, successes] of scores)
      cells[m]!.push({ trials: 1, successes, offset: 0, design: [1, lengths[r]!] });
  });
  const [, slope] = fitPenalised(cells.flat(), diagonal([1, 1]), [0, 0]);
  const penalty = diagonal([0.1, settings.penalty]);
  const abilities = cells.flatMap((own) => {
    const around = own.map((cell) => ({ ...cell, offset: slope! * cell.design[1]! }));
    const [bias, beyond] = fitPenalised(around, penalty, [0, 0]);
    return [bias!, slope! + beyond!];
  });
  const shape: LengthShape = { tableRows, abilityWidth: 1, tasks };
  const labels = headLabelsOf(examples, { models, tasks });
  const heads = linearHeads(lengths, labels);
  return {
    define: lengthDefinition(shape, corpus.standardisation),
    shape: { ...shape, tableWidth: 1, hiddenWidth: 1 },
    parameters: {
      table: new Float32Array(tableRows),
      "query.weight": Float32Array.from(mean, (_, s) => (s === LENGTH_STATISTIC ? 1 : 0)),
      "query.bias": new Float32Array(1),
      "heads.weight": Float32Array.from(heads.weight),
      "heads.bias": Float32Array.from(heads.bias),
      abilities: Float32Array.from(abilities),
      tokenOffsets: labels.tokenOffsets,
    },
  };
}
