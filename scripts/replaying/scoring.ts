/**
 * A release over a catalogue, ready to read logged prompts as the service does: the same scorer, the same placement, the
 * same certificate, and the graph on the WebAssembly that runs at the edge.
 */
import type { CatalogModel } from "../../router-models/catalog.ts";
import { certificateAt } from "../../router-models/certificate.ts";
import { FEATURE_VERSION } from "../../router-models/features/extract.ts";
import type { Certificate } from "../../router-models/manifest.ts";
import { placeCatalog } from "../../router-models/placement.ts";
import { canary, weightsLabel, type Release } from "../../router-models/release.ts";
import {
  Scorer,
  type Forecast,
  type GraphRunner,
  type Reading,
  type ReadPrompt,
} from "../../router-models/scorer.ts";
import type { DecisionRecord } from "../../worker/domain/event.ts";
import { unpackFloats, unpackInts } from "../../worker/lib/packed-numbers.ts";
import { openGraph, type OpenGraph } from "../evaluation/onnx-graph.ts";

/** What is read of a record. */
export type LoggedPrompt = Pick<DecisionRecord, "features" | "prompt" | "inputTokens">;

export class Scoring {
  readonly label: string;
  readonly id: string;
  /** At the catalogue's prices; undefined where the release has none for them. */
  readonly certificate: Certificate | undefined;
  readonly #scorer: Scorer;
  readonly #graph: GraphRunner;
  readonly #tableRows: number;

  constructor(release: Release, graph: GraphRunner, catalog: readonly CatalogModel[]) {
    const { manifest } = release;
    this.id = release.id;
    this.label = weightsLabel(release);
    this.certificate = certificateAt(manifest.certificate, catalog);
    this.#scorer = new Scorer(manifest, placeCatalog(manifest, catalog));
    this.#graph = graph;
    this.#tableRows = manifest.features.tableRows;
  }

  /** Undefined where the record has neither a prompt nor features for a table of this size. Rejects as the graph does. */
  async read(
    record: LoggedPrompt,
  ): Promise<{ readonly forecast: Forecast; readonly reading: Reading } | undefined> {
    const prompt = this.#promptOf(record);
    return prompt && (await this.#scorer.read(prompt, this.#graph));
  }

  #promptOf({ features, prompt, inputTokens }: LoggedPrompt): ReadPrompt | undefined {
    if (features?.tableRows === this.#tableRows && features.version === FEATURE_VERSION) {
      const ids = unpackInts(features.ids);
      const weights = unpackFloats(features.weights);
      return {
        features: { ids, weights, statistics: unpackFloats(features.statistics) },
        inputTokens,
      };
    }
    return prompt && { ...this.#scorer.featuresOf(prompt), inputTokens };
  }
}

/** Whoever opened it closes it. Rejects where the release does not give its golden answers. */
export async function openScoring(
  release: Release,
  catalog: readonly CatalogModel[],
): Promise<{ readonly scoring: Scoring; readonly close: () => Promise<void> }> {
  const graph: OpenGraph = await openGraph(release.model);
  try {
    const { failure } = await canary(release, graph);
    if (failure !== undefined)
      throw new Error(`The release does not answer as it must: ${failure}`);
    return { scoring: new Scoring(release, graph, catalog), close: () => graph.release() };
  } catch (error) {
    await graph.release();
    throw error;
  }
}
