/** Catalogue models made up for tests: what a test does not say of one is the same for all. */
import { parseCatalog, type CatalogModel } from "../../router-models/catalog.ts";

export interface Described extends Partial<Omit<CatalogModel, "anchors" | "price">> {
  /** Of input and of output alike; 1 unless given. */
  readonly usdPerMTok?: number | undefined;
  /** Scores by benchmark. */
  readonly anchors?: Readonly<Record<string, number>>;
}

/** Models by id, as a catalogue's file would have them. */
export function catalogOf(models: Readonly<Record<string, Described>>): readonly CatalogModel[] {
  return parseCatalog({
    version: "2026-11-21",
    currency: "USD",
    models: Object.entries(models).map(([id, { usdPerMTok = 1, anchors = {}, ...rest }]) => ({
      id,
      name: id,
      price: { inputUsdPerMTok: usdPerMTok, outputUsdPerMTok: usdPerMTok },
      contextTokens: 100_000,
      maxOutputTokens: 8_000,
      capabilities: [],
      latency: { ttftMs: 500, outputTokensPerSecond: 100, source: "estimate" },
      outputTokensFactor: 1,
      sources: [{ what: "price", url: "https://example.com/prices", seen: "2026-11-21" }],
      ...rest,
      anchors: Object.entries(anchors).map(([benchmark, score]) => ({
        benchmark,
        score,
        source: "https://example.com/scores",
      })),
    })),
  }).models;
}
