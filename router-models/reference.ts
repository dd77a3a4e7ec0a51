/**
 * Where a prompt stands among the traffic that a router was trained on.
 *
 * A release remembers little of its training traffic: for each surface statistic the nine values between its tenths, and
 * which rows of the table any prompt has used. By these every prompt gets a digit for each statistic, the tenth that
 * it falls into, and the share of its grams, by weight, that training has never seen. Neither tells what was asked. What
 * many prompts' digits say of a drift is judged elsewhere.
 */
import { z } from "zod";
import type { Features } from "./features/extract.ts";
import { STATISTICS } from "./features/statistics.ts";

const TENTHS = 10;

export const referenceSchema = z.strictObject({
  /** By statistic: nine values, ascending, often equal; a value belongs above every one that it exceeds. */
  edges: z.array(z.array(z.number()).length(TENTHS - 1)).length(STATISTICS.length),
  /** By statistic: the share of the training traffic in each of the tenths, which ties make unequal. */
  shares: z.array(z.array(z.number().min(0).max(1)).length(TENTHS)).length(STATISTICS.length),
  /** A bit for each row of the table, the lowest first, base64: whether any training prompt has used it. */
  seenRows: z.base64(),
  /** Mean novelty of prompts that training has not seen, 0 to 1. */
  novelty: z.number().min(0).max(1),
});
export type Reference = z.infer<typeof referenceSchema>;

/** A prompt's place. */
export interface Place {
  /** A digit for each statistic, in their order. */
  readonly deciles: string;
  /** Share of the grams' weight that training has never seen, 0 to 1; 0 for a prompt without grams. */
  readonly novelty: number;
}

/** Tells places by one release's reference. */
export class Surveyor {
  readonly #edges: Reference["edges"];
  readonly #seen: Uint8Array;

  constructor({ edges, seenRows }: Pick<Reference, "edges" | "seenRows">) {
    this.#edges = edges;
    this.#seen = Uint8Array.from(atob(seenRows), (unit) => unit.charCodeAt(0));
  }

  placeOf({ statistics, ids, weights }: Features): Place {
    const deciles = this.#edges.map((edges, s) => decileOf(statistics[s]!, edges)).join("");
    let [all, unseen] = [0, 0];
    for (let i = 0; i < ids.length; i++) {
      const mass = weights[i]! ** 2;
      all += mass;
      if (!this.#hasSeen(ids[i]!)) unseen += mass;
    }
    return { deciles, novelty: all === 0 ? 0 : Math.min(unseen / all, 1) };
  }

  #hasSeen(row: number): boolean {
    return ((this.#seen[row >> 3] ?? 0) & (1 << (row & 7))) !== 0;
  }
}

function decileOf(value: number, edges: readonly number[]): number {
  let tenth = 0;
  for (const edge of edges) if (value > edge) tenth++;
  return tenth;
}

/** The reference of training prompts. @param unseen Prompts like them that did not train the router. */
export function referenceOf(
  seen: Iterable<Features>,
  { unseen, tableRows }: { unseen: Iterable<Features>; tableRows: number },
): Reference {
  const values: number[][] = STATISTICS.map(() => []);
  const rows = new Uint8Array(tableRows >> 3);
  for (const { statistics, ids } of seen) {
    statistics.forEach((value, s) => values[s]!.push(value));
    for (const row of ids) rows[row >> 3]! |= 1 << (row & 7);
  }
  const edges = values.map(edgesOf);
  const shares = values.map((column, s) => sharesOf(column, edges[s]!));
  const seenRows = btoa(Array.from(rows, (byte) => String.fromCharCode(byte)).join(""));
  const surveyor = new Surveyor({ edges, seenRows });
  const novelties = Array.from(unseen, (features) => surveyor.placeOf(features).novelty);
  const novelty = novelties.reduce((sum, one) => sum + one, 0) / Math.max(novelties.length, 1);
  return { edges, shares, seenRows, novelty };
}

/** @param column At least one value. */
function edgesOf(column: readonly number[]): number[] {
  const sorted = column.toSorted((a, b) => a - b);
  return Array.from({ length: TENTHS - 1 }, (_, k) => {
    return sorted[Math.floor(((k + 1) * sorted.length) / TENTHS)]!;
  });
}

function sharesOf(column: readonly number[], edges: readonly number[]): number[] {
  const counts: number[] = Array.from({ length: TENTHS }, () => 0);
  for (const value of column) counts[decileOf(value, edges)]!++;
  return counts.map((one) => Number((one / column.length).toPrecision(6)));
}
