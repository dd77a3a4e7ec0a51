/**
 * The learned baselines, on one lesson: nearest neighbours, and straight lines through all features,
 * through the surface statistics, and through the prompt's length alone.
 */
import { STATISTICS } from "../../../router-models/features/statistics.ts";
import type { OutcomeRow } from "../../dataset/outcome-file.ts";
import { learnNeighbours } from "./knn.ts";
import type { Learnt, Lesson } from "./lesson.ts";
import { learnRidge } from "./ridge.ts";
import type { FeatureReader } from "./row-features.ts";

/** Targets of a lesson by name, predicted for a row. */
export interface Baseline {
  readonly of: (row: OutcomeRow) => readonly number[];
  /** k, or the penalty. */
  readonly setting: number;
}

export type LearnedBaseline = "ridge" | "knn" | "statistics";

/** Each baseline on the same rows. `targets` are by target, then by row; NaN where a row has none. */
export function learnBaselines(
  rows: readonly OutcomeRow[],
  targets: readonly Float64Array[],
  reader: FeatureReader,
): Record<LearnedBaseline, Baseline> {
  const lesson = lessonOf(rows, targets, reader);
  const { tableRows } = reader;
  return {
    ridge: remembering(learnRidge(lesson, { tableRows, statistics: STATISTICS }), reader),
    knn: remembering(learnNeighbours(lesson, tableRows), reader),
    statistics: remembering(learnRidge(lesson, { tableRows: 0, statistics: STATISTICS }), reader),
  };
}

/** The straight line through the logarithm of the prompt's characters. */
export function learnLength(
  rows: readonly OutcomeRow[],
  targets: readonly Float64Array[],
  reader: FeatureReader,
): Baseline {
  const columns = { tableRows: 0, statistics: ["userChars"] as const };
  return remembering(learnRidge(lessonOf(rows, targets, reader), columns), reader);
}

function lessonOf(
  rows: readonly OutcomeRow[],
  targets: readonly Float64Array[],
  reader: FeatureReader,
): Lesson {
  return { features: rows.map(reader.of), gids: rows.map(({ gid }) => gid), targets };
}

/** A row is asked about once for each model. */
function remembering({ predict, setting }: Learnt, reader: FeatureReader): Baseline {
  const known = new WeakMap<OutcomeRow, readonly number[]>();
  return {
    setting,
    of(row) {
      let predicted = known.get(row);
      if (predicted === undefined) {
        predicted = predict(reader.of(row));
        known.set(row, predicted);
      }
      return predicted;
    },
  };
}
