/**
 * Features of outcome rows, extracted when first asked for and kept: several baselines and folds read the
 * same rows, and extraction is what they all spend most of their time on.
 */
import { extractFeatures, type Features } from "../../../router-models/features/extract.ts";
import { promptOfText } from "../../../router-models/features/prompt.ts";
import type { OutcomeRow } from "../../dataset/outcome-file.ts";

export interface FeatureReader {
  /** Of the table that the bags' ids point into. */
  readonly tableRows: number;
  readonly of: (row: OutcomeRow) => Features;
}

/** A reader over a table of `tableRows` rows, a power of two. */
export function featureReader(tableRows: number): FeatureReader {
  const known = new WeakMap<OutcomeRow, Features>();
  return {
    tableRows,
    of(row) {
      let features = known.get(row);
      if (features === undefined) {
        features = extractFeatures(promptOfText(row.prompt), tableRows);
        known.set(row, features);
      }
      return features;
    },
  };
}
