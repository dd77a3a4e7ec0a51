/** What a public price list says of one model, in the catalogue's units. */
import type { CAPABILITIES, CatalogModel } from "../../router-models/catalog.ts";

export type Capability = (typeof CAPABILITIES)[number];

/** The rates that an entry has twice, the second time for long prompts. US dollars per million tokens. */
export const RATES = [
  "inputUsdPerMTok",
  "outputUsdPerMTok",
  "cachedInputUsdPerMTok",
  "cacheWriteUsdPerMTok",
  "cacheWriteHourUsdPerMTok",
] as const;

export type Rate = (typeof RATES)[number];
type LongPromptField = `longPrompts.${Rate | "aboveTokens"}`;

/** A number of a catalogue's entry that a list can say. */
export type Field = Rate | LongPromptField | "contextTokens" | "maxOutputTokens";

export type QuotedNumbers = Readonly<Partial<Record<Field, number | undefined>>>;

/** Rates under their names for prompts of more tokens than `aboveTokens`. */
export function forLongPrompts(
  aboveTokens: number,
  rates: Readonly<Partial<Record<Rate, number | undefined>>>,
): QuotedNumbers {
  const named = Object.entries(rates).map(([rate, usd]) => [`longPrompts.${rate}`, usd]);
  return { "longPrompts.aboveTokens": aboveTokens, ...Object.fromEntries(named) };
}

/** All fields of prices: a list that is trusted with them is trusted with both kinds. */
export const PRICE_FIELDS: readonly Field[] = [
  ...RATES,
  "longPrompts.aboveTokens",
  ...RATES.map((rate) => `longPrompts.${rate}` as const),
];

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
