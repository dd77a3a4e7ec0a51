/**
 * Files of pairs: two texts and whether one answer serves both, one JSON object per line.
 *
 * The licence of most such sets forbids that anything which ships is fitted or chosen on them, so they come in here
 * and nowhere else: what is read is judged by, never learnt from.
 */
import { basename } from "node:path";
import { z } from "zod";
import { linesOf, rowOf } from "../../dataset/lines.ts";
import { componentsOf } from "./components.ts";
import type { CacheOptions } from "./options.ts";

const rowSchema = z.object({
  a: z.string().regex(/\S/u, "is blank"),
  b: z.string().regex(/\S/u, "is blank"),
  equivalent: z.boolean(),
  split: z.enum(["train", "valid"]).default("valid"),
});

export type PairRow = z.output<typeof rowSchema>;

export interface PairFile {
  /** The file's, without its ending. */
  readonly name: string;
  /** Of the split that was asked for. */
  readonly rows: readonly PairRow[];
  /** Each text of any split, once. */
  readonly allTexts: readonly string[];
  readonly noise: LabelNoise;
}

/**
 * How far the labels of a file contradict themselves, over all of its rows. Both shares are floors: below them no
 * method's errors are its own.
 */
export interface LabelNoise {
  /** Pairs that say the same word for word, but for case, blanks and closing marks, and those labelled different. */
  readonly equal: number;
  readonly equalButDifferent: number;
  /** Pairs that a chain of pairs labelled equivalent joins, and those labelled different. */
  readonly chained: number;
  readonly chainedButDifferent: number;
}

/** Throws an Error that names file, line and field where a row cannot be used, and the file where none is left. */
export async function readPairs(
  path: string,
  { split }: Pick<CacheOptions, "split">,
): Promise<PairFile> {
  const all: PairRow[] = [];
  for await (const line of linesOf(path)) all.push(rowOf(line, rowSchema));
  const rows = split === "all" ? all : all.filter((row) => row.split === split);
  if (rows.length === 0) throw new Error(`${path}: no rows of split "${split}"`);
  return {
    name: basename(path).replace(/\.jsonl(?:\.gz)?$/u, ""),
    rows,
    allTexts: [...new Set(all.flatMap(({ a, b }) => [a, b]))],
    noise: labelNoise(all),
  };
}

export function labelNoise(rows: readonly PairRow[]): LabelNoise {
  const places = new Map<string, number>();
  for (const text of rows.flatMap(({ a, b }) => [a, b]))
    if (!places.has(text)) places.set(text, places.size);
  const links = rows
    .filter(({ equivalent }) => equivalent)
    .map(({ a, b }) => [places.get(a)!, places.get(b)!] as const);
  const meanings = componentsOf(places.size, links);
  const equal = rows.filter(({ a, b }) => plainly(a) === plainly(b));
  const chained = rows.filter(({ a, b }) => meanings[places.get(a)!] === meanings[places.get(b)!]);
  return {
    equal: equal.length,
    equalButDifferent: equal.filter(({ equivalent }) => !equivalent).length,
    chained: chained.length,
    chainedButDifferent: chained.filter(({ equivalent }) => !equivalent).length,
  };
}

function plainly(text: string): string {
  return text
    .normalize("NFKC")
    .toLowerCase()
    .replaceAll(/\s+(?=[?!.,]|$)|^\s+/gu, "")
    .replaceAll(/\s+/gu, " ")
    .replace(/[?!.]+$/u, "");
}
