/**
 * Whether the answer to one prompt may be served for another that is close to it.
 *
 * Similarity finds prompts about the same; it is blind for what turns an answer into a wrong one: a number, a "not", a
 * unit, a name. Each guard reads one such thing from both prompts and refuses where it differs. A guard allows
 * nothing: a pair without an objection is still as close as its similarity says and no closer.
 *
 * Always: no order of the two matters, a prompt may share its own answer, nothing throws, and time is linear in the
 * lengths, of which neither may exceed MAX_LENGTH. What no guard can see is what the words do not show: a pronoun's
 * meaning, a passive, a paraphrase of a fact.
 */
import { additionsDiffer } from "./addition.ts";
import { codeDiffers } from "./code.ts";
import { directionsDiffer } from "./direction.ts";
import { entitiesDiffer } from "./entities.ts";
import { formatsDiffer } from "./format.ts";
import { languagesDiffer } from "./language.ts";
import { negationsDiffer } from "./negation.ts";
import { numbersDiffer } from "./numbers.ts";
import { questionsDiffer } from "./question.ts";
import { subjectsDiffer } from "./substitution.ts";
import { normalised, readText, type Text } from "./text.ts";
import { unitsDiffer } from "./units.ts";

/** UTF-16 units of a prompt, before and after NFKC. Longer ones are refused: most of them is alike in any two. */
export const MAX_LENGTH = 8192;

type Guard = (a: Text, b: Text) => string | undefined;

/** In the order in which they are asked: what says best why it refuses comes before what would refuse as well. */
const GUARDS = [
  ["numbers", numbersDiffer],
  ["units", unitsDiffer],
  ["negation", negationsDiffer],
  ["language", languagesDiffer],
  ["entities", entitiesDiffer],
  ["code", codeDiffers],
  ["format", formatsDiffer],
  ["question", questionsDiffer],
  ["direction", directionsDiffer],
  ["addition", additionsDiffer],
  ["substitution", subjectsDiffer],
] as const satisfies readonly (readonly [string, Guard])[];

export interface Objection {
  readonly guard: (typeof GUARDS)[number][0] | "length";
  /** What differs, at most some 80 characters of the prompts: nothing for a log. */
  readonly evidence: string;
}

/** The first objection to answering one prompt with what another was answered; undefined where there is none. */
export function guard(a: string, b: string): Objection | undefined {
  if (a === b) return undefined;
  const tooLong = lengthBeyond([a, b]) ?? lengthBeyond([normalised(a), normalised(b)]);
  if (tooLong !== undefined) return { guard: "length", evidence: `${tooLong} characters` };
  const [textA, textB] = [readText(a), readText(b)];
  for (const [name, differ] of GUARDS) {
    const evidence = differ(textA, textB);
    if (evidence !== undefined) return { guard: name, evidence };
  }
  return undefined;
}

function lengthBeyond(texts: readonly string[]): number | undefined {
  const length = Math.max(...texts.map((text) => text.length));
  return length > MAX_LENGTH ? length : undefined;
}
