/**
 * The words of a text and their parts as rows of the head's table: what its likeness is made of.
 *
 * Each word names two rows by its stem and one by its form, so that two words share all of them only by
 * a rare accident and none has to be in a list. Its letters name rows of their own region, four by four with
 * the ends marked (two by two in scripts without spaces): so a typo, an ending or a word that nobody taught
 * still says most of what it is. A stem need be no word; it only has to be the same for kindred forms.
 *
 * Pure and bounded: no more than MAX_CHARS are read. Of a longer text the vector knows its head alone, and
 * two such texts may differ where nobody looked: `isWhole` says so, and a cache must then not go by likeness.
 * What the rows mean is fixed by KIN_FEATURES, which a release repeats.
 *
 * The counters are kept between calls. Calls are synchronous, hence never interleave.
 */

/** Raised by every change that moves any row or weight of any text. */
export const KIN_FEATURES = 1;

/** UTF-16 units that are read, some 1,000 tokens. */
export const MAX_CHARS = 4096;

/** How many rows there are for words, which come first, and for letters. Both are powers of two. */
export interface KinRows {
  readonly wordRows: number;
  readonly letterRows: number;
}

export interface KinBag {
  /** Distinct table rows, in the order of the text. int32 [n] */
  readonly ids: Int32Array<ArrayBuffer>;
  /** The share of its kind times 1 + ln(count). float32 [n] */
  readonly weights: Float32Array<ArrayBuffer>;
}

const SHARE = { stem: 1, form: 0.25, letters: 1 } as const;
const [FIRST_SEED, SECOND_SEED, FORM_SEED, LETTERS_SEED] = [
  0x1b873593, 0x5bd1e995, 0x2c9277b5, 0x5f356495,
];
const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;
const WORD_END = 0x1f; // A unit that no word contains.
/** Units from here on are of scripts that write no spaces: two of them say what four letters do. */
const FIRST_IDEOGRAPH = 0x2e80;
/** A longer run of letters is no word; its first units name it. */
const MAX_WORD = 48;

/** Whether all of the text is read. */
export function isWhole(text: string): boolean {
  return text.length <= MAX_CHARS;
}

/** The rows of a text. A text without letters, digits or signs has none. */
export function readText(text: string, { wordRows, letterRows }: KinRows): KinBag {
  const tally = tallyOf(wordRows + letterRows);
  for (const word of wordsOf(text)) {
    const root = stem(word);
    tally.add(hash(root, FIRST_SEED) & (wordRows - 1), SHARE.stem);
    tally.add(hash(root, SECOND_SEED) & (wordRows - 1), SHARE.stem);
    tally.add(hash(word, FORM_SEED) & (wordRows - 1), SHARE.form);
    addLetters(word, (row) => tally.add(wordRows + (row & (letterRows - 1)), SHARE.letters));
  }
  return tally.take();
}

/** Small letters without accents; "n't" is "not", and what else follows an apostrophe is dropped. */
export function wordsOf(text: string): readonly string[] {
  const plain = text
    .slice(0, MAX_CHARS)
    .normalize("NFKD")
    .replaceAll(/[\u0300-\u036f]/g, "")
    .toLowerCase()
    .replaceAll("’", "'");
  const spelt = plain.includes("'")
    ? plain
        .replaceAll(/\bcan't\b/g, "can not")
        .replaceAll(/\bwon't\b/g, "will not")
        .replaceAll(/n't\b/g, " not")
        .replaceAll(/'(?:s|re|ve|ll|d|m)\b/g, " ")
    : plain;
  return (spelt.match(WORDS) ?? []).map((word) => word.slice(0, MAX_WORD));
}

const WORDS = /[\p{L}\p{N}\p{M}_]+|[+#%&$€£=<>*/^]/gu;

/** A word without its English endings. Few are cut, and three letters stay. */
export function stem(word: string): string {
  if (word.length < 4) return word;
  if (word.endsWith("ies")) return `${word.slice(0, -3)}y`;
  for (const ending of ["ing", "ed", "es", "s"]) {
    const rest = word.slice(0, -ending.length);
    if (!word.endsWith(ending) || rest.length < 3) continue;
    if (ending !== "s" || !/[sui]$/.test(rest)) return withoutEnd(rest);
  }
  return withoutEnd(word);
}

/** Without a mute e, or the second of two like consonants that an ending had doubled. */
function withoutEnd(word: string): string {
  if (word.endsWith("e")) return word.slice(0, -1);
  return /([bdgmnprt])\1$/.test(word) ? word.slice(0, -1) : word;
}

function addLetters(word: string, add: (hash: number) => void): void {
  const size = word.charCodeAt(0) >= FIRST_IDEOGRAPH ? 2 : 4;
  for (let from = -1; from + size <= word.length + 1; from++) {
    let code = FNV_OFFSET ^ LETTERS_SEED;
    for (let i = from; i < from + size; i++) {
      const unit = i < 0 || i === word.length ? WORD_END : word.charCodeAt(i);
      code = Math.imul(code ^ unit, FNV_PRIME);
    }
    add(mixed(code));
  }
}

/** FNV-1a over the units. */
function hash(word: string, seed: number): number {
  let code = FNV_OFFSET ^ seed;
  for (let i = 0; i < word.length; i++) code = Math.imul(code ^ word.charCodeAt(i), FNV_PRIME);
  return mixed(code);
}

/** Murmur3's finaliser. */
function mixed(code: number): number {
  let hashed = Math.imul(code ^ (code >>> 16), 0x85ebca6b);
  hashed = Math.imul(hashed ^ (hashed >>> 13), 0xc2b2ae35);
  return (hashed ^ (hashed >>> 16)) >>> 0;
}

class Tally {
  readonly #counts: Uint16Array;
  readonly #shares: Float32Array;
  #ids: number[] = [];

  constructor(rows: number) {
    this.#counts = new Uint16Array(rows);
    this.#shares = new Float32Array(rows);
  }

  get rows(): number {
    return this.#counts.length;
  }

  /** Kinds that meet in a row count together, with the larger of their shares. */
  add(id: number, share: number): void {
    if (this.#counts[id]!++ === 0) {
      this.#ids.push(id);
      this.#shares[id] = share;
    } else if (share > this.#shares[id]!) this.#shares[id] = share;
  }

  /** What was added since the last time. */
  take(): KinBag {
    const ids = Int32Array.from(this.#ids);
    const weights = new Float32Array(ids.length);
    ids.forEach((id, i) => {
      weights[i] = this.#shares[id]! * (1 + Math.log(this.#counts[id]!));
      this.#counts[id] = 0;
    });
    this.#ids = [];
    return { ids, weights };
  }
}

let kept = new Tally(0);

function tallyOf(rows: number): Tally {
  if (kept.rows !== rows) kept = new Tally(rows);
  return kept;
}
