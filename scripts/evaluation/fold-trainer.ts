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
  readonly cache?: string | undefined;
}

export function foldTrainer({ cache, ...training }: FoldTraining): FoldTrainer {
  const { family, seed } = training;
  return ({ rows, data, label }) => {
    async function train(): Promise<ReleaseFiles> {
      const progress = createProgress(label, 1);
      const files = await trainFold({
        ...training,
        rows,
        onProgress: (done, total, note) => progress.update(done, note, total),
      });
      progress.finish();
      return files;
    }
    return cachedFold(
      cache,
      { family, data, seed },
      { train, onNote: (note) => console.error(note) },
    );
  };
}
