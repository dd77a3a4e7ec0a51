/**
 * What a call in an outcome file cost, in US dollars.
 *
 * The source's own figure counts where it gives one. Otherwise tokens are priced: those of the prompt and
 * of the answer, as counted by the source or estimated from the text, times a list price. A model for
 * which no price is found has no cost; none is made up, because a frontier over invented prices would
 * look as good as a true one.
 *
 * Prices come from a table `{provider group: {model: {in, out}}}` in USD per million tokens. A group that
 * bears the name of a set counts for that set first, then every other group, then the catalogue, where a
 * source's name must equal the id or the part of it after the vendor. Names are compared as they are
 * written: two models with like names may have unlike prices.
 */
import { z } from "zod";
import type { Catalog } from "../../router-models/catalog.ts";
import { estimateInputTokens } from "../../router-models/features/extract.ts";
import { promptOfText } from "../../router-models/features/prompt.ts";
import type { OutcomeRow } from "../dataset/outcome-file.ts";

/** Four characters to a token, where a source counts only characters. */
const CHARS_PER_TOKEN = 4;
const TOKENS_PER_MTOK = 1e6;

const groupSchema = z.record(
  z.string(),
  z.object({ in: z.number().nonnegative(), out: z.number().nonnegative() }),
);

/** Text beside the groups, such as a note, is allowed and ignored. */
export const priceTableSchema = z.record(z.string(), z.union([groupSchema, z.string()]));

export type PriceTable = z.output<typeof priceTableSchema>;

/** US dollars per million tokens. */
export interface Price {
  readonly inputUsdPerMTok: number;
  readonly outputUsdPerMTok: number;
}

/** Where prices are looked up; either may be empty. */
export interface PriceSources {
  readonly table: PriceTable;
  readonly catalog: Catalog["models"];
}

/** The list price of a model of a set; undefined where nobody states one. */
export function priceOf(
  model: string,
  dataset: string,
  { table, catalog }: PriceSources,
): Price | undefined {
  const groups = Object.entries(table)
    .filter(([name]) => name === dataset)
    .concat(Object.entries(table).filter(([name]) => name !== dataset));
  for (const [, group] of groups) {
    if (typeof group === "string" || !Object.hasOwn(group, model)) continue;
    const { in: inputUsdPerMTok, out: outputUsdPerMTok } = group[model]!;
    return { inputUsdPerMTok, outputUsdPerMTok };
  }
  return catalog.find(({ id }) => id === model || id.slice(id.indexOf("/") + 1) === model)?.price;
}

/** The cost of the row's call of a model; undefined where neither the source nor a price tells. */
export function callCostUsd(
  row: OutcomeRow,
  model: string,
  price: Price | undefined,
): number | undefined {
  const stated = row.cost_usd?.[model];
  if (stated !== undefined) return stated;
  const outTokens = row.out_tokens?.[model] ?? tokensOfChars(row.out_chars?.[model]);
  if (price === undefined || outTokens === undefined) return undefined;
  const inTokens = row.in_tokens?.[model] ?? estimateInputTokens(promptOfText(row.prompt));
  return tokensCostUsd({ inTokens, outTokens }, price);
}

/** The cost of so many tokens at a price, unrounded. */
export function tokensCostUsd(
  { inTokens, outTokens }: { inTokens: number; outTokens: number },
  { inputUsdPerMTok, outputUsdPerMTok }: Price,
): number {
  return (inTokens * inputUsdPerMTok + outTokens * outputUsdPerMTok) / TOKENS_PER_MTOK;
}

function tokensOfChars(chars: number | undefined): number | undefined {
  return chars === undefined ? undefined : chars / CHARS_PER_TOKEN;
}
