/**
 * Thirty numbers about the surface of a prompt: how long, how numeric, how much like code, how it asks.
 *
 * n-grams know a benchmark by heart and nothing beyond it; surface statistics know less and keep it
 * when the traffic changes. Counts enter as ln(1 + count) and shares as they are, so that every value
 * lies roughly in [0, 10] before the graph standardises it.
 *
 * One pass over the UTF-16 units; no regular expression runs over text that a client controls, so the
 * time is linear whatever the text.
 */
import { askedIn, type PromptText } from "./normalise.ts";
import type { Prompt } from "./prompt.ts";

/** The names, in the order of the vector that `surfaceStatistics` returns. */
export const STATISTICS = [
  "userChars",
  "systemChars",
  "words",
  "lines",
  "wordLength",
  "longWordShare",
  "distinctWordShare",
  "digitShare",
  "numbers",
  "longNumbers",
  "upperShare",
  "operatorShare",
  "bracketShare",
  "punctuationShare",
  "latexMarks",
  "codeFences",
  "codeMarks",
  "indentedLines",
  "questionMarks",
  "questionWords",
  "optionLines",
  "listLines",
  "nonAsciiShare",
  "wideScriptShare",
  "urlMarks",
  "turns",
  "toolCount",
  "imageCount",
  "wantsJson",
  "priorChars",
] as const;

export type StatisticName = (typeof STATISTICS)[number];

const LONG_WORD = 9; // Characters; English words of nine or more letters mark a learned register.
const LONG_NUMBER = 4; // Digits.
const FNV_OFFSET = 0x811c9dc5 | 0;
const FNV_PRIME = 0x01000193;
const QUESTION_WORDS = hashesOf(
  "what which who whom whose when where why how is are was were do does did can could should would will",
);
const CODE_WORDS = hashesOf(
  "def return function class import const let var print void int public static select from where for while if else elif lambda assert self null none true false",
);

/** Statistics of one prompt. float32 [STATISTICS.length], each value finite. */
export function surfaceStatistics(prompt: Prompt, text: PromptText): Float32Array<ArrayBuffer> {
  const user = text.user;
  const units = countUnits(user);
  const words = countWords(user);
  const lines = countLines(user);
  const length = Math.max(user.length, 1);
  const wordCount = Math.max(words.count, 1);
  const totalChars = prompt.turns.reduce((sum, turn) => sum + turn.text.length, 0);
  const askedChars = askedIn(prompt).length;
  const values: Record<StatisticName, number> = {
    userChars: Math.log1p(askedChars),
    systemChars: Math.log1p(text.system.length),
    words: Math.log1p(words.count),
    lines: Math.log1p(lines.count),
    wordLength: words.letters / wordCount,
    longWordShare: words.long / wordCount,
    distinctWordShare: words.distinct / wordCount,
    digitShare: units[UNIT.digits]! / length,
    numbers: Math.log1p(words.numbers),
    longNumbers: Math.log1p(words.longNumbers),
    upperShare: units[UNIT.upper]! / length,
    operatorShare: units[UNIT.operators]! / length,
    bracketShare: units[UNIT.brackets]! / length,
    punctuationShare: units[UNIT.punctuation]! / length,
    latexMarks: Math.log1p(units[UNIT.latex]!),
    codeFences: Math.log1p(units[UNIT.backticks]!),
    codeMarks: Math.log1p(words.code + units[UNIT.semicolons]!),
    indentedLines: Math.log1p(lines.indented),
    questionMarks: Math.log1p(units[UNIT.questions]!),
    questionWords: Math.log1p(words.questions),
    optionLines: Math.log1p(lines.options),
    listLines: Math.log1p(lines.lists),
    nonAsciiShare: (units[UNIT.nonAscii]! + units[UNIT.wide]!) / length,
    wideScriptShare: units[UNIT.wide]! / length,
    urlMarks: Math.log1p(units[UNIT.slashes]!),
    turns: Math.log1p(prompt.turns.length),
    toolCount: Math.log1p(prompt.toolCount),
    imageCount: Math.log1p(prompt.imageCount),
    wantsJson: prompt.wantsJson ? 1 : 0,
    priorChars: Math.log1p(Math.max(totalChars - askedChars, 0)),
  };
  const vector = new Float32Array(STATISTICS.length);
  for (let i = 0; i < vector.length; i++) vector[i] = values[STATISTICS[i]!];
  return vector;
}

/** What one UTF-16 unit counts as; `other` is of no interest. */
const UNIT = {
  other: 0,
  digits: 1,
  upper: 2,
  operators: 3,
  brackets: 4,
  punctuation: 5,
  latex: 6,
  backticks: 7,
  semicolons: 8,
  questions: 9,
  slashes: 10,
  nonAscii: 11,
  /** Thai, CJK, Hangul, …: scripts written without many spaces. */
  wide: 12,
} as const;
const UNIT_CLASSES = Object.keys(UNIT).length;
const ASCII_CLASS = asciiClasses();

function asciiClasses(): Uint8Array {
  const classOf = new Uint8Array(128);
  function assign(units: string, unitClass: number): void {
    for (const unit of units) classOf[unit.charCodeAt(0)] = unitClass;
  }
  assign("0123456789", UNIT.digits);
  assign("ABCDEFGHIJKLMNOPQRSTUVWXYZ", UNIT.upper);
  assign("+-*=<>^%|&~", UNIT.operators);
  assign("()[]{}", UNIT.brackets);
  assign(".,:!\"'", UNIT.punctuation);
  assign("\\$", UNIT.latex);
  assign("`", UNIT.backticks);
  assign(";", UNIT.semicolons);
  assign("?", UNIT.questions);
  assign("/", UNIT.slashes);
  return classOf;
}

