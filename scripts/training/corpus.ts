/**
 * What the training rows say about features as such: how rare each table row is, and the mean and
 * spread of each surface statistic. Fitted on training rows only, then fixed; both ship in the graph.
 *
 * A table row that fewer than `minDocuments` prompts use gets idf 0: its vector would be learnt from
 * one prompt, which is remembering, not learning. A gram never seen falls on such a row (or collides
 * with a known one) and so says nothing, as it should.
 */
import type { Standardisation } from "../../router-models/families/mf.ts";
import { STATISTICS } from "../../router-models/features/statistics.ts";
import type { Example } from "./examples.ts";

export interface Corpus {
  /** float32 [tableRows], >= 0 */
  readonly idf: Float32Array<ArrayBuffer>;
  readonly standardisation: Standardisation;
}

export function describeCorpus(
  examples: readonly Example[],
  { tableRows, minDocuments }: { tableRows: number; minDocuments: number },
): Corpus {
  const documents = new Uint32Array(tableRows);
  for (const { features } of examples) for (const id of new Set(features.ids)) documents[id]!++;
  const idf = Float32Array.from(documents, (count) =>
    count < minDocuments ? 0 : Math.log((1 + examples.length) / (1 + count)) + 1,
  );
  return { idf, standardisation: standardise(examples) };
}

function standardise(examples: readonly Example[]): Standardisation {
  const n = Math.max(examples.length, 1);
  const mean = STATISTICS.map(
    (_, s) => examples.reduce((sum, { features }) => sum + features.statistics[s]!, 0) / n,
  );
  const deviation = STATISTICS.map((_, s) =>
    Math.sqrt(
      examples.reduce((sum, { features }) => sum + (features.statistics[s]! - mean[s]!) ** 2, 0) /
        n,
    ),
  );
  return { mean, deviation };
}
