/**
 * The one vector that a router's graph answers for a prompt, and where in it each number stands.
 *
 * One dense layer makes all of it, because a runtime charges for every node and every output: six small
 * layers with an output each took twice the time of the whole. What a model is worth is not in it. The
 * graph says what the prompt asks for, and scorer.ts multiplies that with what each model has.
 */

export interface AnswerShape {
  /** K, abilities beside the bias. */
  readonly abilityWidth: number;
  readonly tasks: number;
}

/** First column and the one after the last. */
type Columns = readonly [from: number, to: number];

export interface AnswerColumns {
  /** a, the demand for each ability. */
  readonly demand: Columns;
  /** b, subtracted from every model's logit. */
  readonly difficulty: Columns;
  /** Logit of the probability that a model of the training population fails. */
  readonly failure: Columns;
  /** Median of ln(output tokens), for a model of average length. */
  readonly length: Columns;
  /** softplus of it is what the 90th percentile has beyond the median, so the two never cross. */
  readonly spread: Columns;
  /** Logits of the tasks. */
  readonly task: Columns;
}

export function answerColumns({ abilityWidth: K, tasks }: AnswerShape): AnswerColumns {
  return {
    demand: [0, K],
    difficulty: [K, K + 1],
    failure: [K + 1, K + 2],
    length: [K + 2, K + 3],
    spread: [K + 3, K + 4],
    task: [K + 4, K + 4 + tasks],
  };
}

/** Numbers in an answer. */
export function answerWidth(shape: AnswerShape): number {
  return answerColumns(shape).task[1];
}
