/**
 * What a retraining learns from: the rows of before the month, and the player's own log, in which every request has the
 * label of one model alone and only if somebody has spoken of it. Of the other models the weights that decided have
 * their guesses beside it, as in retraining/lesson.ts.
 */
import { EVENTS } from "../retraining/lesson.ts";
import { exampleOf, type Example, type ExampleShape } from "../training/examples.ts";
import type { Request } from "./world.ts";

/** What all guesses of a row count together, beside a label. */
const GUESS_WEIGHT = 0.1;

/** A request of which somebody has spoken. */
export interface Lesson {
  readonly request: Request;
  readonly model: string;
  /** 0..1 */
  readonly reward: number;
  /** What was predicted of the models that there were, before lifts. */
  readonly scores: ReadonlyMap<string, number>;
}

export function exampleOfLesson(
  { request: { index, question }, model, reward, scores }: Lesson,
  shape: ExampleShape,
): Example {
  const row = { ...question, id: `request-${index}`, dataset: EVENTS, split: "train" } as const;
  const others = [...scores].filter(([other]) => other !== model && shape.indexOf.has(other));
  return {
    ...exampleOf({ ...row, scores: { [model]: reward } }, shape),
    guesses: others.map(([other, score]) => [
      shape.indexOf.get(other)!,
      score,
      GUESS_WEIGHT / others.length,
    ]),
  };
}
