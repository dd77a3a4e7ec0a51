/**
 * LiteLLM's price list: one object, a model's name to its entry, prices in US dollars per token.
 *
 * A name may begin with the vendor's, which is then no part of the model's. `max_input_tokens` leaves the
 * room for the answer out for some vendors and not for others, so it is shown but never taken for the
 * window. Of the rates for long prompts there may be several tiers, of which the catalogue can hold one:
 * where there are more, none is read. An entry that cannot be read, such as the sample at the list's head,
 * is passed over.
 *
 * Source: https://github.com/BerriAI/litellm/blob/main/model_prices_and_context_window.schema.json
 */
import { z } from "zod";
import {
  flagsOf,
  forLongPrompts,
  PRICE_FIELDS,
  type Field,
  type PriceList,
  type Quote,
  type QuotedNumbers,
  type Rate,
} from "./quote.ts";

const amount = z.number().nonnegative().nullish();
const flag = z.boolean().nullish();

/** The list's names of the rates. */
const RATE_OF: Readonly<Record<string, Rate>> = {
  input_cost_per_token: "inputUsdPerMTok",
  output_cost_per_token: "outputUsdPerMTok",
  cache_read_input_token_cost: "cachedInputUsdPerMTok",
  cache_creation_input_token_cost: "cacheWriteUsdPerMTok",
  cache_creation_input_token_cost_above_1hr: "cacheWriteHourUsdPerMTok",
};

const entrySchema = z.looseObject({
  litellm_provider: z.string(),
  mode: z.enum(["chat", "responses", "completion"]),
  max_input_tokens: amount,
  max_output_tokens: amount,
  supports_function_calling: flag,
  supports_parallel_function_calling: flag,
  supports_vision: flag,
  supports_audio_input: flag,
  supports_audio_output: flag,
  supports_pdf_input: flag,
  supports_response_schema: flag,
  supports_reasoning: flag,
});

/** The list, or undefined where the JSON is none of LiteLLM's. */
export function readLiteLlm(json: Readonly<Record<string, unknown>>): PriceList | undefined {
  const quotes = Object.entries(json).flatMap(([name, value]): Quote[] => {
    const { data } = entrySchema.safeParse(value);
    return data === undefined ? [] : [quoteOf(name, data)];
  });
  if (quotes.length === 0) return undefined;
  return {
    format: "litellm",
    url: "https://github.com/BerriAI/litellm/blob/main/model_prices_and_context_window.json",
    quotes,
    vendors: {
      google: "gemini",
      together: "together_ai",
      fireworks: "fireworks_ai",
      "workers-ai": "cloudflare",
    },
    trusted: new Set<Field>([...PRICE_FIELDS, "maxOutputTokens"]),
  };
}

function quoteOf(name: string, entry: z.output<typeof entrySchema>): Quote {
  const { litellm_provider: vendor } = entry;
  return {
    vendor,
    model: name.startsWith(`${vendor}/`) ? name.slice(vendor.length + 1) : name,
    numbers: {
      ...ratesOf(entry),
      ...longPromptsOf(entry),
      contextTokens: entry.max_input_tokens ?? undefined,
      maxOutputTokens: entry.max_output_tokens ?? undefined,
    },
    capabilities: flagsOf([
      ["tools", entry.supports_function_calling],
      ["parallel_tools", entry.supports_parallel_function_calling],
      ["vision", entry.supports_vision],
      ["audio", entry.supports_audio_input],
      ["audio_output", entry.supports_audio_output],
      ["files", entry.supports_pdf_input],
      ["json", entry.supports_response_schema],
      ["reasoning", entry.supports_reasoning],
    ]),
  };
}

type Entry = Readonly<Record<string, unknown>>;

/** @param suffix Of the names, for a tier. */
function ratesOf(entry: Entry, suffix = ""): Partial<Record<Rate, number | undefined>> {
  return Object.fromEntries(
    Object.entries(RATE_OF).map(([name, rate]) => [rate, perMTok(entry[name + suffix])]),
  );
}

function longPromptsOf(entry: Entry): QuotedNumbers {
  const found = Object.keys(entry).flatMap((name) => {
    const [, rate = "", suffix, thousands] = /^(.+?)(_above_(\d+)k_tokens)$/.exec(name) ?? [];
    return suffix === undefined || RATE_OF[rate] === undefined ? [] : [{ suffix, thousands }];
  });
  const [tier, ...more] = new Map(found.map((one) => [one.suffix, one])).values();
  if (tier === undefined || more.length > 0) return {};
  // Of the two that every entry has, a tier may name one; a cache's usual rates would be too low for it.
  const { inputUsdPerMTok, outputUsdPerMTok } = ratesOf(entry);
  const rates = ratesOf(entry, tier.suffix);
  return forLongPrompts(1_000 * Number(tier.thousands), {
    ...rates,
    inputUsdPerMTok: rates.inputUsdPerMTok ?? inputUsdPerMTok,
    outputUsdPerMTok: rates.outputUsdPerMTok ?? outputUsdPerMTok,
  });
}

/** A product of decimals in binary is a hair off; prices have no more than ten digits. */
function perMTok(perToken: unknown): number | undefined {
  const { data } = amount.safeParse(perToken);
  return typeof data === "number" ? Number((data * 1e6).toPrecision(10)) : undefined;
}
