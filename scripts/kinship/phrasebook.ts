/**
 * What people mean alike: frames of questions, what fills them, and words that stand for one another.
 *
 * All of it is made up for this project, so that weights learnt from it may ship. A frame is a list of
 * forms that ask the same of whatever stands at {x}; fillers of a slot are things that differ, so two
 * fillers make two questions. Kin words may replace one another in most sentences, not in all: they teach
 * by their number. Triples are held out: a text, another that asks the same, and a near one that does not;
 * they choose settings and never train.
 */
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { linesOf, rowOf } from "../dataset/lines.ts";

const frameSchema = z.strictObject({ slot: z.string(), forms: z.array(z.string()).min(2) });
const fillerSchema = z.strictObject({ slot: z.string(), fillers: z.array(z.string()).min(2) });
const kinWordsSchema = z.array(z.string()).min(2);
const tripleSchema = z.strictObject({ text: z.string(), kin: z.string(), stranger: z.string() });

/** Files beside this one that are learnt from. */
export const LISTS = ["frames.jsonl", "fillers.jsonl", "kinwords.jsonl"] as const;

export type Frame = z.output<typeof frameSchema>;
export type Triple = z.output<typeof tripleSchema>;

export interface Phrasebook {
  /** Frames by slot. */
  readonly frames: ReadonlyMap<string, readonly Frame[]>;
  /** A filler of the slot "two" is two names with a bar between. */
  readonly fillers: ReadonlyMap<string, readonly string[]>;
  /** The groups of kin words that a word or pair of words is in. */
  readonly kinOf: ReadonlyMap<string, readonly (readonly string[])[]>;
}

/** Reads the lists beside this file. */
export async function readPhrasebook(): Promise<Phrasebook> {
  const frames = new Map<string, Frame[]>();
  for (const frame of await rowsOf("frames.jsonl", frameSchema))
    frames.set(frame.slot, [...(frames.get(frame.slot) ?? []), frame]);
  const kinOf = new Map<string, string[][]>();
  for (const group of await rowsOf("kinwords.jsonl", kinWordsSchema))
    for (const word of group) kinOf.set(word, [...(kinOf.get(word) ?? []), group]);
  const fillers = await rowsOf("fillers.jsonl", fillerSchema);
  return { frames, kinOf, fillers: new Map(fillers.map((row) => [row.slot, row.fillers])) };
}

/** The held-out triples. */
export function readTriples(): Promise<readonly Triple[]> {
  return rowsOf("triples.jsonl", tripleSchema);
}

async function rowsOf<S extends z.ZodType>(name: string, schema: S): Promise<z.output<S>[]> {
  const rows: z.output<S>[] = [];
  for await (const line of linesOf(fileURLToPath(new URL(name, import.meta.url))))
    rows.push(rowOf(line, schema));
  return rows;
}