/** How many units of each class: [UNIT_CLASSES]. */
function countUnits(text: string): Uint32Array {
  const counts = new Uint32Array(UNIT_CLASSES);
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    const wideOrNot = unit < 0x0e00 ? UNIT.nonAscii : UNIT.wide;
    counts[unit < 128 ? ASCII_CLASS[unit]! : wideOrNot]!++;
  }
  return counts;
}

/** FNV-1a over the units, ASCII capitals as small letters. */
function hashWord(word: string): number {
  let hash = FNV_OFFSET;
  for (let i = 0; i < word.length; i++) hash = hashUnit(hash, word.charCodeAt(i));
  return hash;
}

function hashUnit(hash: number, unit: number): number {
  const lower = unit >= 65 && unit <= 90 ? unit + 32 : unit;
  return Math.imul(hash ^ lower, FNV_PRIME);
}

function hashesOf(words: string): ReadonlySet<number> {
  return new Set(words.split(" ").map(hashWord));
}

interface WordCounts {
  count: number;
  letters: number;
  long: number;
  distinct: number;
  numbers: number;
  longNumbers: number;
  questions: number;
  code: number;
}

/**
 * One pass, without a string or a set for ASCII text: words are told apart by their hashes, as n-grams
 * are. Capitals beyond ASCII are rare enough to be lowered the long way.
 */
function countWords(text: string): WordCounts {
  const counts: WordCounts = {
    count: 0,
    letters: 0,
    long: 0,
    distinct: 0,
    numbers: 0,
    longNumbers: 0,
    questions: 0,
    code: 0,
  };
  wordStamp = (wordStamp + 1) | 0;
  for (let at = 0; at < text.length;) {
    const start = at;
    let hash = FNV_OFFSET;
    let all = 0; // The bits of all units: below 128, all of them are ASCII.
    for (let unit; at < text.length && isLetterOrDigit((unit = text.charCodeAt(at))); at++) {
      hash = hashUnit(hash, unit);
      all |= unit;
    }
    const isNumber = isDigit(text.charCodeAt(start));
    if (at === start) at++;
    else if (all < 128) countWord(counts, { hash, length: at - start, isNumber });
    else {
      const lower = text.slice(start, at).toLowerCase();
      countWord(counts, { hash: hashWord(lower), length: lower.length, isNumber });
    }
  }
  return counts;
}

function countWord(
  counts: WordCounts,
  { hash, length, isNumber }: { hash: number; length: number; isNumber: boolean },
): void {
  counts.count++;
  counts.letters += length;
  if (isFirstSight(hash)) counts.distinct++;
  if (isNumber) {
    counts.numbers++;
    if (length >= LONG_NUMBER) counts.longNumbers++;
    return;
  }
  if (length >= LONG_WORD) counts.long++;
  if (QUESTION_WORDS.has(hash)) counts.questions++;
  if (CODE_WORDS.has(hash)) counts.code++;
}

/** Enough for the 900 words that the bounded text can hold at most, with room to spare. */
const WORD_SLOTS = 1 << 12;
const slotWord = new Int32Array(WORD_SLOTS);
const slotWordStamp = new Int32Array(WORD_SLOTS);
let wordStamp = 0;

/** Whether this text has not had the word before. Entries of older texts carry older stamps. */
function isFirstSight(hash: number): boolean {
  let slot = (hash ^ (hash >>> 15)) & (WORD_SLOTS - 1);
  while (slotWordStamp[slot] === wordStamp) {
    if (slotWord[slot] === hash) return false;
    slot = (slot + 1) & (WORD_SLOTS - 1);
  }
  slotWordStamp[slot] = wordStamp;
  slotWord[slot] = hash;
  return true;
}

/** "A. ", "(b) ", "3) ": one letter or number, then a mark, at the start of a line. */
function countLines(text: string): {
  count: number;
  indented: number;
  options: number;
  lists: number;
} {
  const counts = { count: 0, indented: 0, options: 0, lists: 0 };
  for (const line of text.split("\n")) {
    counts.count++;
    if (line.startsWith("  ") || line.startsWith("\t")) counts.indented++;
    const first = line.charCodeAt(0) === 40 ? 1 : 0; // An opening parenthesis may come before.
    const mark = line[first + 1];
    if (mark !== "." && mark !== ")") {
      if (line.startsWith("- ") || line.startsWith("* ")) counts.lists++;
      continue;
    }
    if (isDigit(line.charCodeAt(first))) counts.lists++;
    else if (isLetterOrDigit(line.charCodeAt(first))) counts.options++;
  }
  return counts;
}

function isDigit(unit: number): boolean {
  return unit >= 48 && unit <= 57;
}

function isLetterOrDigit(unit: number): boolean {
  if (unit < 128) return ASCII_WORD[unit] === 1;
  return (unit >= 0xc0 && unit < 0x2000) || (unit > 0x3040 && unit < 0xff00);
}

const ASCII_WORD = Uint8Array.from({ length: 128 }, (_, unit) =>
  /[a-zA-Z0-9]/.test(String.fromCharCode(unit)) ? 1 : 0,
);
