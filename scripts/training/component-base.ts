/**
 * What the families over principal components read off a set of rows once, for all their plans: the
 * corpus, the components of the prompts, and the labels of the heads.
 */
import { componentsOf, type Components } from "./components.ts";
import { describeCorpus, type Corpus } from "./corpus.ts";
import type { Example } from "./examples.ts";
import type { FitInput } from "./fit.ts";
import { headLabelsOf, type HeadLabels } from "./row-heads.ts";

/** How much a statistic counts beside a bag of unit length. */
const SURFACE_WEIGHT = 0.5;

export interface ComponentBase {
  readonly examples: readonly Example[];
  readonly input: FitInput;
  readonly corpus: Corpus;
  readonly components: Components;
  readonly labels: HeadLabels;
}

/** `width` and `evenness` as in components.ts. */
export function componentBase(
  examples: readonly Example[],
  input: FitInput,
  { width, evenness }: { width: number; evenness: number },
): ComponentBase {
  const { seed, models, hyperparameters } = input;
  const { tableRows, tasks } = hyperparameters.shape;
  const corpus = describeCorpus(examples, { tableRows, minDocuments: 2 });
  return {
    examples,
    input,
    corpus,
    components: componentsOf(examples, {
      corpus,
      width,
      surfaceWeight: SURFACE_WEIGHT,
      evenness,
      seed,
    }),
    labels: headLabelsOf(examples, { models, tasks }),
  };
}
