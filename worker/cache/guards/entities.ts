/**
 * Two prompts must be about the same named things.
 *
 * A thing is named by a capital inside a sentence, by an acronym, by a known name in any case (names.ts), in quotation
 * marks, or by an address: URL, e-mail, path, file. What one prompt names, the other must at least say, in whatever
 * case: so a name may open a sentence here and stand inside one there, and a quotation may lose its marks.
 *
 * Where most words have capitals, as in titles, capitals say nothing. Unknown names in lower case are seen by
 * substitution.ts alone. A name that only one prompt leaves out as understood is refused.
 */
import { CODE_NAMES } from "./code-names.ts";
import { shortened } from "./difference.ts";
import { MAX_PHRASE, NAMES } from "./names.ts";
import { ROMANS } from "./number-words.ts";
import { stem } from "./stem.ts";
import { isIdle } from "./synonyms.ts";
import { isMark, type Text, type Word } from "./text.ts";

interface Things {
  /** What the text names: each by the keys of which the other text must have one. */
  readonly named: ReadonlyMap<string, readonly string[]>;
  /** All that may be meant by its words, as stems and known things. */
  readonly said: ReadonlySet<string>;
  readonly quoted: readonly string[];
  readonly addresses: ReadonlySet<string>;
}

/** Capitals in more than this share of the words that do not begin a sentence make a title. */
const TITLE_SHARE = 0.6;
const TITLE_WORDS = 4;
const FIRST_WORDS = new Set(Array.from(NAMES.keys(), (phrase) => phrase.split(" ")[0]));
/** Quotations that are looked for one by one; more must be the same. */
const MAX_SOUGHT = 16;
const NO_NAMES = new Set("i ok tv faq asap diy eli tldr a".split(" "));
const NAME_WITH_DOTS = /^[\w.-]*\w\.(\w+)$/;
/** Endings of files, and of hosts that are named without "www". */
const ENDINGS = new Set(
  (
    "ts tsx js jsx py txt md json csv pdf png jpg jpeg gif svg html css sh c cpp h java rs go xml yml yaml " +
    "toml doc docx xls xlsx zip tar gz exe log sql env com org net io dev edu gov"
  ).split(" "),
);
const ADDRESS = /:\/\/|^www\.|^(?:~|\.{1,2})?\/\w|\\\w|^[a-z]:[\\/]|.@\w/;

export function entitiesDiffer(a: Text, b: Text): string | undefined {
  const [inA, inB] = [readThings(a), readThings(b)];
  const missing =
    missingName(inA, inB) ??
    missingName(inB, inA) ??
    missingAddress(inA, inB) ??
    missingAddress(inB, inA) ??
    missingQuote(inA, [inB, b]) ??
    missingQuote(inB, [inA, a]);
  return missing === undefined ? undefined : shortened(missing);
}

function missingName({ named }: Things, { said }: Things): string | undefined {
  for (const [name, keys] of named) if (!keys.some((key) => said.has(key))) return name;
  return undefined;
}

function missingAddress({ addresses }: Things, other: Things): string | undefined {
  return [...addresses].find((address) => !other.addresses.has(address));
}

function missingQuote({ quoted }: Things, [other, text]: [Things, Text]): string | undefined {
  const rest = quoted.filter((quote) => !other.quoted.includes(quote));
  if (rest.length > MAX_SOUGHT) return rest[0];
  const row = spaced(text.words);
  return rest.find((quote) => !row.includes(quote));
}

function readThings(text: Text): Things {
  const { words } = text;
  const named = new Map<string, readonly string[]>();
  const said = new Set(words.map(({ word }) => stem(word)));
  const isTitle = readsAsTitle(words);
  for (const [at, word] of words.entries()) {
    const isName = !isTitle && hasCapital(word);
    const phrase = phraseAt(words, at);
    if (phrase !== undefined) {
      said.add(phrase.canonical);
      if (!phrase.isWord || isName) named.set(phrase.canonical, keysOf(phrase.canonical, word));
    } else if (isName && !isPartOfPhrase(words, at)) named.set(word.word, [stem(word.word)]);
  }
  return {
    named,
    said,
    quoted: quotedIn(text.plain).slice(0, 4 * MAX_SOUGHT),
    addresses: addressesIn(text.plain),
  };
}

