/**
 * The models that a client of this deployment can name: those of the catalogue whose vendor has a key,
 * cheapest output first.
 */
import type { EmbeddingModel } from "../domain/embedding.ts";
import { vendorOf } from "../domain/upstream.ts";
import type { CatalogModel, Deps } from "./ports.ts";

export function listModels({ scorer, keys }: Pick<Deps, "scorer" | "keys">): CatalogModel[] {
  return scorer.catalog
    .filter(({ id }) => keys.has(vendorOf(id)))
    .toSorted(
      (a, b) => a.price.outputUsdPerMTok - b.price.outputUsdPerMTok || (a.id < b.id ? -1 : 1),
    );
}

/** Those of them that make vectors, in the catalogue's order. */
export function listEmbeddings({
  embeddings,
  keys,
}: Pick<Deps, "embeddings" | "keys">): EmbeddingModel[] {
  return embeddings.filter(({ id }) => keys.has(vendorOf(id)));
}
