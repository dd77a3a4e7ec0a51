/**
 * How often certificates break their promise, set by set: once for the strong and the weak model of a set
 * alone, once for all its models. Sets that cannot be examined are named with the reason.
 */
import type { CatalogModel } from "../../router-models/catalog.ts";
import type { FloorClaim } from "../../router-models/certificate.ts";
import type { Forecast } from "../../router-models/scorer.ts";
import { randomFrom } from "../../worker/lib/prng.ts";
import type { OutcomeRow } from "../dataset/outcome-file.ts";
import { meanQuality } from "../evaluation/controls.ts";
import { choosePair } from "../evaluation/pair.ts";
import { testPanel, type Panel } from "./panel.ts";
import type { ViolationReport } from "./report.ts";
import { countViolations, type SetResult } from "./violations.ts";

export interface ScoredSet {
  readonly name: string;
  /** Of the file's bytes, as a manifest names what a router learnt from. */
  readonly sha256: string;
  /** Rows that the router has not learnt. */
  readonly rows: readonly OutcomeRow[];
  readonly trainRows: readonly OutcomeRow[];
}

/** Sets whose `rows` the router has scored. */
export interface ScoredSets {
  readonly sets: readonly ScoredSet[];
  /** Models that the forecasts speak of, with the prices to choose by. */
  readonly catalog: readonly CatalogModel[];
  readonly forecasts: ReadonlyMap<OutcomeRow, Forecast>;
}

export interface Examination {
  readonly claim: FloorClaim;
  /** version@id of the release. */
  readonly router: string;
  /** Draws of every set, for its pair and again for all its models. */
  readonly draws: number;
  readonly seed: number;
  /** Told after each draw, of 2 · draws · sets. */
  readonly onProgress?: (done: number) => void;
}

export function examine(
  scored: ScoredSets,
  { claim, router, draws, seed, onProgress }: Examination,
): ViolationReport {
  let done = 0;
  let examined = 0;
  const drawing = { draws, onDraw: () => onProgress?.(++done) };
  const skipped: string[] = [];
  function resultsOf(panelOf: (set: ScoredSet) => Panel): SetResult[] {
    return scored.sets.flatMap((set) => {
      try {
        return countViolations(panelOf(set), claim, { ...drawing, random: randomFrom(seed) });
      } catch (error) {
        skipped.push(error instanceof Error ? error.message : String(error));
        return [];
      } finally {
        onProgress?.((done = ++examined * draws)); // A set that is too small is not drawn from.
      }
    });
  }
  const { floor } = claim;
  const pairs = resultsOf((set) =>
    testPanel({ ...scored, ...set, floor, catalog: pairOf(set, scored) }),
  );
  const panels = resultsOf((set) => testPanel({ ...scored, ...set, floor }));
  return { router, claim, draws, seed, pairs, panels, skipped: [...new Set(skipped)] };
}

/**
 * The strong and the weak model that train rows suggest. Of their prices only the order matters here.
 * Throws an Error where no two models differ, or the router holds the weak one for the stronger.
 */
function pairOf(
  { name, trainRows }: ScoredSet,
  { catalog, forecasts }: ScoredSets,
): CatalogModel[] {
  const summaries = catalog
    .filter(
      ({ id }) =>
        trainRows.filter(({ scores }) => Object.hasOwn(scores, id)).length >=
        0.9 * trainRows.length,
    )
    .map(({ id }) => ({ model: id, quality: meanQuality(trainRows, id), costUsd: undefined }));
  const pair = trainRows.length === 0 ? undefined : choosePair(summaries);
  if (pair === undefined) throw new Error(`${name}: no strong and weak model in its train rows`);
  const { strong, weak } = pair;
  const { models } = [...forecasts.values()][0]!;
  const standingOf = new Map(models.map(({ id, standing }) => [id, standing]));
  if (!(standingOf.get(strong.model)! > standingOf.get(weak.model)!))
    throw new Error(`${name}: the router holds ${weak.model} for stronger than ${strong.model}`);
  function priced({ model }: { model: string }, usd: number): CatalogModel {
    const found = catalog.find(({ id }) => id === model)!;
    return { ...found, price: { inputUsdPerMTok: usd, outputUsdPerMTok: usd } };
  }
  return [priced(strong, 100), priced(weak, 1)];
}
