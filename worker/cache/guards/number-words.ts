/**
 * Words for numbers: all of English, and the small ones of some neighbours.
 *
 * "one", "ein", "un" stand for articles and people too, so only the English one is here, and numbers.ts doubts it.
 */

const SMALL =
  "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen " +
  "sixteen seventeen eighteen nineteen";
const TENS = "twenty thirty forty fifty sixty seventy eighty ninety";
const ORDINALS =
  "zeroth first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth " +
  "fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth";
const TENTHS = "twentieth thirtieth fortieth fiftieth sixtieth seventieth eightieth ninetieth";

/** From two on. */
const ELSEWHERE = [
  "zwei drei vier fünf sechs sieben acht neun zehn elf zwölf",
  "deux trois quatre cinq six sept huit neuf dix onze douze",
  "dos tres cuatro cinco seis siete ocho nueve diez once doce",
  "due tre quattro cinque sei sette otto nove dieci undici dodici",
  "dois três quatro cinco seis sete oito nove dez onze doze",
  "twee drie vier vijf zes zeven acht negen tien elf twaalf",
  "два три четыре пять шесть семь восемь девять десять",
];
/** Also other words, in a language that has more speakers. */
const DOUBTFUL = new Set(["once", "due", "sei", "tre", "nove", "doze", "dix"]);

function counted(words: string, from: number, step = 1): [string, number][] {
  return words.split(" ").map((word, k) => [word, from + k * step]);
}

/** Cardinals below a hundred. */
export const CARDINALS: ReadonlyMap<string, number> = new Map([
  ...ELSEWHERE.flatMap((row) => counted(row, 2)).filter(([word]) => !DOUBTFUL.has(word)),
  ...counted(SMALL, 0),
  ...counted(TENS, 20, 10),
]);

export const ORDINAL_WORDS: ReadonlyMap<string, number> = new Map([
  ...counted(ORDINALS, 0),
  ...counted(TENTHS, 20, 10),
  ["hundredth", 100],
]);

export const SCALES: ReadonlyMap<string, number> = new Map([
  ["dozen", 12],
  ["dozens", 12],
  ["hundred", 100],
  ["thousand", 1e3],
  ["million", 1e6],
  ["mn", 1e6],
  ["billion", 1e9],
  ["bn", 1e9],
  ["trillion", 1e12],
]);

/** Values that are no count. */
export const SHARES: ReadonlyMap<string, string> = new Map([
  ["half", "1/2"],
  ["halves", "1/2"],
  ["quarter", "1/4"],
  ["quarters", "1/4"],
  ["twice", "x2"],
  ["double", "x2"],
  ["triple", "x3"],
  ["thrice", "x3"],
]);

const ROMAN = "ii iii iv . vi vii viii ix . xi xii xiii xiv xv xvi xvii xviii xix xx xxi";
/** Of two letters at least: "I", "V" and "X" are mostly something else. */
export const ROMANS: ReadonlyMap<string, number> = new Map(
  counted(ROMAN, 2).filter(([word]) => word !== "."),
);
