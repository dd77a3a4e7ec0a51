/**
 * What the training rows say about features as such: which table rows are known, and the mean and spread
 * of each surface statistic. Fitted on training rows only, then fixed; both ship in the graph.
 *
 * A table row that fewer than `minDocuments` prompts use is not known: its vector would be learnt from one
 * prompt, which is remembering, not learning, so it stays zero. A gram never seen falls on such a row (or
 * collides with a known one) and so says nothing. It still takes its share of the bag's length, which is
 * how the lexical branch falls silent on foreign prompts.
 */
import type { Standardisation } from "../../router-models/families/mf.ts";
import { STATISTICS } from "../../router-models/features/statistics.ts";
import type { Examples } from "./examples.ts";

export interface Corpus {
  /** 1 or 0 for each table row: [tableRows]. */
  readonly isKnown: Uint8Array;
  readonly standardisation: Standardisation;
}

export function describeCorpus(
  examples: Examples,
  { tableRows, minDocuments }: { tableRows: number; minDocuments: number },
): Corpus {
  const documents = new Uint32Array(tableRows);
  for (const { features } of examples) for (const id of new Set(features.ids)) documents[id]!++;
  const isKnown = Uint8Array.from(documents, (count) => (count < minDocuments ? 0 : 1));
  return { isKnown, standardisation: standardise(examples) };
}

function standardise(examples: Examples): Standardisation {
  const n = Math.max(examples.length, 1);
  const sums = STATISTICS.map(() => 0);
  for (const { features } of examples) features.statistics.forEach((x, s) => (sums[s]! += x));
  const mean = sums.map((sum) => sum / n);
  const squares = STATISTICS.map(() => 0);
  for (const { features } of examples)
    features.statistics.forEach((x, s) => (squares[s]! += (x - mean[s]!) ** 2));
  return { mean, deviation: squares.map((sum) => Math.sqrt(sum / n)) };
}
