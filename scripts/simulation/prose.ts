/**
 * Text that looks like an answer. The sentences are fixed patterns; their nouns are words of the prompt, so
 * an answer about lighthouses speaks of lighthouses, and whoever reads a demo can tell answers apart. It
 * says nothing true: what the simulated vendor proves is traffic, not knowledge.
 *
 * Length follows the prompt as it would in life: a fact takes a line, a proof takes a page.
 */
import { between, pick, type Random } from "../../worker/lib/prng.ts";

const STOP_WORDS = new Set(
  (
    "about above after again also among because been before being below between both could does doing " +
    "down during each from give have having here into just like make many more most much only other over " +
    "please same should some such than that their them then there these they this those through under " +
    "until very want were what when where which while will with would write your explain answer using"
  ).split(" "),
);

const OPENINGS = [
  "The short version first: {a} matters more here than {b}.",
  "A good place to start is {a}.",
  "Two things decide this, {a} and {b}.",
  "Taken step by step, the question about {a} is a simple one.",
  "Here is how {a} and {b} fit together.",
] as const;

const MIDDLES = [
  "Once {a} is settled, {b} follows with little extra work.",
  "It helps to keep {a} apart from {b}, because they change at different speeds.",
  "In practice {a} is the part that people underestimate.",
  "Roughly {n} out of a hundred cases turn on {a} alone.",
  "If {a} is missing, look at {b} next.",
  "The reason is plain: {a} comes first, and {b} depends on it.",
  "A small example shows it: take {n} instances of {a} and change one.",
  "That leaves {b}, which can be handled separately.",
  "Nothing about {a} forces a choice on {b} yet.",
  "Compare {a} before and after, and the role of {b} becomes clear.",
  "The usual mistake is to treat {a} as though it were {b}.",
  "With {n} of them in hand, {a} can be checked directly.",
  "Note that {b} holds only as long as {a} does.",
  "Working backwards from {b} gives the same result for {a}.",
] as const;

const CLOSINGS = [
  "So the answer rests on {a}.",
  "In sum, {a} first and {b} second.",
  "That is all that {a} requires.",
  "Check {a} once more before relying on it.",
] as const;

const BRIEF =
  /\b(translate|capital|how many|how much|when (did|was)|who (is|was|wrote)|yes or no|one word|what is \d|convert|true or false|antonym|synonym)\b|^\s*[-\d\s+*/().=?×÷^]+$/i;
const LONG =
  /\b(prove|proof|derive|essay|story|design|implement|refactor|write (a|an|the)|step by step|in detail|compare|analy[sz]e|explain why|debug|plan)\b|```/i;

/** The nouns of a text worth repeating: up to twelve different longer words, in order of appearance. */
export function topicWords(text: string): string[] {
  const words = text.slice(0, 4_000).match(/[\p{L}][\p{L}'-]{3,}/gu) ?? [];
  const kept = words.filter((w) => !STOP_WORDS.has(w.toLowerCase()));
  return [...new Set(kept)].slice(0, 12);
}

/** Words that start with a capital inside a sentence, such as names and places; then the other topic words. */
export function nameWords(text: string): string[] {
  const names = text.match(/(?<=[\p{Ll},;] )\p{Lu}[\p{L}-]+/gu) ?? [];
  return names.length > 0 ? [...new Set(names)] : topicWords(text);
}

/**
 * An answer of one or more sentences. `verbosity` scales its length, 1 is ordinary; `about` is the
 * prompt. The same random stream gives the same text.
 */
export function proseAbout(about: string, verbosity: number, random: Random): string {
  const topics = topicWords(about);
  if (topics.length === 0) topics.push("the question", "the rest");
  const [least, most] = sentenceRange(about);
  const wanted = Math.max(1, Math.round(between(random, least, most) * verbosity));
  const sentences = [fill(pick(random, OPENINGS), topics, random)];
  let unused: string[] = [];
  while (sentences.length < wanted - 1) {
    if (unused.length === 0) unused = [...MIDDLES];
    const [pattern = ""] = unused.splice(between(random, 0, unused.length - 1), 1);
    sentences.push(fill(pattern, topics, random));
  }
  if (wanted > 1) sentences.push(fill(pick(random, CLOSINGS), topics, random));
  return paragraphs(sentences);
}

function sentenceRange(about: string): readonly [number, number] {
  if (LONG.test(about)) return [12, 24];
  return BRIEF.test(about) ? [1, 2] : [4, 8];
}

function fill(pattern: string, topics: readonly string[], random: Random): string {
  const first = pick(random, topics);
  const others = topics.filter((t) => t !== first);
  const second = others.length > 0 ? pick(random, others) : "the rest";
  return pattern
    .replace("{a}", () => first)
    .replace("{b}", () => second)
    .replace("{n}", () => String(between(random, 2, 97)))
    .replace(/^\p{Ll}/u, (c) => c.toUpperCase());
}

function paragraphs(sentences: readonly string[]): string {
  const perParagraph = 5;
  const blocks: string[] = [];
  for (let i = 0; i < sentences.length; i += perParagraph)
    blocks.push(sentences.slice(i, i + perParagraph).join(" "));
  return blocks.join("\n\n");
}
