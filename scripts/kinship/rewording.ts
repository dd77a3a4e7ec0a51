/**
 * The same question in other words, and a near one that is another: by rules, for texts that nobody has
 * paired.
 *
 * Other words are kin words, a courtesy before or after, a slip of the finger, a small word left out. Another
 * question is the same text with one of its rarer words, or one of its numbers, replaced by a word of
 * another text. The rules are crude and at times wrong; what is learnt from is how often they are right.
 */
import { pick, type Random } from "../../worker/lib/prng.ts";
import type { Phrasebook } from "./phrasebook.ts";

const OPENINGS = [
  "please",
  "can you tell me",
  "could you please tell me",
  "hi,",
  "hello,",
  "hey,",
  "i would like to know",
  "i want to know",
  "i was wondering",
  "tell me",
  "help me with this:",
  "quick question:",
  "question:",
  "do you know",
  "can you help me?",
  "i have a question:",
  "just curious,",
  "so",
  "ok,",
];
const ENDINGS = [
  "please",
  "thanks",
  "thank you",
  "thanks in advance",
  "i need this today",
  "step by step",
  "be brief",
  "in detail",
  "exactly",
  "?",
];
const SMALL = new Set(
  (
    "a an the of to in on at for is are was were be do does did can could will would should i you he she we they " +
    "my your his her its their it this that these those and or but if with by from as how what which who when where why not"
  ).split(" "),
);

/** How often each rule is used: shares of words, or of texts. */
const SHARES = { kin: 0.45, opening: 0.25, ending: 0.15, slip: 0.12, omission: 0.3 } as const;

/** @param text Words with single blanks between them. */
export function reworded(text: string, { kinOf }: Phrasebook, random: Random): string {
  let words = withKinWords(text.split(" "), kinOf, random);
  if (random() < SHARES.omission) words = withoutOne(words, random);
  if (random() < SHARES.slip) words = withSlip(words, random);
  if (random() < SHARES.opening) words = [pick(random, OPENINGS), ...words];
  if (random() < SHARES.ending) words = [...words, pick(random, ENDINGS)];
  return words.join(" ");
}

/**
 * The text with one word replaced by one of `others`; undefined where no word of it can be: where all are
 * small, or kin to what would replace them.
 */
export function estranged(
  text: string,
  { kinOf }: Phrasebook,
  { others, random }: { others: readonly string[]; random: Random },
): string | undefined {
  const words = text.split(" ");
  const places = [...words.keys()].filter((at) => bareOf(words[at]!).length > 2);
  const telling = places.filter((at) => !isSmall(bareOf(words[at]!)));
  if (telling.length === 0) return undefined;
  const at = pick(random, telling);
  const old = bareOf(words[at]!);
  const other = pick(random, others);
  const isKin = (kinOf.get(old) ?? []).some((group) => group.includes(other));
  if (isKin || other === old) return undefined;
  return words.with(at, words[at]!.toLowerCase().replace(old, other)).join(" ");
}

/** Words that a question has for its grammar's sake. */
export function isSmall(word: string): boolean {
  return SMALL.has(word);
}

/** Letters and digits of a word, in small letters. */
export function bareOf(word: string): string {
  return word.toLowerCase().replaceAll(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, "");
}

function withKinWords(
  words: readonly string[],
  kinOf: Phrasebook["kinOf"],
  random: Random,
): string[] {
  const out: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const [one, two] = [words[at]!, words.slice(at, at + 2).join(" ")];
    const isPair = kinOf.has(bareOf(two)) && at + 1 < words.length;
    const found = isPair ? two : one;
    const groups = kinOf.get(bareOf(found));
    if (isPair) at++;
    if (groups === undefined || random() >= SHARES.kin) out.push(found);
    else out.push(found.toLowerCase().replace(bareOf(found), pick(random, pick(random, groups))));
  }
  return out;
}

function withoutOne(words: readonly string[], random: Random): string[] {
  const small = [...words.keys()].filter((at) => isSmall(words[at]!.toLowerCase()));
  if (small.length === 0 || words.length < 4) return [...words];
  return words.toSpliced(pick(random, small), 1);
}

/** One letter of a longer word is left out, doubled, or changes places with the next. */
function withSlip(words: readonly string[], random: Random): string[] {
  const long = [...words.keys()].filter((at) => /^[a-z]{5,}$/.test(words[at]!));
  if (long.length === 0) return [...words];
  const at = pick(random, long);
  const word = words[at]!;
  const i = 1 + Math.floor(random() * (word.length - 2));
  const [left, here, right] = [word.slice(0, i), word[i]!, word.slice(i + 1)];
  const slips = [
    left + right,
    left + here + here + right,
    left + right.slice(0, 1) + here + right.slice(1),
  ];
  return words.with(at, pick(random, slips));
}
