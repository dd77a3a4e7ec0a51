/**
 * LiteLLM's price list: one object, a model's name to its entry, prices in US dollars per token.
 *
 * A name may begin with the vendor's, which is then no part of the model's. `max_input_tokens` leaves the
 * room for the answer out for some vendors and not for others, so it is shown but never taken for the
 * window. Surcharges for long prompts are left out, as the catalogue leaves them out. An entry that
 * cannot be read, such as the sample at the list's head, is passed over.
 *
 * Source: https://github.com/BerriAI/litellm/blob/main/model_prices_and_context_window.schema.json
 */
import { z } from "zod";
import { flagsOf, type PriceList, type Quote } from "./quote.ts";

const amount = z.number().nonnegative().nullish();
const flag = z.boolean().nullish();

const entrySchema = z.looseObject({
  litellm_provider: z.string(),
  mode: z.enum(["chat", "responses", "completion"]),
  input_cost_per_token: amount,
  output_cost_per_token: amount,
  cache_read_input_token_cost: amount,
  cache_creation_input_token_cost: amount,
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
    trusted: new Set([
      "inputUsdPerMTok",
      "outputUsdPerMTok",
      "cachedInputUsdPerMTok",
      "cacheWriteUsdPerMTok",
      "maxOutputTokens",
    ]),
  };
}

function quoteOf(name: string, entry: z.output<typeof entrySchema>): Quote {
  const { litellm_provider: vendor } = entry;
  return {
    vendor,
    model: name.startsWith(`${vendor}/`) ? name.slice(vendor.length + 1) : name,
    numbers: {
      inputUsdPerMTok: perMTok(entry.input_cost_per_token),
      outputUsdPerMTok: perMTok(entry.output_cost_per_token),
      cachedInputUsdPerMTok: perMTok(entry.cache_read_input_token_cost),
      cacheWriteUsdPerMTok: perMTok(entry.cache_creation_input_token_cost),
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

/** A product of decimals in binary is a hair off; prices have no more than ten digits. */
function perMTok(perToken: number | null | undefined): number | undefined {
  return typeof perToken === "number" ? Number((perToken * 1e6).toPrecision(10)) : undefined;
}