function keysOf(canonical: string, { word }: Word): string[] {
  return [canonical, stem(word)];
}

/** The longest known name that begins here. */
function phraseAt(words: readonly Word[], at: number) {
  if (!FIRST_WORDS.has(words[at]!.word)) return undefined;
  for (let length = MAX_PHRASE; length > 0; length--) {
    const phrase = words.slice(at, at + length).map(({ word }) => word);
    if (phrase.length < length) continue;
    const name = NAMES.get(phrase.join(" "));
    if (name !== undefined) return name;
  }
  return undefined;
}

/** Whether a known name of several words that began before goes on here. */
function isPartOfPhrase(words: readonly Word[], at: number): boolean {
  for (let back = 1; back < Math.min(MAX_PHRASE, at + 1); back++)
    for (let length = back + 1; length <= MAX_PHRASE; length++) {
      const phrase = words.slice(at - back, at - back + length);
      if (NAMES.has(phrase.map(({ word }) => word).join(" "))) return true;
    }
  return false;
}

/** A capital inside a sentence, or all capitals anywhere. */
function hasCapital({ word, raw, opens }: Word): boolean {
  if (!/^\p{Lu}/u.test(raw) || NO_NAMES.has(word) || ROMANS.has(word) || CODE_NAMES.has(word))
    return false;
  return !opens || /^\p{Lu}{2,}s?$/u.test(raw);
}

/** Whether capitals say nothing: all letters are, or most words have one and among them words that are no names. */
function readsAsTitle(words: readonly Word[]): boolean {
  const inside = words.filter(({ raw, opens }) => !opens && /^\p{L}{2,}/u.test(raw));
  const capital = inside.filter(({ raw }) => /^\p{Lu}\p{Ll}/u.test(raw));
  const isShouted = words.length > 1 && words.every(({ raw }) => !/\p{Ll}/u.test(raw));
  const isLong = inside.length >= TITLE_WORDS && capital.length > TITLE_SHARE * inside.length;
  return isShouted || (isLong && capital.some(({ word }) => isIdle(word)));
}

/** Words with single blanks between them and around. */
function spaced(words: readonly Word[]): string {
  const letters = words.filter((word) => !isMark(word)).map(({ word }) => word);
  return ` ${letters.join(" ")} `;
}

function quotedIn(plain: string): string[] {
  const found = plain.matchAll(/"([^"\n]+)"|(?<![\p{L}\p{N}])'([^'\n]+)'(?![\p{L}\p{N}])/gu);
  return Array.from(found, ([, double, single]) => quotation(double ?? single ?? ""));
}

function quotation(quote: string): string {
  const letters = quote.toLowerCase().match(/\p{Nd}+(?:[.,_]\p{Nd}+)*|[\p{L}\p{M}]+/gu) ?? [];
  return ` ${letters.join(" ")} `;
}

function addressesIn(plain: string): Set<string> {
  const chunks = plain.toLowerCase().split(/\s/).map(trimmed);
  const found = chunks.filter(
    (chunk) => ADDRESS.test(chunk) || ENDINGS.has(NAME_WITH_DOTS.exec(chunk)?.[1] ?? ""),
  );
  return new Set(found.map((chunk) => chunk.replace(/^https?:\/\//, "").replace(/^www\./, "")));
}

/** Without the punctuation around it, and without a slash at the end. */
function trimmed(chunk: string): string {
  const EDGES = "\"'`()[]{}<>,;:!?.*";
  let [start, end] = [0, chunk.length];
  while (
    start < end &&
    EDGES.includes(chunk[start]!) &&
    !/^\.{1,2}\//.test(chunk.slice(start, start + 3))
  )
    start++;
  while (end > start && `${EDGES}/`.includes(chunk[end - 1]!)) end--;
  return chunk.slice(start, end);
}
