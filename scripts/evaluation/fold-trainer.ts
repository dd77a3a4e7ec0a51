/**
 * What the protocols that need routers of their own ask for one: it is taken from the cache or trained before
 * the user's eyes, which takes minutes.
 */
import type { Release, ReleaseFiles } from "../../router-models/release.ts";
import type { OutcomeRow } from "../dataset/outcome-file.ts";
import { createProgress } from "../report/progress.ts";
import type { FamilyName } from "../training/families.ts";
import type { PriceSources } from "./costs.ts";
import { cachedFold } from "./fold-cache.ts";
import { trainFold } from "./train-fold.ts";

export interface Fold {
  readonly rows: readonly OutcomeRow[];
  /** Tells these rows from those of any other fold. */
  readonly data: readonly string[];
  /** What the progress bar says. */
  readonly label: string;
}

export type FoldTrainer = (fold: Fold) => Promise<Release>;

export interface FoldTraining {
  readonly family: FamilyName;
  readonly prices: PriceSources;
  readonly seed: number;
  /** Where trained folds are kept: nowhere unless given. */
  readonly keep?: string | undefined;
}

export function foldTrainer({ family, prices, seed, keep }: FoldTraining): FoldTrainer {
  return ({ rows, data, label }) => {
    async function train(): Promise<ReleaseFiles> {
      const progress = createProgress(label, 1);
      try {
        return await trainFold({
          rows,
          family,
          prices,
          seed,
          onProgress: (done, total, note) => progress.update(done, note, total),
        });
      } finally {
        progress.finish();
      }
    }
    return cachedFold(
      keep,
      { family, data, prices, seed },
      { train, onNote: (note) => console.error(note) },
    );
  };
}
