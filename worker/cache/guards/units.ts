/**
 * The units and currencies of two prompts must be the same: beside the same quantities, or asked for alike.
 *
 * Each mention is read with what makes it one: the number before it ("5 km"), a question for it ("how many miles", "in
 * euros"), or nothing. So "5 km in miles" is "how many miles are 5 km" and not "5 miles in km". Which number it is, is
 * numbers.ts's to say as well; here it keeps the two roles of a conversion apart.
 */
import { setDifference } from "./difference.ts";
import { readNumbers } from "./numbers.ts";
import type { Text, Word } from "./text.ts";
import { clearUnit, HANGING, unitBeside } from "./unit-names.ts";

const ASKS = new Set("many much in into to".split(" "));
const SINGLE = new Set(["a", "an", "per", "each", "every"]);
const SIGNS = /^\p{Sc}$/u;

export function unitsDiffer(a: Text, b: Text): string | undefined {
  return setDifference(readUnits(a), readUnits(b));
}

function readUnits({ words }: Text): string[] {
  const numbers = readNumbers(words);
  const valueBefore = new Map(numbers.map(({ to, value }) => [to, value]));
  const valueFrom = new Map(numbers.map(({ from, value }) => [from, value]));
  const units: string[] = [];
  for (const [at, { word, isGlued }] of words.entries()) {
    if (HANGING.has(word) && !isGlued) continue;
    const value = SIGNS.test(word) ? valueFrom.get(at + 1) : undefined;
    const quantity = value ?? valueBefore.get(at) ?? valueBefore.get(quantityEnd(words, at));
    const role = quantity ?? roleAt(words, at);
    const unit = role === undefined ? clearUnit(word) : unitBeside(word);
    if (unit !== undefined && !isBareDegree(words, at)) units.push(role ? `${role} ${unit}` : unit);
  }
  return units;
}

/** "5 °C" and "one-minute": what stands between a number and its unit. */
function quantityEnd(words: readonly Word[], at: number): number {
  const before = words[at - 1]?.word ?? "";
  return before === "-" || unitBeside(before) === "degree" ? at - 1 : at;
}

/** "degrees" before a scale says nothing of its own. */
function isBareDegree(words: readonly Word[], at: number): boolean {
  const scale = unitBeside(words[at + 1]?.word ?? "");
  return (
    unitBeside(words[at]!.word) === "degree" &&
    (scale === "celsius" || scale === "fahrenheit" || scale === "kelvin")
  );
}

/** "asked" where a quantity is wanted in the unit, "1" behind an article or "per"; undefined for a mere mention. */
function roleAt(words: readonly Word[], at: number): string | undefined {
  const { word } = words[at]!;
  const start = quantityEnd(words, at);
  const before = words[start - 1]?.word ?? "";
  const isShort = word.length < 3 && start === at && clearUnit(word) === undefined;
  if (isShort || unitBeside(word) === undefined) return undefined;
  if (SINGLE.has(before)) return unitBeside(word) === "degree" ? undefined : "1";
  return ASKS.has(before) ? "asked" : undefined;
}
