/**
 * Lets a release answer the valid rows of sets, and makes the sets ready for the metrics.
 *
 * `examineOwn` is for sets that the release learnt: models have their trained rows. `examineForeign` is
 * for one that it did not: its models are placed by their means (placed-models.ts), and the baselines
 * have learnt the gaps of other sets (transfer.ts). The router is run as it is served: the same scorer,
 * the same WebAssembly, its golden vectors first. Every prompt is scored a second time as a careless
 * typist would send it.
 */
import type { Manifest } from "../../router-models/manifest.ts";
import { trainedPanel } from "../../router-models/placement.ts";
import type { Release } from "../../router-models/release.ts";
import type { PanelModel } from "../../router-models/scorer.ts";
import { hashText, randomFrom } from "../../worker/lib/prng.ts";
import type { OutcomeRow } from "../dataset/outcome-file.ts";
import { featureReader, type FeatureReader } from "./baselines/row-features.ts";
import type { PriceSources } from "./costs.ts";
import type { LoadedSet } from "./loaded-set.ts";
import { withGraph, type OpenGraph } from "./onnx-graph.ts";
import { placeByMeans } from "./placed-models.ts";
import { prepareSet, type PreparedSet } from "./prepare-set.ts";
import { scoreRows, type Forecasts } from "./router-scores.ts";
import { contend, foreignModels } from "./set-contenders.ts";
import type { GapBaselines } from "./transfer.ts";
import { withSlips } from "./typing-noise.ts";

export interface Examination {
  readonly prices: PriceSources;
  readonly seed: number;
  /** Called for each prompt scored: twice for each valid row. */
  readonly onScored?: () => void;
}

export interface Examined {
  readonly sets: readonly PreparedSet[];
  /** Sets that could not be made ready, and why. */
  readonly skipped: readonly { readonly name: string; readonly why: string }[];
}

/** Rejects where the release does not answer as it must, or no set can be made ready. */
export async function examineOwn(
  sets: readonly LoadedSet[],
  release: Release,
  { prices, seed, onScored }: Examination,
): Promise<Examined> {
  const { manifest } = release;
  const features = featureReader(manifest.features.tableRows);
  const twins = twinsOf(sets.flatMap(({ rows }) => sidesOf(rows).examined));
  const forecasts = await withGraph(release, (graph) =>
    forecastsOf(twins, trainedPanel(manifest), { manifest, graph, onScored }),
  );
  return examineEach(sets, ({ name, rows }) =>
    Promise.resolve(
      prepareSet(
        contend({ name, ...sidesOf(rows), forecasts, manifest, prices, features, seed, twins }),
      ),
    ),
  );
}

/** All that can be made ready, and why the others could not. Rejects where none can. */
export async function examineEach<S extends { readonly name: string }>(
  sets: readonly S[],
  examine: (set: S) => Promise<PreparedSet>,
): Promise<Examined> {
  const prepared: PreparedSet[] = [];
  const skipped: { name: string; why: string }[] = [];
  for (const set of sets) {
    try {
      prepared.push(await examine(set));
    } catch (error) {
      skipped.push({ name: set.name, why: error instanceof Error ? error.message : String(error) });
    }
  }
  if (prepared.length === 0)
    throw new Error(`Nothing to evaluate: ${skipped.map(({ why }) => why).join("; ")}`);
  return { sets: prepared, skipped };
}

/** What was learnt from other sets. */
export interface Learnt {
  readonly release: Release;
  readonly gaps: GapBaselines;
  readonly features: FeatureReader;
}

/** Rejects where the release does not answer as it must, or the set cannot be made ready. */
export async function examineForeign(
  { name, rows }: Pick<LoadedSet, "name" | "rows">,
  { release, gaps, features }: Learnt,
  { prices, seed, onScored }: Examination,
): Promise<PreparedSet> {
  const { manifest } = release;
  const sides = sidesOf(rows);
  const twins = twinsOf(sides.examined);
  const { models } = foreignModels({ name, ...sides, prices });
  const known = sides.learnt.length > 0 ? sides.learnt : rows;
  const forecasts = await withGraph(release, async (graph) => {
    const panel = await placeByMeans(models, known, { manifest, graph });
    return forecastsOf(twins, panel, { manifest, graph, onScored });
  });
  return prepareSet(
    contend({ name, ...sides, forecasts, manifest, prices, features, seed, twins, gaps }),
  );
}

function sidesOf(rows: readonly OutcomeRow[]): Record<"learnt" | "examined", OutcomeRow[]> {
  return {
    learnt: rows.filter(({ split }) => split === "train"),
    examined: rows.filter(({ split }) => split === "valid"),
  };
}

/** The rows, each with itself typed carelessly; the slips depend on the question alone. */
export function twinsOf(rows: readonly OutcomeRow[]): ReadonlyMap<OutcomeRow, OutcomeRow> {
  return new Map(
    rows.map((row) => [
      row,
      { ...row, prompt: withSlips(row.prompt, randomFrom(hashText(row.gid))) },
    ]),
  );
}

interface Asking {
  readonly manifest: Manifest;
  readonly graph: OpenGraph;
  readonly onScored: (() => void) | undefined;
}

/** What the router expects of the models on the rows and on their twins. */
export function forecastsOf(
  twins: ReadonlyMap<OutcomeRow, OutcomeRow>,
  panel: readonly PanelModel[],
  { manifest, graph, onScored }: Asking,
): Promise<Forecasts> {
  return scoreRows([...twins.keys(), ...twins.values()], {
    manifest,
    panel,
    graph,
    ...(onScored === undefined ? {} : { onRow: onScored }),
  });
}
