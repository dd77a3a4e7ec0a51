/** A catalogue of four models, to hold price lists against. */
import { parseCatalog, type Catalog } from "../../../router-models/catalog.ts";

const SEEN = { url: "https://example.com/old", seen: "2026-01-01" };

function entry(id: string, more: Record<string, unknown> = {}) {
  return {
    id,
    name: id,
    price: { inputUsdPerMTok: 0.2, outputUsdPerMTok: 2 },
    contextTokens: 64_000,
    maxOutputTokens: 8_192,
    capabilities: ["tools", "vision"],
    latency: { ttftMs: 500, outputTokensPerSecond: 100, source: "estimate" },
    outputTokensFactor: 1,
    anchors: [],
    sources: [
      { what: "price", ...SEEN },
      { what: "context", ...SEEN },
      { what: "capabilities", ...SEEN },
    ],
    ...more,
  };
}

/** `acme/acme-large`, one at Together under a name of its own, and one that no list has. */
export function madePrices(changes: Record<string, unknown> = {}): Catalog {
  return parseCatalog({
    version: "2026-01-01",
    currency: "USD",
    models: [
      entry("acme/acme-large", changes),
      entry("together/bolt-7b", { upstreamModel: "bolt/Bolt-7B" }),
      entry("acme/acme-small"),
    ],
  });
}
