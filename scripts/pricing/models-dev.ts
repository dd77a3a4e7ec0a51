/**
 * The price list of models.dev: vendors, each with its models by name, prices in US dollars per million
 * tokens. Of the rates for long prompts there may be several tiers, of which the catalogue can hold one:
 * where there are more, none is read. A vendor or model that cannot be read is passed over.
 *
 * Source: https://models.dev, https://github.com/anomalyco/models.dev (packages/core/src/schema.ts)
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
} from "./quote.ts";

const amount = z.number().nonnegative().optional();

const rates = { input: amount, output: amount, cache_read: amount, cache_write: amount };

const tierSchema = z.looseObject({
  tier: z.looseObject({ type: z.literal("context").optional(), size: z.int().positive() }),
  ...rates,
});

const modelSchema = z.looseObject({
  reasoning: z.boolean().optional(),
  tool_call: z
    .union([
      z.boolean(),
      z.looseObject({ supported: z.boolean(), parallel: z.boolean().optional() }),
    ])
    .optional(),
  structured_output: z.boolean().optional(),
  modalities: z.looseObject({ input: z.array(z.string()) }).optional(),
  cost: z
    .looseObject({
      ...rates,
      tiers: z.array(z.unknown()).optional(),
      context_over_200k: z.looseObject(rates).optional(),
    })
    .optional(),
  limit: z.looseObject({ context: amount, output: amount }).optional(),
});

const vendorSchema = z.looseObject({ models: z.record(z.string(), z.unknown()) });

/** The list, or undefined where the JSON is none of models.dev's. */
export function readModelsDev(json: Readonly<Record<string, unknown>>): PriceList | undefined {
  const quotes = Object.entries(json).flatMap(([vendor, value]): Quote[] => {
    const { models = {} } = vendorSchema.safeParse(value).data ?? {};
    return Object.entries(models).flatMap(([model, entry]): Quote[] => {
      const { data } = modelSchema.safeParse(entry);
      return data === undefined ? [] : [quoteOf({ vendor, model }, data)];
    });
  });
  if (quotes.length === 0) return undefined;
  return {
    format: "models.dev",
    url: "https://models.dev/api.json",
    quotes,
    vendors: {
      together: "togetherai",
      fireworks: "fireworks-ai",
      "workers-ai": "cloudflare-workers-ai",
    },
    trusted: new Set<Field>([...PRICE_FIELDS, "contextTokens", "maxOutputTokens"]),
  };
}

function quoteOf(
  names: Pick<Quote, "vendor" | "model">,
  { cost, limit, modalities, tool_call: call, ...entry }: z.output<typeof modelSchema>,
): Quote {
  function reads(kind: string): boolean | undefined {
    return modalities?.input.includes(kind);
  }
  return {
    ...names,
    numbers: {
      ...ratesOf(cost ?? {}),
      ...longPromptsOf(cost ?? {}),
      contextTokens: limit?.context,
      maxOutputTokens: limit?.output,
    },
    capabilities: flagsOf([
      ["tools", typeof call === "object" ? call.supported : call],
      ["parallel_tools", typeof call === "object" ? call.parallel : undefined],
      ["vision", reads("image")],
      ["audio", reads("audio")],
      ["files", reads("pdf")],
      ["json", entry.structured_output],
      ["reasoning", entry.reasoning],
    ]),
  };
}

type Cost = NonNullable<z.output<typeof modelSchema>["cost"]>;

function ratesOf(cost: Pick<Cost, keyof typeof rates>) {
  return {
    inputUsdPerMTok: cost.input,
    outputUsdPerMTok: cost.output,
    cachedInputUsdPerMTok: cost.cache_read,
    cacheWriteUsdPerMTok: cost.cache_write,
  };
}

function longPromptsOf({ tiers, context_over_200k: older }: Cost): QuotedNumbers {
  if (tiers === undefined)
    return older === undefined ? {} : forLongPrompts(200_000, ratesOf(older));
  const [tier, ...more] = tiers.map((one) => tierSchema.safeParse(one).data);
  return tier === undefined || more.length > 0 ? {} : forLongPrompts(tier.tier.size, ratesOf(tier));
}
