/**
 * Some forty numbers about the surface of a prompt: how long, how numeric, how much like code, how it asks,
 * and what it offers to choose from.
 *
 * n-grams know a benchmark by heart and nothing beyond it; surface statistics know less and keep it
 * when the traffic changes. Counts enter as ln(1 + count) and shares as they are, so that every value
 * lies roughly in [0, 10] before the graph standardises it.
 *
 * Each kind of thing is read in one pass over the UTF-16 units; no regular expression runs over text that
 * a client controls, so the time is linear whatever the text.
 */
import { readCharacters } from "./characters.ts";
import { readLines } from "./lines.ts";
import { askedIn, type PromptText } from "./normalise.ts";
import type { Prompt } from "./prompt.ts";
import { readWords } from "./words.ts";

/** The names, in the order of the vector that `surfaceStatistics` returns. */
export const STATISTICS = [
  "userChars",
  "systemChars",
  "words",
  "lines",
  "wordLength",
  "longWordShare",
  "distinctWordShare",
  "longestWord",
  "entropy",
  "digitShare",
  "numbers",
  "longNumbers",
  "variables",
  "measures",
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
  "explainWords",
  "writeWords",
  "stemWords",
  "stemNumbers",
  "endsAsQuestion",
  "endsAsSentence",
  "optionLines",
  "numericOptionShare",
  "sharedOptionShare",
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

/** Statistics of one prompt. float32 [STATISTICS.length], each value finite. */
export function surfaceStatistics(prompt: Prompt, text: PromptText): Float32Array<ArrayBuffer> {
  const user = text.user;
  const characters = readCharacters(user);
  const lines = readLines(user);
  const words = readWords(user, lines.stemEnd);
  const stem = user.slice(0, lines.stemEnd).trimEnd();
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
    longestWord: Math.log1p(words.longest),
    entropy: characters.entropy,
    digitShare: characters.digits / length,
    numbers: Math.log1p(words.numbers),
    longNumbers: Math.log1p(words.longNumbers),
    variables: Math.log1p(words.variables),
    measures: Math.log1p(characters.measures),
    upperShare: characters.upper / length,
    operatorShare: characters.operators / length,
    bracketShare: characters.brackets / length,
    punctuationShare: characters.punctuation / length,
    latexMarks: Math.log1p(characters.latex),
    codeFences: Math.log1p(characters.backticks),
    codeMarks: Math.log1p(words.coding + characters.semicolons),
    indentedLines: Math.log1p(lines.indented),
    questionMarks: Math.log1p(characters.questions),
    questionWords: Math.log1p(words.questioning),
    explainWords: Math.log1p(words.explaining),
    writeWords: Math.log1p(words.writing),
    stemWords: Math.log1p(words.stemCount),
    stemNumbers: Math.log1p(words.stemNumbers),
    endsAsQuestion: stem.endsWith("?") ? 1 : 0,
    endsAsSentence: stem.endsWith(".") ? 1 : 0,
    optionLines: Math.log1p(lines.options),
    numericOptionShare: lines.numericOptions / Math.max(lines.options, 1),
    sharedOptionShare: words.sharedWords / Math.max(words.optionWords, 1),
    listLines: Math.log1p(lines.lists),
    nonAsciiShare: characters.nonAscii / length,
    wideScriptShare: characters.wide / length,
    urlMarks: Math.log1p(characters.slashes),
    turns: Math.log1p(prompt.turns.length),
    toolCount: Math.log1p(prompt.toolCount),
    imageCount: Math.log1p(prompt.imageCount),
    wantsJson: prompt.wantsJson ? 1 : 0,
    priorChars: Math.log1p(Math.max(totalChars - askedChars, 0)),
  };
  return Float32Array.from(STATISTICS, (name) => values[name]);
}
