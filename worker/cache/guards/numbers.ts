/**
 * The numbers of two prompts must be the same, in the same order.
 *
 * Every spelling of a number becomes one: digits with separators, words, Roman numerals, "5k", "half". Ordinals,
 * percents and negative numbers are numbers of their own, and so is whatever hangs at one ("6a", "1990s"). Decimals
 * stay as written, since 3.1 and 3.10 are two versions. The order may differ only where every number has a noun of its
 * own to be recognised by: "5 apples and 3 pears".
 *
 * "one" is a person or an article as often as a number, so it may be missing on one side. Ambiguous separators and
 * dates in another order are refused; the loss is a hit.
 */
import { setDifference, versus } from "./difference.ts";
import { CARDINALS, ORDINAL_WORDS, ROMANS, SCALES, SHARES } from "./number-words.ts";
import type { Text, Word } from "./text.ts";
import { unitBeside } from "./unit-names.ts";

/** A number in words [from, to) of a text. */
export interface NumberIn {
  readonly value: string;
  readonly from: number;
  readonly to: number;
  /** It is the word "one". */
  readonly isOne: boolean;
}

const DIGIT = /^\p{Nd}/u;
const GROUPED = /^\d{1,3}(?:([, _])\d{3})(?:\1\d{3})*(?:\.\d+)?$/;
const HAN = new Set("二三四五六七八九十百千万億亿两兩零〇一");
const ORDINAL_TAILS = new Set(["st", "nd", "rd", "th"]);
const CONNECTIVES = new Set("to and or from than is in of on at by with for vs versus".split(" "));
/** Before "second" these make it a span of time. */
const BEFORE_SECOND = new Set("a per each every split one this".split(" "));

export function numbersDiffer(a: Text, b: Text): string | undefined {
  const [inA, inB] = [readNumbers(a.words), readNumbers(b.words)];
  if (isSameRow(inA, inB)) return undefined;
  const [plainA, plainB] = [inA.filter(isNoOne), inB.filter(isNoOne)];
  if (isSameRow(plainA, plainB)) return undefined;
  const [boundA, boundB] = [boundNumbers(a, plainA), boundNumbers(b, plainB)];
  if (boundA !== undefined && boundB !== undefined && setDifference(boundA, boundB) === undefined)
    return undefined;
  return versus(rowOf(inA), rowOf(inB));
}

function isNoOne({ isOne }: NumberIn): boolean {
  return !isOne;
}

function rowOf(numbers: readonly NumberIn[]): string {
  return numbers.map(({ value }) => value).join(" ");
}

function isSameRow(a: readonly NumberIn[], b: readonly NumberIn[]): boolean {
  return rowOf(a) === rowOf(b);
}

/** Each number with the noun behind it; undefined where a noun is missing or counts twice. */
function boundNumbers({ words }: Text, numbers: readonly NumberIn[]): string[] | undefined {
  const nouns = numbers.map(({ to }) => words[to]?.word ?? "");
  if (nouns.some((noun) => !/^\p{L}{2,}/u.test(noun) || CONNECTIVES.has(noun))) return undefined;
  if (new Set(nouns).size < nouns.length) return undefined;
  return numbers.map(({ value }, k) => `${value} ${nouns[k]}`);
}

export function readNumbers(words: readonly Word[]): NumberIn[] {
  const numbers: NumberIn[] = [];
  for (let at = 0; at < words.length;) {
    const found = DIGIT.test(words[at]!.word) ? digitsAt(words, at) : wordsAt(words, at);
    if (found === undefined) at++;
    else {
      numbers.push(signed(words, withPercent(words, found)));
      at = found.to;
    }
  }
  return numbers;
}

function digitsAt(words: readonly Word[], from: number): NumberIn {
  const value = canonical(words[from]!.word);
  const scaled = scaledBy(words, { value, at: from + 1 });
  if (scaled !== undefined) return { value: scaled, from, to: from + 2, isOne: false };
  const tail = words[from + 1];
  if (tail === undefined || !tail.isGlued || !/^\p{L}/u.test(tail.word))
    return { value, from, to: from + 1, isOne: false };
  if (ORDINAL_TAILS.has(tail.word))
    return { value: `${value}th`, from, to: from + 2, isOne: false };
  if (tail.word === "s" && value.length === 4)
    return { value: `${value}s`, from, to: from + 2, isOne: false };
  if (unitBeside(tail.word) !== undefined) return { value, from, to: from + 1, isOne: false };
  return { value: value + tail.word, from, to: from + 2, isOne: false };
}

/** Without separators of thousands, and without cents where there are none. */
function canonical(digits: string): string {
  const whole = GROUPED.test(digits) ? digits.replaceAll(/[, _]/g, "") : digits;
  return whole.endsWith(".00") ? whole.slice(0, -3) : whole;
}

