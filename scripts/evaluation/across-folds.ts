/**
 * The contenders of all folds as one: asked about a row it answers as the fold that left the row out.
 *
 * To rank rows of different folds by their opinions would be unfair. Where rows went well that a fold
 * leaves out, they are missed by who learns the others: the opinion is the lower, the better the outcome.
 * A contender that has learnt nothing but the mean would come out far below a coin, and one that learns
 * from little below one that learns from much. So a row is ranked among those of its own fold, as if each
 * fold had thresholds of its own, and gets the value that stands at the same rank over all folds. No
 * outcome is read for this, all contenders are treated alike, and no two rows of a fold change places.
 * What is decided row by row, such as the model of most quality for its price, is not unfair and stays as
 * the fold has it.
 *
 * Source: Parker, Guenter and Bedo 2007 (the bias of pooled cross-validation).
 */
import type { OutcomeRow } from "../dataset/outcome-file.ts";
import type { Estimator } from "./controls.ts";

type FoldOf = (row: OutcomeRow) => number;

/** `rows` are those that will be ranked, of all folds; `foldOf` indexes into the estimators. */
export function acrossFolds(
  estimators: readonly Estimator[],
  rows: readonly OutcomeRow[],
  foldOf: FoldOf,
): Estimator {
  const scales = new Map<string, (row: OutcomeRow, lead: number) => number>();
  function quality(row: OutcomeRow, model: string): number {
    return estimators[foldOf(row)]!.quality(row, model);
  }
  return {
    quality,
    costUsd: (row, model) => estimators[foldOf(row)]!.costUsd(row, model),
    lead(row, [model, other]) {
      function ownLead(asked: OutcomeRow): number {
        return quality(asked, model) - quality(asked, other);
      }
      const key = JSON.stringify([model, other]);
      const scale = scales.get(key) ?? commonScale(rows, ownLead, foldOf);
      scales.set(key, scale);
      return scale(row, ownLead(row));
    },
  };
}

function commonScale(
  rows: readonly OutcomeRow[],
  valueOf: (row: OutcomeRow) => number,
  foldOf: FoldOf,
): (row: OutcomeRow, value: number) => number {
  const all = sorted(rows, valueOf);
  const folds = new Map(
    [...Map.groupBy(rows, foldOf)].map(([fold, own]) => [fold, sorted(own, valueOf)]),
  );
  return (row, value) => {
    const own = folds.get(foldOf(row))!;
    return valueAt(all, rankIn(own, value) * (all.length / own.length));
  };
}

function sorted(rows: readonly OutcomeRow[], valueOf: (row: OutcomeRow) => number): Float64Array {
  return Float64Array.from(rows, valueOf).toSorted();
}

/** 0 to the number of values; equal ones share the middle of their ranks. */
function rankIn(values: Float64Array, value: number): number {
  const below = countWhile(values, (other) => other < value);
  const upTo = countWhile(values, (other) => other <= value);
  return (below + upTo) / 2;
}

/** Between the two values nearest to the rank, so that at a value's own rank it is the value. */
function valueAt(values: Float64Array, rank: number): number {
  const place = Math.min(Math.max(rank - 0.5, 0), values.length - 1);
  const low = values[Math.floor(place)]!;
  return low + (values[Math.ceil(place)]! - low) * (place % 1);
}

/** How many of the first values it holds for; of ascending values none later. */
function countWhile(values: Float64Array, holds: (value: number) => boolean): number {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(values[middle]!)) low = middle + 1;
    else high = middle;
  }
  return low;
}
