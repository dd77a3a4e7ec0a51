/**
 * Words and letters of a text as hashed table rows: word 1- and 2-grams, and character 3- to 5-grams
 * that stay within a word and know its ends.
 *
 * Lexical n-grams with sublinear counts are the strongest cheap features for routing (SaveRouter
 * 2026). They are hashed straight to rows of the router's table, so no vocabulary has to ship and no
 * prompt can be out of it; two grams in one row share its vector. A gram's hash is FNV-1a over its
 * UTF-16 units, finished by Murmur's mixer and seeded by its kind and by the role of its speaker.
 *
 * A long prompt has more grams than we want to score. Those with the smallest hashes are kept: a
 * sample that is uniform over grams and the same in every prompt (Broder's min-wise sampling), so
 * similar prompts stay similar after the cut.
 *
 * This is the hot loop of the whole router, so it goes in passes that a processor foresees: write down the
 * hash of every occurrence; see from a histogram how far up the sample reaches; count only what lies
 * below. The arrays are kept between calls. Calls are synchronous, hence never interleave.
 */

/** Most grams of one prompt. 384 routed no better in a trial (LOG.md). */
export const MAX_GRAMS = 256;

export interface Bag {
  /** Table rows, one for each distinct gram. int32 [n], n <= MAX_GRAMS; colliding grams repeat a row. */
  readonly ids: Int32Array<ArrayBuffer>;
  /** 1 + ln(count) of each gram, all scaled so that their squares sum to 1. float32 [n]. */
  readonly weights: Float32Array<ArrayBuffer>;
}

/** A text with the seed that tags its speaker. The text is normalised. */
export interface TaggedText {
  readonly text: string;
  readonly seed: number;
}

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;
const WORD_END = 0x1f; // A unit that no word contains: it marks where letter grams touch an end.
const WORD_SEED = 0x1b873593;
const PAIR_SEED = 0x2c9277b5;
const LETTERS_SEED = 0x5f356495;
const HASH_BITS = 30; // What V8 keeps unboxed.

/** Occurrences of one prompt: normalise.ts bounds a text to 1,793 units, and a unit begins three grams. What NFKC blows up beyond this is dropped. */
const MAX_OCCURRENCES = 1 << 15;
/** The hash of every occurrence, in the order of the text. */
const occurrences = new Int32Array(MAX_OCCURRENCES);
let occurred = 0;

const BIN_SHIFT = HASH_BITS - 10;
const BINS = 1 << 10;
const bins = new Uint16Array(BINS);

/** The gram in a slot by its number, from 1; 0 where the slot is free. */
const slots = new Uint16Array(1 << 12);
const MAX_COUNTED = (slots.length * 3) >> 2; // Beyond it grams are dropped, so that the search for a slot ends.
/** Hash and count of each gram by its number. */
const hashes = new Int32Array(MAX_COUNTED + 1);
const counts = new Int32Array(MAX_COUNTED + 1);
const below = new Int32Array(MAX_OCCURRENCES);
let counted = 0;
/** Occurrences first counted: a little more than MAX_GRAMS grams have in prose. */
const FIRST_READ = (MAX_GRAMS * 4) / 3;

/** 1 + ln(count) of the counts that nearly all grams have. */
const LOG_COUNT = Float64Array.from({ length: 64 }, (_, times) => 1 + Math.log(Math.max(times, 1)));

/** The bag of all texts over a table of `rows` rows, a power of two. The grams come in no order. */
export function countGrams(texts: readonly TaggedText[], rows: number): Bag {
  occurred = 0;
  for (const text of texts) readText(text);
  const limit = countSmallest();
  const ids = new Int32Array(Math.min(counted, MAX_GRAMS));
  const weights = new Float32Array(ids.length);
  let n = 0;
  let squares = 0;
  for (let gram = 1; gram <= counted && n < ids.length; gram++) {
    const hash = hashes[gram]!;
    const isKept = (hash - limit) >>> 31; // The sign bit: a branch here would be a coin's toss.
    const weight = LOG_COUNT[counts[gram]!] ?? 1 + Math.log(counts[gram]!);
    ids[n] = hash & (rows - 1); // The cut goes by the high bits; the low ones stay uniform.
    weights[n] = weight;
    squares += isKept * weight * weight;
    n += isKept;
  }
  const scale = n === 0 ? 0 : 1 / Math.sqrt(squares);
  for (let i = 0; i < n; i++) weights[i]! *= scale;
  return { ids: ids.subarray(0, n), weights: weights.subarray(0, n) };
}

/**
 * Counts the grams from the smallest hash up until there are more than MAX_GRAMS, or all. Answers the
 * hash below which at most MAX_GRAMS of them lie: the border of one of 1,024 equal bins, so up to one
 * bin's share fewer are kept. Sorting would be exact and take longer than everything else.
 */