/** "5 million", "5k": the product, where the word is a scale. */
function scaledBy(
  words: readonly Word[],
  { value, at }: { value: string; at: number },
): string | undefined {
  const next = words[at];
  if (next === undefined || !/^\d+(?:\.\d+)?$/.test(value)) return undefined;
  const scale = next.isGlued && next.word === "k" ? 1e3 : SCALES.get(next.word);
  if (scale === undefined) return undefined;
  const product = Number(value) * scale;
  return product < 1e15 ? String(product) : `${value}e${scale}`;
}

function wordsAt(words: readonly Word[], from: number): NumberIn | undefined {
  const { word } = words[from]!;
  if (HAN.has(word)) return hanAt(words, from);
  const share = SHARES.get(word);
  if (share !== undefined) return { value: share, from, to: from + 1, isOne: false };
  const roman = ROMANS.get(word);
  if (roman !== undefined) return { value: String(roman), from, to: from + 1, isOne: false };
  return countAt(words, from);
}

function hanAt(words: readonly Word[], from: number): NumberIn {
  let to = from;
  let value = "";
  while (to < words.length && HAN.has(words[to]!.word)) value += words[to++]!.word;
  return { value, from, to, isOne: value === "一" };
}

/** A number as far as it has been read: what a thousand or more has closed, and the hundreds under way, or -1. */
interface Count {
  readonly closed: number;
  readonly open: number;
}

/** "twenty-five thousand three hundred and first". */
function countAt(words: readonly Word[], from: number): NumberIn | undefined {
  let count: Count = { closed: 0, open: -1 };
  let at = from;
  let isOrdinal = false;
  while (at < words.length && !isOrdinal) {
    const next = extended(count, words, at);
    if (next === undefined && (at === from || !isJoint(words, at))) break;
    isOrdinal = next !== undefined && ordinalAt(words, at) !== undefined;
    count = next ?? count;
    at++;
  }
  if (at === from) return undefined;
  const value = `${count.closed + Math.max(count.open, 0)}${isOrdinal ? "th" : ""}`;
  return { value, from, to: at, isOne: at === from + 1 && words[from]!.word === "one" };
}

/** The number with one word more; undefined where the word does not belong to it. */
function extended({ closed, open }: Count, words: readonly Word[], at: number): Count | undefined {
  const { word } = words[at]!;
  const scale = SCALES.get(word);
  if (scale !== undefined) {
    const times = open < 0 && closed === 0 ? 1 : Math.max(open, 0);
    return scale < 1e3
      ? { closed, open: times * scale }
      : { closed: closed + times * scale, open: -1 };
  }
  const small = CARDINALS.get(word) ?? ordinalAt(words, at);
  if (small === undefined || !fits(open, small)) return undefined;
  return { closed, open: Math.max(open, 0) + small };
}

/** Whether a small number can stand behind what has been read of this one. */
function fits(current: number, small: number): boolean {
  if (current < 0) return true;
  if (small === 0) return false;
  return current % 100 === 0
    ? current > 0
    : current % 10 === 0 && current % 100 >= 20 && small < 10;
}

/** A hyphen or "and" between two parts of one number. */
function isJoint(words: readonly Word[], at: number): boolean {
  const before = words[at - 1]!.word;
  const after = words[at + 1]?.word ?? "";
  const goesOn = CARDINALS.has(after) || ORDINAL_WORDS.has(after);
  if (words[at]!.word === "and") return goesOn && (SCALES.get(before) ?? 0) >= 100;
  return words[at]!.word === "-" && goesOn && (CARDINALS.get(before) ?? 0) >= 20;
}

function ordinalAt(words: readonly Word[], at: number): number | undefined {
  const { word } = words[at]!;
  const before = words[at - 1]?.word ?? "";
  if (word === "second" && (BEFORE_SECOND.has(before) || DIGIT.test(before))) return undefined;
  if (word === "first" && before === "at") return undefined;
  return ORDINAL_WORDS.get(word);
}

function withPercent(words: readonly Word[], found: NumberIn): NumberIn {
  const [next, after] = [words[found.to]?.word, words[found.to + 1]?.word];
  if (next === "%" || next === "percent" || next === "pct")
    return { ...found, value: `${found.value}%`, to: found.to + 1, isOne: false };
  if (next === "per" && after === "cent")
    return { ...found, value: `${found.value}%`, to: found.to + 2, isOne: false };
  return found;
}

/** A minus that hangs at the number and at nothing before it, or the word for it. */
function signed(words: readonly Word[], found: NumberIn): NumberIn {
  const before = words[found.from - 1];
  const isMinus = before?.word === "-" && words[found.from]!.isGlued && !before.isGlued;
  const isNegative = isMinus || before?.word === "minus" || before?.word === "negative";
  return isNegative ? { ...found, value: `-${found.value}`, isOne: false } : found;
}
