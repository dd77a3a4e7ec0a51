/**
 * Two prompts must be in one language, and ask for answers in the same ones.
 *
 * A script gives its language away by its share of the letters; among Latin ones stop words are counted, and a
 * language is known only when it leads clearly. An unknown one is held against nobody, since short prompts have no
 * stop words. A language asked for is one named behind a preposition, with the direction: from it, or into it. The one
 * that a prompt is in goes without saying.
 */
import { setDifference, versus } from "./difference.ts";
import { LANGUAGE_NAMES, STOP_WORD_CODES } from "./language-names.ts";
import type { Text, Word } from "./text.ts";

const SCRIPTS: readonly (readonly [string, RegExp])[] = [
  ["latin", /\p{sc=Latn}/u],
  ["kana", /[\p{sc=Hira}\p{sc=Kana}]/u],
  ["han", /\p{sc=Han}/u],
  ["hangul", /\p{sc=Hang}/u],
  ["cyrillic", /\p{sc=Cyrl}/u],
  ["arabic", /\p{sc=Arab}/u],
  ["hebrew", /\p{sc=Hebr}/u],
  ["greek", /\p{sc=Grek}/u],
  ["thai", /\p{sc=Thai}/u],
  ["devanagari", /\p{sc=Deva}/u],
  ["bengali", /\p{sc=Beng}/u],
  ["tamil", /\p{sc=Taml}/u],
];

/** Share of a text's words from which a script is its own; below, it is quoted. */
const OWN_SHARE = 0.5;
/** Stop words, and their lead over the next language, that make one known. */
const LEAST_STOP_WORDS = 2;
const LEAD = 1.5;

const INTO = new Set("in into to auf ins en em na på till in på av по на 用".split(" "));
const OUT_OF = new Set("from aus du del dal från z".split(" "));

export function languagesDiffer(a: Text, b: Text): string | undefined {
  const [scriptA, scriptB] = [scriptOf(a.words), scriptOf(b.words)];
  if (scriptA !== scriptB && scriptA !== undefined && scriptB !== undefined)
    return versus(scriptA, scriptB);
  const [inA, inB] = [languageOf(a.words), languageOf(b.words)];
  if (inA !== inB && inA !== undefined && inB !== undefined) return versus(inA, inB);
  return setDifference(askedIn(a), askedIn(b));
}

/** The script of most of the words, where Japanese is whatever has kana. */
function scriptOf(words: readonly Word[]): string | undefined {
  const counts = new Map<string, number>();
  let letters = 0;
  for (const { word } of words) {
    const script = SCRIPTS.find(([, pattern]) => pattern.test(word))?.[0];
    if (script === undefined) continue;
    counts.set(script, (counts.get(script) ?? 0) + 1);
    letters++;
  }
  const kana = counts.get("kana") ?? 0;
  if (kana > 0 && kana + (counts.get("han") ?? 0) > OWN_SHARE * letters) return "kana";
  for (const [script, count] of counts) if (count > OWN_SHARE * letters) return script;
  return undefined;
}

function languageOf(words: readonly Word[]): string | undefined {
  const counts = new Map<string, number>();
  for (const { word } of words)
    for (const code of STOP_WORD_CODES.get(word) ?? [])
      counts.set(code, (counts.get(code) ?? 0) + 1);
  const [first, second] = [...counts].toSorted(([, x], [, y]) => y - x);
  if (first === undefined || first[1] < LEAST_STOP_WORDS) return undefined;
  return first[1] >= LEAD * (second?.[1] ?? 0) ? first[0] : undefined;
}

function askedIn({ words, plain }: Text): string[] {
  const own = languageOf(words);
  const asked = words.flatMap(({ word }, at) => {
    const code = LANGUAGE_NAMES.get(word);
    const before = words[at - 1]?.word ?? "";
    if (code === undefined || code === own) return [];
    if (INTO.has(before)) return [`into ${code}`];
    return OUT_OF.has(before) ? [`from ${code}`] : [];
  });
  for (const [name, code] of LANGUAGE_NAMES)
    if (/^[\p{sc=Han}\p{sc=Kana}]/u.test(name) && plain.includes(name)) asked.push(`into ${code}`);
  return asked;
}
