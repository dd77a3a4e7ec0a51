/**
 * Cross-validation over training rows: what a router makes of questions it has not seen, on seven times as
 * many rows as are kept for validation.
 *
 * Questions fall into folds by a hash, so one that stands in several sets is in one fold. For each fold a
 * router learns the other folds of all sets together and is asked about the rows left out; the baselines of
 * a set learn the very same rows of it. Every training row is examined once. It is not a release that is
 * judged, but the way in which releases are made. Valid rows are neither learnt nor examined: they remain
 * the check of the release itself that nobody has looked at through this protocol.
 *
 * Training a fold takes minutes. Who trains it, and whether it was kept from an earlier run, is the
 * caller's business.
 *
 * Source: Stone 1974 (cross-validatory choice and assessment).
 */
import { trainedPanel } from "../../router-models/placement.ts";
import type { Release } from "../../router-models/release.ts";
import { hashText } from "../../worker/lib/prng.ts";
import type { OutcomeRow } from "../dataset/outcome-file.ts";
import { featureReader } from "./baselines/row-features.ts";
import { crossSet, type FoldRouter } from "./cross-set.ts";
import { examineEach, forecastsOf, twinsOf, type Examination, type Examined } from "./examine.ts";
import { trainingRows, type LoadedSet } from "./loaded-set.ts";
import { withGraph } from "./onnx-graph.ts";
import { prepareSet } from "./prepare-set.ts";

export interface CrossInput extends Examination {
  readonly sets: readonly LoadedSet[];
  /** Number of folds, at least 2. */
  readonly folds: number;
  /** Rows of the hashed bags that the baselines read, a power of two. */
  readonly tableRows: number;
  /** A router trained on these rows; `fold`, from 0, is the one they leave out. */
  readonly train: (rows: readonly OutcomeRow[], fold: number) => Promise<Release>;
}

/** Rejects where a fold cannot be trained, or no set can be made ready. */
export async function examineCross(input: CrossInput): Promise<Examined> {
  const { sets, folds, prices, seed, onScored } = input;
  const rows = trainingRows(sets);
  const twins = twinsOf(rows);
  function foldOf({ gid }: OutcomeRow): number {
    return hashText(`cross:${gid}`) % folds;
  }
  const routers: FoldRouter[] = [];
  for (let fold = 0; fold < folds; fold++) {
    const release = await input.train(
      rows.filter((row) => foldOf(row) !== fold),
      fold,
    );
    const { manifest } = release;
    const leftOut = new Map([...twins].filter(([row]) => foldOf(row) === fold));
    const forecasts = await withGraph(release, (graph) =>
      forecastsOf(leftOut, trainedPanel(manifest), { manifest, graph, onScored }),
    );
    routers.push({ manifest, forecasts });
  }
  const features = featureReader(input.tableRows);
  return examineEach(sets, async (set) => {
    const examined = trainingRows([set]);
    const { name } = set;
    return prepareSet(
      crossSet({ name, examined, twins, prices, features, seed, folds: routers, foldOf }),
    );
  });
}
