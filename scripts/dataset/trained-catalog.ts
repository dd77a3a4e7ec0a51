/**
 * The models of a release's training data as catalogue entries, so that the policy that serves can
 * choose among them. They have prices and nothing else that is known: every one of them is taken to be
 * able, roomy and equally fast.
 */
import type { CatalogModel } from "../../router-models/catalog.ts";
import type { Manifest } from "../../router-models/manifest.ts";

const CONTEXT_TOKENS = 1_000_000;
const MAX_OUTPUT_TOKENS = 128_000;

/** In the order of the manifest. */
export function trainedCatalog({ models }: Manifest): CatalogModel[] {
  return Object.entries(models).map(([id, { price }]) => ({
    id,
    name: id,
    price: { inputUsdPerMTok: price.inputUsdPerMTok, outputUsdPerMTok: price.outputUsdPerMTok },
    contextTokens: CONTEXT_TOKENS,
    maxOutputTokens: MAX_OUTPUT_TOKENS,
    capabilities: [],
    latency: { ttftMs: 500, outputTokensPerSecond: 100, source: "estimate" },
    outputTokensFactor: 1,
    anchors: [],
    sources: [],
  }));
}
