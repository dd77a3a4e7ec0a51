/**
 * Where a prompt stands among the traffic that a router was trained on.
 *
 * A release remembers little of its training traffic: for each surface statistic the nine values between its tenths, and
 * which rows of the table are its common ones, the fewest that hold most of all grams' weight. By these every prompt gets
 * a digit for each statistic, the tenth that it falls into, and its novelty, the share of its own grams' weight that lies
 * on other rows. Words that training has never seen fall on rows as chance will have it, few of which are common; that
 * they fall on rows that were never used cannot be hoped for, since thousands of prompts use them all. Neither tells what
 * was asked. What many prompts' digits say of a drift is judged elsewhere.
 */
import { z } from "zod";
import type { Features } from "./features/extract.ts";
import { STATISTICS } from "./features/statistics.ts";

const TENTHS = 10;
/** Of the training grams' weight, on common rows. */
const COMMON_SHARE = 0.8;

export const referenceSchema = z.strictObject({
  /** By statistic: nine values, ascending, often equal; a value belongs above every one that it exceeds. */
  edges: z.array(z.array(z.number()).length(TENTHS - 1)).length(STATISTICS.length),
  /** By statistic: the share of the training traffic in each of the tenths, which ties make unequal. */
  shares: z.array(z.array(z.number().min(0).max(1)).length(TENTHS)).length(STATISTICS.length),
  /** A bit for each row of the table, the lowest first, base64: whether it is a common one. */
  commonRows: z.base64(),
  /** Mean novelty of prompts that training has not seen, 0 to 1. */
  novelty: z.number().min(0).max(1),
});
export type Reference = z.infer<typeof referenceSchema>;

/** A prompt's place. */
export interface Place {
  /** A digit for each statistic, in their order. */
  readonly deciles: string;
  /** Share of the grams' weight on uncommon rows, 0 to 1; 0 for a prompt without grams. */
  readonly novelty: number;
}

/** Tells places by one release's reference. */
export class Surveyor {
  readonly #edges: Reference["edges"];
  readonly #common: Uint8Array;

  constructor({ edges, commonRows }: Pick<Reference, "edges" | "commonRows">) {
    this.#edges = edges;
    this.#common = Uint8Array.from(atob(commonRows), (unit) => unit.charCodeAt(0));
  }

  placeOf({ statistics, ids, weights }: Features): Place {
    const deciles = this.#edges.map((edges, s) => decileOf(statistics[s]!, edges)).join("");
    let [all, uncommon] = [0, 0];
    for (let i = 0; i < ids.length; i++) {
      const mass = weights[i]! * weights[i]!;
      all += mass;
      if (!this.#isCommon(ids[i]!)) uncommon += mass;
    }
    return { deciles, novelty: all === 0 ? 0 : Math.min(uncommon / all, 1) };
  }

  #isCommon(row: number): boolean {
    return ((this.#common[row >> 3] ?? 0) & (1 << (row & 7))) !== 0;
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
  const masses = new Float64Array(tableRows);
  for (const { statistics, ids, weights } of seen) {
    statistics.forEach((value, s) => values[s]!.push(value));
    ids.forEach((row, i) => (masses[row]! += weights[i]! ** 2));
  }
  const edges = values.map(edgesOf);
  const shares = values.map((column, s) => sharesOf(column, edges[s]!));
  const commonRows = bitsOf(commonIn(masses), tableRows);
  const surveyor = new Surveyor({ edges, commonRows });
  const novelties = Array.from(unseen, (features) => surveyor.placeOf(features).novelty);
  const novelty = novelties.reduce((sum, one) => sum + one, 0) / Math.max(novelties.length, 1);
  return { edges, shares, commonRows, novelty };
}

/** The fewest rows that hold their share of all mass. */
function commonIn(masses: Float64Array): number[] {
  const rows = Array.from(masses.keys()).toSorted((a, b) => masses[b]! - masses[a]! || a - b);
  let left = COMMON_SHARE * masses.reduce((sum, mass) => sum + mass, 0);
  const first = rows.findIndex((row) => (left -= masses[row]!) <= 0);
  return rows.slice(0, first + 1);
}

function bitsOf(rows: readonly number[], tableRows: number): string {
  const bits = new Uint8Array(tableRows >> 3);
  for (const row of rows) bits[row >> 3]! |= 1 << (row & 7);
  return btoa(Array.from(bits, (byte) => String.fromCharCode(byte)).join(""));
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
