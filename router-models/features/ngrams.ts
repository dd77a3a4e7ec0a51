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
 * Counting is the hot loop of the whole router. It runs on one open-addressing table that is kept
 * between calls; a stamp tells the entries of this call from older ones, so nothing is cleared.
 * Calls are synchronous, hence never interleave.
 */

/** Most grams of one prompt. 640 routed no better in a trial (LOG.md). */
export const MAX_GRAMS = 384;

export interface Bag {
  /** Table rows, one for each distinct gram. int32 [n], n <= MAX_GRAMS; colliding grams repeat a row. */
  readonly ids: Int32Array<ArrayBuffer>;
  /** 1 + ln(count) of each gram. float32 [n]. */
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
const MIN_GRAM = 3;
const MAX_GRAM = 5;
const HASH_BITS = 30; // What V8 keeps unboxed.

/** Slots of the table. normalise.ts bounds the text to about 1,800 units, hence the grams to about 9,000. */
const SLOTS = 1 << 14;
const MAX_COUNTED = (SLOTS * 3) >> 2; // Beyond it grams are dropped, so that the search for a slot ends.
const slotHash = new Int32Array(SLOTS);
const slotStamp = new Int32Array(SLOTS);
const slotCount = new Int32Array(SLOTS);
/** Hash and slot of each gram of this call, in the order of first sight. */
const usedHashes = new Int32Array(MAX_COUNTED);
const usedSlots = new Int32Array(MAX_COUNTED);
const BIN_SHIFT = HASH_BITS - 12;
const bins = new Uint16Array(1 << 12);
let stamp = 0;
let used = 0;

/** 1 + ln(count) of the counts that nearly all grams have. */
const LOG_COUNT = Float32Array.from({ length: 64 }, (_, times) => 1 + Math.log(Math.max(times, 1)));

/** The bag of all texts over a table of `rows` rows, a power of two. */
export function countGrams(texts: readonly TaggedText[], rows: number): Bag {
  stamp = (stamp + 1) | 0;
  used = 0;
  for (const text of texts) countText(text);
  const limit = used <= MAX_GRAMS ? 1 << HASH_BITS : hashLimit();
  const ids = new Int32Array(Math.min(used, MAX_GRAMS));
  const weights = new Float32Array(ids.length);
  let n = 0;
  for (let i = 0; i < used && n < ids.length; i++) {
    const hash = usedHashes[i]!;
    if (hash >= limit) continue;
    const times = slotCount[usedSlots[i]!]!;
    ids[n] = hash & (rows - 1); // The cut goes by the high bits; the low ones stay uniform.
    weights[n++] = LOG_COUNT[times] ?? 1 + Math.log(times);
  }
  return { ids: ids.subarray(0, n), weights: weights.subarray(0, n) };
}

/**
 * The hash below which at most MAX_GRAMS distinct grams lie: the border of one of 4,096 equal bins,
 * so up to one bin's share fewer are kept. Sorting would be exact and take longer than the counting.
 */
function hashLimit(): number {
  bins.fill(0);
  for (let i = 0; i < used; i++) bins[usedHashes[i]! >>> BIN_SHIFT]!++;
  let kept = 0;
  let bin = 0;
  while (kept + bins[bin]! <= MAX_GRAMS) kept += bins[bin++]!;
  return bin << BIN_SHIFT;
}

function countText({ text, seed }: TaggedText): void {
  let previous = 0;
  let at = 0;
  while (at < text.length) {
    const start = at;
    if (isWordUnit(text.charCodeAt(at))) {
      do at++;
      while (at < text.length && isWordUnit(text.charCodeAt(at)));
      countLetters(text, { start, end: at, seed });
    } else if (isSpace(text.charCodeAt(at++))) continue;
    let word = FNV_OFFSET ^ seed ^ WORD_SEED;
    for (let i = start; i < at; i++) word = Math.imul(word ^ text.charCodeAt(i), FNV_PRIME);
    count(word);
    if (previous !== 0) count(Math.imul(previous ^ PAIR_SEED, FNV_PRIME) ^ word);
    previous = word;
  }
}

/** Letter grams of the word text[start, end), its two ends counted as letters. */
function countLetters(
  text: string,
  { start, end, seed }: { start: number; end: number; seed: number },
): void {
  for (let from = start - 1; from <= end + 1 - MIN_GRAM; from++) {
    let hash = FNV_OFFSET ^ seed ^ LETTERS_SEED;
    const last = Math.min(from + MAX_GRAM, end + 1);
    for (let i = from; i < last; i++) {
      const unit = i < start || i === end ? WORD_END : text.charCodeAt(i);
      hash = Math.imul(hash ^ unit, FNV_PRIME);
      if (i - from >= MIN_GRAM - 1) count(hash);
    }
  }
}

/** Murmur3's finaliser, then one up in the table. */
function count(unmixed: number): void {
  let hash = Math.imul(unmixed ^ (unmixed >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  hash = (hash ^ (hash >>> 16)) >>> (32 - HASH_BITS);
  let slot = hash & (SLOTS - 1);
  while (slotStamp[slot] === stamp) {
    if (slotHash[slot] === hash) {
      slotCount[slot]!++;
      return;
    }
    slot = (slot + 1) & (SLOTS - 1);
  }
  if (used === MAX_COUNTED) return;
  slotStamp[slot] = stamp;
  slotHash[slot] = hash;
  slotCount[slot] = 1;
  usedHashes[used] = hash;
  usedSlots[used++] = slot;
}

/** Letters, digits and the underscore; every unit beyond ASCII counts as a letter but for spaces and marks. */
function isWordUnit(unit: number): boolean {
  if (unit < 128) return (unit >= 97 && unit <= 122) || (unit >= 48 && unit <= 57) || unit === 95;
  return !isSpace(unit) && !isWidePunctuation(unit);
}

function isSpace(unit: number): boolean {
  return unit <= 32 || unit === 0xa0 || (unit >= 0x2000 && unit <= 0x200b) || unit === 0x3000;
}

/** General punctuation, arrows, mathematical operators, CJK punctuation: each is a token of its own. */
function isWidePunctuation(unit: number): boolean {
  return (unit >= 0x2010 && unit <= 0x2bff) || (unit >= 0x3001 && unit <= 0x303f);
}
