/**
 * A release on its graph and at the catalogue's prices, ready to score; and all that one must pass before it is.
 */
import type { CatalogModel } from "../../router-models/catalog.ts";
import { certificateAt } from "../../router-models/certificate.ts";
import { promptOfText } from "../../router-models/features/prompt.ts";
import type { Certificate, Manifest } from "../../router-models/manifest.ts";
import { placeCatalog } from "../../router-models/placement.ts";
import {
  canary,
  openRelease,
  unpackRelease,
  weightsLabel,
  type Release,
} from "../../router-models/release.ts";
import { Scorer } from "../../router-models/scorer.ts";
import { OnnxGraph } from "./onnx-graph.ts";
import { openSession } from "./runtime.ts";
import type { Releasable } from "./slot.ts";

/** A release and the graph that runs it; whoever holds the pair releases the graph. */
export interface LoadedRelease {
  readonly release: Release;
  readonly graph: OnnxGraph;
}

export interface ServedRelease extends Releasable {
  /** SHA-256 of the manifest. */
  readonly id: string;
  readonly version: string;
  /** `version@sha256-12` */
  readonly weights: string;
  readonly scorer: Scorer;
  readonly graph: OnnxGraph;
  /** Undefined where the release has none at the catalogue's prices. */
  readonly certificate: Certificate | undefined;
  /** What it remembers of its training traffic. */
  readonly reference: Manifest["reference"];
}

/** Takes the graph over. Throws when the catalogue cannot be placed among the release's abilities. */
export function serve(
  { release, graph }: LoadedRelease,
  catalog: readonly CatalogModel[],
): ServedRelease {
  const { id, manifest } = release;
  return {
    id,
    version: manifest.version,
    weights: weightsLabel(release),
    scorer: new Scorer(manifest, placeCatalog(manifest, catalog)),
    graph,
    certificate: certificateAt(manifest.certificate, catalog),
    reference: manifest.reference,
    release: () => graph.release(),
  };
}

/** Everything that a release must pass before it serves. Rejects with the reason, holding nothing. */
export async function loadRelease(
  blob: Uint8Array<ArrayBuffer>,
  { id, catalog }: { id: string; catalog: readonly CatalogModel[] },
): Promise<ServedRelease> {
  const release = await openRelease(unpackRelease(blob), id);
  const session = await openSession(release.model);
  const graph = new OnnxGraph(session);
  try {
    const { failure } = await canary(release, graph);
    if (failure !== undefined) throw new Error(`Wrong answer: ${failure}`);
    const served = serve({ release, graph }, catalog);
    await checkPlacement(served, release);
    return served;
  } catch (error) {
    await graph.release();
    throw error;
  }
}

/** The golden vectors know only the models of the training data; what is served is the catalogue. */
async function checkPlacement(
  { scorer, graph }: ServedRelease,
  { golden }: Release,
): Promise<void> {
  const { models } = await scorer.score(promptOfText(golden.vectors[0]!.prompt), graph);
  for (const { id, score, standing, outputTokensP90 } of models)
    if (!Number.isFinite(score + standing + outputTokensP90))
      throw new Error(`Wrong answer: ${id} has no place, its score is ${score}`);
}
