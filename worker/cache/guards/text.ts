/**
 * A prompt as the guards read it: its words in one spelling, and where its sentences begin.
 *
 * What makes no difference to an answer is gone before any guard looks: letter case, blanks, typographic quotes and
 * dashes, contractions ("don't" is "do not"), possessives, greetings and thanks. What a guard may need besides, a word
 * keeps beside it: how it was written, and whether a blank stood before it.
 *
 * Invariant: linear in the length, and nothing throws. Scripts without blanks are read character by character.
 */

export interface Word {
  /** Lower case; of a contraction the part that stands here. A mark is a word of its own. */
  readonly word: string;
  /** As it was written. */
  readonly raw: string;
  /** Nothing stood between it and the word before. */
  readonly isGlued: boolean;
  /** A sentence, a line or a quotation begins with it. */
  readonly opens: boolean;
}

export interface Text {
  /** NFKC, with plain quotes and dashes. */
  readonly plain: string;
  readonly words: readonly Word[];
}

/** A number with its separators, a character of a script without blanks, a word, or a mark. */
const CHARACTER = String.raw`[\p{sc=Han}\p{sc=Hira}\p{sc=Thai}]`;
const TOKEN = new RegExp(
  [
    String.raw`\p{Nd}{1,3}(?: \p{Nd}{3})+(?!\p{Nd})`,
    String.raw`\p{Nd}+(?:[.,_]\p{Nd}+)*`,
    CHARACTER,
    String.raw`(?:(?!${CHARACTER})[\p{L}\p{M}])+(?:'\p{L}{1,2}(?!\p{L}))?`,
    String.raw`\S`,
  ].join("|"),
  "gu",
);

/** More combining marks than any script stacks: to put them into order takes the square of their number (UAX #15). */
const MANY_MARKS = /(\p{M}{30})\p{M}+/gu;

const ENDS_SENTENCE = new Set([
  ".",
  "!",
  "?",
  ":",
  ";",
  '"',
  "`",
  "*",
  "#",
  "。",
  "？",
  "！",
  "(",
  "•",
]);

/** Behind these an "'s" is a verb; behind everything else it is a possessive. */
const BEFORE_IS = new Set(
  "what who where when how why that it he she there here this which everything".split(" "),
);
const TAILS = new Map([
  ["n't", "not"],
  ["'re", "are"],
  ["'m", "am"],
  ["'ll", "will"],
  ["'ve", "have"],
  ["'d", "would"],
]);
const WHOLE = new Map([
  ["can't", "can not"],
  ["won't", "will not"],
  ["shan't", "shall not"],
  ["ain't", "is not"],
  ["let's", "let us"],
  ["cannot", "can not"],
  ["cant", "can not"],
  ["wont", "will not"],
  ["dont", "do not"],
  ["doesnt", "does not"],
  ["didnt", "did not"],
  ["isnt", "is not"],
  ["arent", "are not"],
  ["wasnt", "was not"],
  ["couldnt", "could not"],
  ["shouldnt", "should not"],
  ["whats", "what is"],
  ["im", "i am"],
  ["thats", "that is"],
]);

const POLITE = new Set(["please", "pls", "plz", "kindly", "thanks", "hi", "hello", "hey"]);

/** NFKC, which may be 18 times as long, with at most thirty combining marks in a row. */
export function normalised(raw: string): string {
  return raw.replaceAll(MANY_MARKS, "$1").normalize("NFKC");
}

export function readText(raw: string): Text {
  const plain = normalised(raw)
    .replaceAll(/[‘’‛`´](?=\p{L})/gu, (mark) => (mark === "`" ? mark : "'"))
    .replaceAll(/[“”„«»]/gu, '"')
    .replaceAll(/[‐‑‒–—−]/gu, "-");
  const words: Word[] = [];
  let end = 0;
  let opens = true;
  for (const { 0: token, index } of plain.matchAll(TOKEN)) {
    if (plain.slice(end, index).includes("\n")) opens = true;
    const isGlued = index === end && index > 0;
    const parts = partsOf(token);
    for (const [k, word] of parts.entries())
      words.push({
        word,
        raw: parts.length === 1 ? token : word,
        isGlued: isGlued || k > 0,
        opens,
      });
    opens = ENDS_SENTENCE.has(token) || (opens && !/[\p{L}\p{N}]/u.test(token));
    end = index + token.length;
  }
  return { plain, words: words.filter(isMeant) };
}

function partsOf(token: string): string[] {
  const lower = token.toLowerCase().replaceAll("ß", "ss"); // As its capitals are.
  const whole = WHOLE.get(lower);
  if (whole !== undefined) return whole.split(" ");
  const mark = lower.indexOf("'");
  if (mark <= 0) return [lower];
  if (lower.endsWith("n't")) return [lower.slice(0, -3), "not"];
  const [head, tail] = [lower.slice(0, mark), lower.slice(mark)];
  if (tail === "'s") return BEFORE_IS.has(head) ? [head, "is"] : [head];
  const verb = TAILS.get(tail);
  return verb === undefined ? [lower] : [head, verb];
}

/** Whether a word is more than a greeting or a thank-you. */
function isMeant({ word }: Word, index: number, words: readonly Word[]): boolean {
  if (POLITE.has(word)) return words.length === 1;
  if (word === "thank") return words[index + 1]?.word !== "you";
  return word !== "you" || words[index - 1]?.word !== "thank";
}

/** Whether a word has letters or digits, or is a mark. */
export function isMark({ word }: Word): boolean {
  return !/[\p{L}\p{N}]/u.test(word);
}
