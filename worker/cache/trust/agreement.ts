/**
 * Whether two answers to one question say the same: what an audit is decided by.
 *
 * It must be cheap, give the same verdict every time, and be sure of itself in both directions: "same" for what
 * differs lets a cache be trusted that lies, "different" for what is the same shuts one that does not. So both are
 * said only of plain cases, and all else is "unsure". The plain ones:
 *
 * - same: the same words; the same words once those of the question and those that say nothing are left out, as
 *   "Lisbon" and "The capital of Portugal is Lisbon"; two names of one thing; almost the same words and none that
 *   opposes; the same JSON
 * - different: yes and no; other numbers in short answers, other known names as the whole answer; nearly the same
 *   words with another number, a "not" more, or two places exchanged; another number or truth value at one place of
 *   two JSON values
 *
 * What is unsure goes to a judge where there is one. Without one it counts as wrong: of two essays nobody knows
 * that they agree, so a namespace of essays serves none. A judge that cannot be asked makes no audit, since its
 * failing says nothing of the pair.
 *
 * An answer that merely adds a false sentence to a long right one may pass for the same.
 */
import { isRecord, jsonIn } from "../../lib/json.ts";
import { codeDiffers } from "../guards/code.ts";
import { directionsDiffer } from "../guards/direction.ts";
import { guard, MAX_LENGTH } from "../guards/guard.ts";
import { negationsDiffer } from "../guards/negation.ts";
import { numbersDiffer } from "../guards/numbers.ts";
import { isMark, normalised, readText, type Text } from "../guards/text.ts";
import { unitsDiffer } from "../guards/units.ts";
import { isSameSet, isWithin, overlap, readAnswer, type AnswerWords } from "./answer-words.ts";
import { valuesAgree, type Agreement } from "./values-agree.ts";

export interface Answers {
  /** What was asked for the first of them; the other was given to a question near to it. */
  readonly question: string;
  readonly answers: readonly [string, string];
}

/** Somebody who can be asked whether answers agree: a model, which costs money and time. */
export interface Judge {
  /** Undefined where it could not be asked. Never rejects. */
  compare(answers: Answers): Promise<Agreement | undefined>;
}

/** Words of an answer up to which a number or a name is all that it says. */
const FEW_WORDS = 16;
/** Words in common, of all that either has, from which two texts are one but for a detail. */
const ALIKE = 0.8;
/** The same of words that carry meaning, from which what one of them adds is a detail. */
const SAME = 0.9;
const POLARITIES = new Map(
  "yes yeah yep ja oui sí si sim true correct|no nope nein non não false incorrect"
    .split("|")
    .flatMap((row, side) => row.split(" ").map((word): [string, number] => [word, side])),
);
/** Words by which a question offers its answers. */
const CHOICES = new Set("or vs versus which whether between".split(" "));

/** Whether the neighbour's answer was right; undefined where that could not be found out. */
export async function isRight(answers: Answers, judge?: Judge): Promise<boolean | undefined> {
  const seen = agreement(answers);
  if (seen !== "unsure" || judge === undefined) return seen === "same";
  const judged = await judge.compare(answers);
  return judged === undefined ? undefined : judged === "same";
}

/** The text of an answer, OpenAI's body of one; undefined where it is not one text. */
export function textOf({ choices }: Record<string, unknown>): string | undefined {
  if (!Array.isArray(choices) || choices.length !== 1) return undefined;
  const [choice]: unknown[] = choices;
  const message = isRecord(choice) ? choice["message"] : undefined;
  const content = isRecord(message) ? message["content"] : undefined;
  return typeof content === "string" ? content : undefined;
}

