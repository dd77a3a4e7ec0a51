/**
 * The models that a client of this deployment can name: those of the catalogue whose vendor has a key and that
 * the caller may use, cheapest output first.
 */
import type { EmbeddingModel } from "../domain/embedding.ts";
import { vendorOf } from "../domain/upstream.ts";
import { isAllowed, type AllowedModels } from "./allowed-models.ts";
import type { CatalogModel, Deps } from "./ports.ts";

export function listModels(
  { scorer, keys }: Pick<Deps, "scorer" | "keys">,
  allowed: AllowedModels,
): CatalogModel[] {
  return scorer.catalog
    .filter(({ id }) => keys.has(vendorOf(id)) && isAllowed(id, allowed))
    .toSorted(
      (a, b) => a.price.outputUsdPerMTok - b.price.outputUsdPerMTok || (a.id < b.id ? -1 : 1),
    );
}

/** Those of them that make vectors, in the catalogue's order. */
export function listEmbeddings(
  { embeddings, keys }: Pick<Deps, "embeddings" | "keys">,
  allowed: AllowedModels,
): EmbeddingModel[] {
  return embeddings.filter(({ id }) => keys.has(vendorOf(id)) && isAllowed(id, allowed));
}
