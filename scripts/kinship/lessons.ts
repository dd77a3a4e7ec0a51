/**
 * What the head learns from: texts that ask the same, with near ones that do not.
 *
 * Most lessons are forms of a frame (phrasebook.ts) around the same filler; their strangers are the same frame
 * around another filler, and another frame around the same. The others are sentences of prompts that may
 * form weights that ship, reworded by rule (rewording.ts). All other texts of a batch are strangers too.
 *
 * A lesson is drawn from the random numbers alone: equal seeds give equal lessons.
 */
import { pick, type Random } from "../../worker/lib/prng.ts";
import type { Phrasebook, Triple } from "./phrasebook.ts";
import { bareOf, estranged, isSmall, reworded } from "./rewording.ts";

/** Four texts. The strangers are kin neither to these two nor to one another. */
export interface Lesson {
  readonly kin: readonly [string, string];
  readonly strangers: readonly [string, string];
}

export interface LessonSource {
  readonly phrasebook: Phrasebook;
  readonly sentences: readonly string[];
  /** Words that may take another's place, as often as they occur. */
  readonly words: readonly string[];
  /** One to three words in a row of some sentence. */
  readonly phrases: readonly string[];
}

/** Words of a sentence that is learnt from; longer ones hide a change in it. */
const [LEAST_WORDS, MOST_WORDS] = [4, 24];
const MOST_SENTENCES = 3; // Of one prompt.
/** Signs of which a sentence with formulas, code or markup has one. */
const FORMULA = /[$\\{}[\]*=_|<>^]|\d{3}/;
/** Share of lessons that are made by frames. */
const FRAMED_SHARE = 0.6;
/** Share of fillers that are a few words of some sentence: nonsense at times, but of all words. */
const FOUND_SHARE = 0.5;

export function lessonSource(phrasebook: Phrasebook, prompts: readonly string[]): LessonSource {
  const sentences = [...new Set(prompts.flatMap((prompt) => sentencesOf(prompt)))];
  const words = sentences.flatMap((sentence) =>
    sentence
      .split(" ")
      .map(bareOf)
      .filter((word) => word.length > 3),
  );
  return { phrasebook, sentences, words, phrases: sentences.flatMap(phrasesOf) };
}

/** What stands between small words, where it is short. */
function phrasesOf(sentence: string): string[] {
  const runs: string[][] = [[]];
  for (const word of sentence.split(" ").map(bareOf))
    if (isSmall(word) || word === "") runs.push([]);
    else runs.at(-1)!.push(word);
  return runs.filter(({ length }) => length > 0 && length <= 3).map((run) => run.join(" "));
}

export function drawLesson(source: LessonSource, random: Random): Lesson {
  for (;;) {
    const lesson = random() < FRAMED_SHARE ? framed(source, random) : asked(source, random);
    if (lesson !== undefined) return lesson;
  }
}

/** Whole sentences of a prompt, its options left out: the last ones first, since there the question is. */
function sentencesOf(prompt: string): string[] {
  const stem = prompt.replaceAll(/^\s*\(?[A-J1-9][.):].*$/gm, " ");
  return stem
    .split(/(?<=[.?!:])\s+|\n+/)
    .map((sentence) => sentence.trim().replaceAll(/\s+/g, " "))
    .filter((sentence) => {
      const count = sentence.split(" ").length;
      return count >= LEAST_WORDS && count <= MOST_WORDS && !FORMULA.test(sentence);
    })
    .slice(-MOST_SENTENCES);
}

function framed(source: LessonSource, random: Random): Lesson | undefined {
  const { phrasebook } = source;
  const slot = pick(random, SLOTS);
  const near = phrasebook.frames.get(slot)!;
  const [frame, other] = [pick(random, near), pick(random, near)];
  const [own, next, third] = [0, 1, 2].map(() => drawValues(slot, source, random));
  const [form, kin, nextForm] = [0, 1, 2].map(() => pick(random, frame.forms));
  const text = fill(form!, own!);
  // A frame need not have all letters, so values may differ where its texts do not.
  const texts = [own!, next!, third!].map((values) => fill(form!, values));
  if (new Set(texts).size < texts.length) return undefined;
  return {
    kin: [text, reworded(fill(kin!, own!), phrasebook, random)],
    strangers: [
      fill(random() < 0.5 ? form! : nextForm!, next!),
      fill(pick(random, other.forms), other === frame ? third! : own!),
    ],
  };
}

/** "do" and "thing" are what most questions are about. */
const SLOTS =
  "do do do thing thing thing place person two two two code code item item food ill text work amount".split(
    " ",
  );

type Values = Readonly<Record<string, string>>;

/** Letters in braces and what they stand for: x and y for a pair, one slot's own letter else. */
function drawValues(slot: string, source: LessonSource, random: Random): Values {
  const { phrasebook, phrases } = source;
  function from(name: string): string {
    const isFound = name !== "l" && random() < FOUND_SHARE;
    return pick(random, isFound ? phrases : phrasebook.fillers.get(name)!);
  }
  if (slot === "code") return { l: from("l"), c: from("c") };
  if (slot === "text") return { t: from("t"), g: from("g") };
  if (slot === "work") return { w: from("w") };
  if (slot === "amount") return { n: from("n") };
  if (slot !== "two") return { x: from(slot) };
  const [x, y] = from("two").split("|");
  return { x: x!, y: y ?? pick(random, phrases) };
}

function fill(form: string, values: Values): string {
  return form.replaceAll(/\{(\w)\}/g, (_, name: string) => values[name]!);
}

function asked({ phrasebook, sentences, words }: LessonSource, random: Random): Lesson | undefined {
  const text = pick(random, sentences);
  const near = estranged(text, phrasebook, { others: words, random });
  const further = estranged(text, phrasebook, { others: words, random });
  if (near === undefined || further === undefined || near === further) return undefined;
  return {
    kin: [text, reworded(text, phrasebook, random)],
    strangers: [near, reworded(further, phrasebook, random)],
  };
}

/**
 * At most `count` sentences of other prompts, each with a rewording and with a stranger, both by rule: a second held-out set.
 * Unlike the triples it is of others' sentences; like the lessons it is reworded by our rules.
 */
export function rewordedTriples(source: LessonSource, count: number, random: Random): Triple[] {
  const triples: Triple[] = [];
  for (let tries = 20 * count; triples.length < count && tries > 0; tries--) {
    const lesson = asked(source, random);
    if (lesson === undefined || lesson.kin[0] === lesson.kin[1]) continue;
    triples.push({ text: lesson.kin[0], kin: lesson.kin[1], stranger: lesson.strangers[0] });
  }
  return triples;
}