/** By the words alone. The order of the answers makes no difference. */
export function agreement({ question, answers: [a, b] }: Answers): Agreement {
  if (a.trim() === b.trim()) return "same";
  const texts = [question, a, b];
  if ([...texts, ...texts.map(normalised)].some(({ length }) => length > MAX_LENGTH))
    return "unsure";
  const [valueA, valueB] = [jsonIn(a), jsonIn(b)];
  if (isObject(valueA) && isObject(valueB))
    return valuesAgree([valueA, valueB], (answers) => agreement({ question, answers }));
  const asked = readText(question);
  const [readA, readB] = [readText(a), readText(b)];
  const pair: Comparison = {
    asked,
    texts: [readA, readB],
    words: [readAnswer(readA, asked), readAnswer(readB, asked)],
  };
  if (isContradiction(pair)) return "different";
  const hasSameWords = guard(a, b) === undefined && isSameText(pair);
  return hasSameWords || isSameAnswer(pair) ? "same" : "unsure";
}

interface Comparison {
  readonly asked: Text;
  readonly texts: readonly [Text, Text];
  readonly words: readonly [AnswerWords, AnswerWords];
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null;
}

/** Whether they cannot both be right. */
function isContradiction(pair: Comparison): boolean {
  const [sideA, sideB] = pair.texts.map(polarityOf);
  if (sideA !== undefined && sideB !== undefined && sideA !== sideB) return true;
  const [a, b] = pair.words;
  if (overlap(a.stems, b.stems) >= ALIKE && isOtherwiseOpposed(pair)) return true;
  const isShort = pair.texts.every(({ words }) => words.length <= FEW_WORDS);
  return isShort && (numbersClash(pair) || namesClash(pair));
}

/** 0 for an answer that begins with a yes, 1 for a no. */
function polarityOf({ words }: Text): number | undefined {
  return POLARITIES.get(words.find((word) => !isMark(word))?.word ?? "");
}

/** Whether what tells two like texts apart is a number, a denial, or who does it to whom. */
function isOtherwiseOpposed({ texts: [a, b], words: [inA, inB] }: Comparison): boolean {
  const isNumber = numbersDiffer(a, b) !== undefined && isSameSet(inA.units, inB.units);
  return isNumber || (negationsDiffer(a, b) ?? directionsDiffer(a, b)) !== undefined;
}

/** Whether both say numbers of their own and none of the other's; in another unit they may be the same. */
function numbersClash({ words: [a, b] }: Comparison): boolean {
  const isBoth = a.numbers.length > 0 && b.numbers.length > 0;
  return isBoth && isSameSet(a.units, b.units) && !a.numbers.some((n) => b.numbers.includes(n));
}

function namesClash({ words: [a, b] }: Comparison): boolean {
  return a.name !== undefined && b.name !== undefined && a.name !== b.name;
}

/** Whether the words are the same, or one has hardly any more than the other that carry meaning. */
function isSameText({ words: [a, b] }: Comparison): boolean {
  if (a.row === b.row) return a.row !== "";
  const isAddition = isWithin(a.meant, b.meant) || isWithin(b.meant, a.meant);
  return isAddition && overlap(a.meant, b.meant) >= SAME;
}

/** Whether they say the same but for what they repeat of the question. */
function isSameAnswer(pair: Comparison): boolean {
  const [a, b] = pair.words;
  const isSilent = a.own.length === 0 && a.numbers.length === 0;
  if (isSilent || a.numbers.join(" ") !== b.numbers.join(" ")) return false;
  const isOne = a.name !== undefined && a.name === b.name;
  if (!isOne && a.own.join(" ") !== b.own.join(" ")) return false;
  return isMereEcho(pair) && !isOpposed(pair);
}

/** Whether what they repeat of the question cannot be what they answer. */
function isMereEcho({ asked, words: [a, b] }: Comparison): boolean {
  const isChoice = asked.words.some(({ word }) => CHOICES.has(word));
  if (isChoice) return isSameSet(a.echo, b.echo);
  return isWithin(a.echo, b.echo) || isWithin(b.echo, a.echo);
}

/** Of the guards, those that a repeated question does not stir. */
function isOpposed({ texts: [a, b], words: [inA, inB] }: Comparison): boolean {
  const objections = [negationsDiffer, directionsDiffer, codeDiffers, unitsDiffer];
  const differs = objections.some((differ) => differ(a, b) !== undefined);
  return differs || !isSameSet(inA.units, inB.units);
}
