/** What a public price list says of one model, in the catalogue's units. */
import type { CAPABILITIES, CatalogModel } from "../../router-models/catalog.ts";

export type Capability = (typeof CAPABILITIES)[number];

/** The numbers of a catalogue's entry that a list can say. Prices in US dollars per million tokens. */
export interface QuotedNumbers {
  readonly inputUsdPerMTok: number | undefined;
  readonly outputUsdPerMTok: number | undefined;
  readonly cachedInputUsdPerMTok: number | undefined;
  readonly cacheWriteUsdPerMTok: number | undefined;
  readonly contextTokens: number | undefined;
  readonly maxOutputTokens: number | undefined;
}

export interface Quote {
  /** The list's own name of the vendor. */
  readonly vendor: string;
  /** The vendor's own name of the model. */
  readonly model: string;
  readonly numbers: QuotedNumbers;
  /** Those that the list speaks of, and whether the model has them. */
  readonly capabilities: ReadonlyMap<Capability, boolean>;
}

/** A price list that can be read. */
export interface PriceList {
  readonly format: "litellm" | "models.dev";
  /** Where it is published. */
  readonly url: string;
  readonly quotes: readonly Quote[];
  /** The list's names of the catalogue's vendors, where they differ. */
  readonly vendors: Readonly<Record<string, string>>;
  /** Numbers that mean in this list what they mean in the catalogue; others are shown and not taken over. */
  readonly trusted: ReadonlySet<keyof QuotedNumbers>;
}

/** Those flags that the list has. */
export function flagsOf(
  flags: readonly (readonly [Capability, boolean | null | undefined])[],
): Quote["capabilities"] {
  return new Map(
    flags.flatMap(([name, flag]) => (typeof flag === "boolean" ? [[name, flag]] : [])),
  );
}

/** The list's name of a model's vendor, and the vendor's of the model. */
export function namesOf(
  { id, upstreamModel }: Pick<CatalogModel, "id" | "upstreamModel">,
  { vendors }: Pick<PriceList, "vendors">,
): { vendor: string; model: string } {
  const slash = id.indexOf("/");
  const vendor = id.slice(0, slash);
  return { vendor: vendors[vendor] ?? vendor, model: upstreamModel ?? id.slice(slash + 1) };
}
