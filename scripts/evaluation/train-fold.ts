/**
 * Trains the router of one fold, as `npm run train` would train on these rows.
 *
 * Only the plan that comes first is tried: which plan is best was decided for the release, and deciding
 * it anew in every fold would take four times as long. Rows that are not for training are refused, and so
 * an imported row can never get in.
 */
import { openRelease, type ReleaseFiles } from "../../router-models/release.ts";
import type { OutcomeRow } from "../dataset/outcome-file.ts";
import { examplesOf, modelsOf } from "../training/examples.ts";
import { fitFamily, type FamilyName } from "../training/families.ts";
import { pricesOf, withTokens } from "../training/prices.ts";
import { releaseFiles } from "../training/release-files.ts";
import { SETTINGS, shapeFor } from "../training/settings.ts";
import type { PriceSources } from "./costs.ts";

export interface FoldInput {
  /** Training rows only. */
  readonly rows: readonly OutcomeRow[];
  readonly family: FamilyName;
  readonly prices: PriceSources;
  readonly seed: number;
  readonly onProgress: (done: number, total: number, note: string) => void;
}

/** The release's files. Rejects where there is no row, or one that must not be trained on. */
export async function trainFold({
  rows,
  family,
  prices: sources,
  seed,
  onProgress,
}: FoldInput): Promise<ReleaseFiles> {
  const foreign = rows.find((row) => row.split !== "train" || "imported" in row);
  if (foreign !== undefined) throw new Error(`${foreign.id}: not a row to train on`);
  const models = modelsOf(rows);
  const prices = pricesOf(rows, models, sources);
  const shape = shapeFor(rows.length);
  const examples = examplesOf(withTokens(rows, prices), { models, tableRows: shape.tableRows });
  const fitted = await fitFamily(family, {
    examples,
    models: models.length,
    hyperparameters: { shape, ...SETTINGS },
    seed,
    hasTime: () => false,
    onProgress,
  });
  const { files } = await releaseFiles({
    name: "fold",
    version: "0.0.0",
    fit: fitted,
    examples,
    models,
    prices,
    seed,
    commit: "unknown",
    data: [],
  });
  await openRelease(files); // Better here than when it is taken from the cache.
  return files;
}
