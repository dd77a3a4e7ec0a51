/**
 * The characters of a text: how many of each kind, and how evenly they are used.
 *
 * One pass over the UTF-16 units makes a histogram, from which everything else is read. Units beyond ASCII
 * share 128 of its places: enough to tell how varied a text is, and the same time for every script.
 */

const MARKS = {
  digits: "0123456789",
  upper: "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
  operators: "+-*=<>^%|&~",
  brackets: "()[]{}",
  punctuation: ".,:!\"'",
  latex: "\\$",
  backticks: "`",
  semicolons: ";",
  questions: "?",
  slashes: "/",
  measures: "%$",
} as const;

/** Measures beyond ASCII. */
const MEASURES = new Set(Array.from("£°€", (mark) => mark.charCodeAt(0)));
const FIRST_WIDE = 0x0e00;

export interface Characters extends Record<keyof typeof MARKS, number> {
  readonly nonAscii: number;
  /** Of those, from Thai on: scripts written without many spaces, but typographic marks as well. */
  readonly wide: number;
  /** Of the histogram's shares, in nats: 0 for one character repeated, about 3 for English. */
  readonly entropy: number;
}

export function readCharacters(text: string): Characters {
  const histogram = new Uint32Array(256);
  let [nonAscii, wide, measures] = [0, 0, 0];
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 128) histogram[unit]!++;
    else {
      histogram[128 | (unit & 127)]!++;
      nonAscii++;
      if (unit >= FIRST_WIDE) wide++;
      if (MEASURES.has(unit)) measures++;
    }
  }
  return {
    digits: countOf(histogram, MARKS.digits),
    upper: countOf(histogram, MARKS.upper),
    operators: countOf(histogram, MARKS.operators),
    brackets: countOf(histogram, MARKS.brackets),
    punctuation: countOf(histogram, MARKS.punctuation),
    latex: countOf(histogram, MARKS.latex),
    backticks: countOf(histogram, MARKS.backticks),
    semicolons: countOf(histogram, MARKS.semicolons),
    questions: countOf(histogram, MARKS.questions),
    slashes: countOf(histogram, MARKS.slashes),
    measures: countOf(histogram, MARKS.measures) + measures,
    nonAscii,
    wide,
    entropy: entropyOf(histogram, text.length),
  };
}

function countOf(histogram: Uint32Array, marks: string): number {
  let count = 0;
  for (let i = 0; i < marks.length; i++) count += histogram[marks.charCodeAt(i)]!;
  return count;
}

function entropyOf(histogram: Uint32Array, total: number): number {
  let entropy = 0;
  for (const count of histogram)
    if (count > 0) entropy -= (count / total) * Math.log(count / total);
  return entropy;
}