function countSmallest(): number {
  slots.fill(0);
  counted = 0;
  bins.fill(0);
  for (let i = 0; i < occurred; i++) bins[occurrences[i]! >>> BIN_SHIFT]!++;
  let bin = 0;
  let distinct = 0;
  for (let wanted = FIRST_READ; bin < BINS && distinct <= MAX_GRAMS; wanted *= 2) {
    const from = bin;
    for (let read = 0; bin < BINS && read < wanted; bin++) read += bins[bin]!;
    distinct = countBetween(from << BIN_SHIFT, bin << BIN_SHIFT);
  }
  return distinct <= MAX_GRAMS ? bin << BIN_SHIFT : borderBelow();
}

function borderBelow(): number {
  bins.fill(0);
  for (let gram = 1; gram <= counted; gram++) bins[hashes[gram]! >>> BIN_SHIFT]!++;
  let kept = 0;
  let bin = 0;
  while (kept + bins[bin]! <= MAX_GRAMS) kept += bins[bin++]!;
  return bin << BIN_SHIFT;
}

/** Counts the grams with a hash in [from, to) too. Answers how many there are by now. */
function countBetween(from: number, to: number): number {
  let found = 0;
  for (let i = 0; i < occurred; i++) {
    const hash = occurrences[i]!;
    below[found] = hash;
    found += ((hash - to) & ~(hash - from)) >>> 31; // 1 where both hold.
  }
  for (let i = 0; i < found; i++) count(below[i]!);
  return counted;
}

function count(hash: number): void {
  let slot = hash & (slots.length - 1);
  for (let gram = slots[slot]!; gram !== 0; gram = slots[slot]!) {
    if (hashes[gram] === hash) {
      counts[gram]!++;
      return;
    }
    slot = (slot + 1) & (slots.length - 1);
  }
  if (counted === MAX_COUNTED) return;
  slots[slot] = ++counted;
  hashes[counted] = hash;
  counts[counted] = 1;
}

/**
 * The word under way between two WORD_ENDs. A word may be a whole text, in scripts without spaces: what
 * normalise.ts lets through is at most 1,793 units, which NFKC makes at most 18 times as many.
 */
const framed = new Uint16Array(1 << 15).fill(WORD_END);

function readText({ text, seed }: TaggedText): void {
  let previous = 0;
  let at = 0;
  while (at < text.length) {
    let unit = text.charCodeAt(at++);
    if (isSpace(unit)) continue;
    let word = Math.imul(FNV_OFFSET ^ seed ^ WORD_SEED ^ unit, FNV_PRIME);
    if (isWordUnit(unit)) {
      let length = 1;
      framed[length] = unit;
      while (at < text.length && isWordUnit((unit = text.charCodeAt(at)))) {
        word = Math.imul(word ^ unit, FNV_PRIME);
        framed[++length] = unit;
        at++;
      }
      framed[length + 1] = WORD_END;
      readLetters(length + 2, FNV_OFFSET ^ seed ^ LETTERS_SEED);
    }
    occur(word);
    if (previous !== 0) occur(Math.imul(previous ^ PAIR_SEED, FNV_PRIME) ^ word);
    previous = word;
  }
}

/** The 3- to 5-grams of the first `length` framed units, written out: this is the loop that all wait for. */
function readLetters(length: number, basis: number): void {
  for (let from = 0; from + 3 <= length; from++) {
    let hash = Math.imul(basis ^ framed[from]!, FNV_PRIME);
    hash = Math.imul(hash ^ framed[from + 1]!, FNV_PRIME);
    hash = Math.imul(hash ^ framed[from + 2]!, FNV_PRIME);
    occur(hash);
    if (from + 4 > length) continue;
    hash = Math.imul(hash ^ framed[from + 3]!, FNV_PRIME);
    occur(hash);
    if (from + 5 > length) continue;
    occur(Math.imul(hash ^ framed[from + 4]!, FNV_PRIME));
  }
}

/** Murmur3's finaliser, then one more occurrence. */
function occur(unmixed: number): void {
  let hash = Math.imul(unmixed ^ (unmixed >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  hash = (hash ^ (hash >>> 16)) >>> (32 - HASH_BITS);
  if (occurred < MAX_OCCURRENCES) occurrences[occurred++] = hash;
}

/** Letters, digits and the underscore; every unit beyond ASCII counts as a letter but for spaces and marks. */
function isWordUnit(unit: number): boolean {
  return unit < 128 ? ASCII_WORD[unit] === 1 : !isSpace(unit) && !isWidePunctuation(unit);
}

const ASCII_WORD = Uint8Array.from({ length: 128 }, (_, unit) =>
  /[a-z0-9_]/.test(String.fromCharCode(unit)) ? 1 : 0,
);

function isSpace(unit: number): boolean {
  return unit <= 32 || unit === 0xa0 || (unit >= 0x2000 && unit <= 0x200b) || unit === 0x3000;
}

/** General punctuation, arrows, mathematical operators, CJK punctuation: each is a token of its own. */
function isWidePunctuation(unit: number): boolean {
  return (unit >= 0x2010 && unit <= 0x2bff) || (unit >= 0x3001 && unit <= 0x303f);
}
