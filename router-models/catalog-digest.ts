/** Names the catalogue that a decision was made with, so that a replay knows whether it has the same. */
import type { CatalogModel } from "./catalog.ts";
import { sha256Hex } from "./release.ts";

/** First twelve hexadecimal digits of the SHA-256 of the models, in their order. */
export async function digestOfCatalog(models: readonly CatalogModel[]): Promise<string> {
  const bytes = new Uint8Array(new TextEncoder().encode(JSON.stringify(models)));
  return (await sha256Hex(bytes)).slice(0, 12);
}
