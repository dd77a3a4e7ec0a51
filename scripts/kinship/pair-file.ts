/**
 * Files of text pairs that people have judged, `{a, b, equivalent, split?}` a line: for reports alone. No
 * setting is chosen by them and nothing is trained on them, since most of them may not ship.
 */
import { basename } from "node:path";
import { z } from "zod";
import { linesOf, rowOf } from "../dataset/lines.ts";
import { areaUnderCurve, recallAt, type Likeness } from "./measures.ts";

const pairSchema = z.looseObject({
  a: z.string(),
  b: z.string(),
  equivalent: z.boolean(),
  split: z.enum(["train", "valid"]).default("valid"),
});

export interface PairFile {
  readonly name: string;
  readonly pairs: readonly z.output<typeof pairSchema>[];
}

/** The pairs of the split `valid`. Throws an Error that names the line at fault. */
export async function readPairs(path: string): Promise<PairFile> {
  const pairs: z.output<typeof pairSchema>[] = [];
  for await (const line of linesOf(path)) {
    const pair = rowOf(line, pairSchema);
    if (pair.split === "valid") pairs.push(pair);
  }
  return { name: basename(path).replace(/\..*$/, ""), pairs };
}

/** How well pairs are told apart, in [0, 1]. */
export interface PairReport {
  readonly area: number;
  /** Recall where 99 of 100 pairs above the border are equivalent. */
  readonly recall99: number;
}

export function reportOf({ pairs }: PairFile, likeness: Likeness): PairReport {
  const scored = pairs.map(({ a, b, equivalent }) => ({ score: likeness(a, b), equivalent }));
  const kin = scored.filter(({ equivalent }) => equivalent).map(({ score }) => score);
  const strangers = scored.filter(({ equivalent }) => !equivalent).map(({ score }) => score);
  return { area: areaUnderCurve(kin, strangers), recall99: recallAt(0.99, kin, strangers) };
}
