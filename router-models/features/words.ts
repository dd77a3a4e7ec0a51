/**
 * The words of a text: how many, how long, how many different, and which of a few kinds.
 *
 * A text is read in two parts, the stem, which is what is asked, and the options to choose from, if any; so
 * what is asked has counts of its own, and a word of an option is known from the stem. One pass, without a
 * string or a set for ASCII text: words are told apart by their hashes, as n-grams are. Capitals beyond
 * ASCII are rare enough to be lowered the long way.
 *
 * The table of words is kept between calls. Calls are synchronous, hence never interleave.
 */

export interface Words {
  /** Words and numbers, their letters and digits, and how many of them are different. */
  count: number;
  letters: number;
  distinct: number;
  numbers: number;
  longNumbers: number;
  long: number;
  /** Letters of the longest word. */
  longest: number;
  /** Words that ask a question, that code has, that ask to explain, and to write. */
  questioning: number;
  coding: number;
  explaining: number;
  writing: number;
  stemCount: number;
  stemNumbers: number;
  /** Letters of the stem that stand alone, as variables do. */
  variables: number;
  /** Different words of the options, single letters left out, and how many of them the stem has too. */
  optionWords: number;
  sharedWords: number;
}

const LONG_WORD = 9; // Characters; English words of nine or more letters mark a learned register.
const LONG_NUMBER = 4; // Digits.
const FNV_OFFSET = 0x811c9dc5 | 0;
const FNV_PRIME = 0x01000193;
const [STEM, OPTIONS] = [1, 2];

const QUESTIONING = hashesOf(
  "what which who whom whose when where why how is are was were do does did can could should would will",
);
const CODING = hashesOf(
  "def return function class import const let var print void int public static select from where for while if else elif lambda assert self null none true false",
);
const EXPLAINING = hashesOf(
  "explain describe discuss compare analyze analyse define list identify outline give name suggest recommend",
);
const WRITING = hashesOf(
  "write compose draft create generate design story poem essay email letter article blog rewrite edit summarize summarise translate",
);

/** @param stemEnd Where the options begin, at the start of a line; the text's length where there are none. */
export function readWords(text: string, stemEnd: number): Words {
  const words: Words = {
    count: 0,
    letters: 0,
    distinct: 0,
    numbers: 0,
    longNumbers: 0,
    long: 0,
    longest: 0,
    questioning: 0,
    coding: 0,
    explaining: 0,
    writing: 0,
    stemCount: 0,
    stemNumbers: 0,
    variables: 0,
    optionWords: 0,
    sharedWords: 0,
  };
  textStamp = (textStamp + 1) | 0;
  for (let at = 0; at < text.length;) {
    const start = at;
    let hash = FNV_OFFSET;
    let all = 0; // The bits of all units: below 128, all of them are ASCII.
    for (let unit; at < text.length && isLetterOrDigit((unit = text.charCodeAt(at))); at++) {
      hash = hashUnit(hash, unit);
      all |= unit;
    }
    if (at === start) {
      at++;
      continue;
    }
    const part = start < stemEnd ? STEM : OPTIONS;
    const isNumber = isDigit(text.charCodeAt(start));
    if (all < 128) countWord(words, { hash, length: at - start, isNumber, part });
    else {
      const lower = text.slice(start, at).toLowerCase();
      countWord(words, { hash: hashWord(lower), length: lower.length, isNumber, part });
    }
    if (at - start === 1 && part === STEM && isVariable(text, start)) words.variables++;
  }
  return words;
}

interface Word {
  readonly hash: number;
  readonly length: number;
  readonly isNumber: boolean;
  readonly part: number;
}

function countWord(words: Words, { hash, length, isNumber, part }: Word): void {
  words.count++;
  words.letters += length;
  if (part === STEM) words.stemCount++;
  const parts = partsBefore(hash, part);
  if (parts === 0) words.distinct++;
  if (isNumber) {
    words.numbers++;
    if (part === STEM) words.stemNumbers++;
    if (length >= LONG_NUMBER) words.longNumbers++;
    return;
  }
  words.longest = Math.max(words.longest, length);
  if (length >= LONG_WORD) words.long++;
  if (part === OPTIONS && length > 1 && (parts & OPTIONS) === 0) {
    words.optionWords++;
    if ((parts & STEM) !== 0) words.sharedWords++;
  }
  countKinds(words, hash);
}

function countKinds(words: Words, hash: number): void {
  if (QUESTIONING.has(hash)) words.questioning++;
  if (CODING.has(hash)) words.coding++;
  if (EXPLAINING.has(hash)) words.explaining++;
  if (WRITING.has(hash)) words.writing++;
}

/** A letter by itself that is neither the article, the pronoun, nor cut off from an abbreviation. */
function isVariable(text: string, at: number): boolean {
  const letter = text.charCodeAt(at) | 32;
  if (letter < 98 || letter > 122 || letter === 105) return false; // b to z, but i.
  return !".'’".includes(text[at + 1] ?? " ") && !"'’".includes(text[at - 1] ?? " ");
}

/** FNV-1a over the units, ASCII capitals as small letters. */
function hashWord(word: string): number {
  let hash = FNV_OFFSET;
  for (let i = 0; i < word.length; i++) hash = hashUnit(hash, word.charCodeAt(i));
  return hash;
}

function hashesOf(words: string): ReadonlySet<number> {
  return new Set(words.split(" ").map(hashWord));
}

function hashUnit(hash: number, unit: number): number {
  const lower = unit >= 65 && unit <= 90 ? unit + 32 : unit;
  return Math.imul(hash ^ lower, FNV_PRIME);
}

/** Enough for the 900 words that the bounded text can hold at most, with room to spare. */
const WORD_SLOTS = 1 << 12;
const slotWord = new Int32Array(WORD_SLOTS);
const slotStamp = new Int32Array(WORD_SLOTS);
const slotParts = new Uint8Array(WORD_SLOTS);
let textStamp = 0;

/** The parts of this text that have had the word, to which `part` is added. Entries of older texts carry older stamps. */
function partsBefore(hash: number, part: number): number {
  let slot = (hash ^ (hash >>> 15)) & (WORD_SLOTS - 1);
  while (slotStamp[slot] === textStamp) {
    if (slotWord[slot] === hash) {
      const parts = slotParts[slot]!;
      slotParts[slot] = parts | part;
      return parts;
    }
    slot = (slot + 1) & (WORD_SLOTS - 1);
  }
  slotStamp[slot] = textStamp;
  slotWord[slot] = hash;
  slotParts[slot] = part;
  return 0;
}

export function isDigit(unit: number): boolean {
  return unit >= 48 && unit <= 57;
}

/** Of any script, emoji with them; ASCII marks, typographic ones and blanks are not. */
export function isLetterOrDigit(unit: number): boolean {
  if (unit < 128) return ASCII_WORD[unit] === 1;
  return (unit >= 0xc0 && unit < 0x2000) || (unit > 0x3040 && unit < 0xff00);
}

const ASCII_WORD = Uint8Array.from({ length: 128 }, (_, unit) =>
  /[a-zA-Z0-9]/.test(String.fromCharCode(unit)) ? 1 : 0,
);
