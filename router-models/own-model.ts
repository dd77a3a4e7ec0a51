/**
 * A model that a deployment adds to the catalogue by its variables: what an operator must say of it so
 * that it can be named, priced and, where that is honest, routed.
 *
 * The shipped catalogue wants a source for every number; here the operator is the source. What nobody
 * says is a guess on the safe side: no capability but streaming, and the speed of a small server.
 */
import { z } from "zod";
import { CAPABILITIES, REFUSALS, type CatalogModel } from "./catalog.ts";
import { COMMON_BENCHMARK } from "./expected-score.ts";

const tokens = z.int("must be a whole number of tokens").positive("must be at least 1 token");
const usd = z
  .number("must be US dollars per million tokens")
  .nonnegative("must not be below 0")
  .max(1_000_000, "must be at most 1,000,000");

/** One entry of `models`, by the names that `/v1/models` has for the same things. */
export const ownModelSchema = z
  .strictObject({
    id: z.string().regex(/^[^\s,]{1,200}$/, "must be the model's name, without spaces and commas"),
    upstream_model: z.string().min(1, "must be the server's name for the model").optional(),
    name: z.string().min(1, "must be a name that people know").max(200).optional(),
    context_tokens: tokens,
    max_output_tokens: tokens,
    capabilities: z
      .array(z.enum(CAPABILITIES, `must be of ${CAPABILITIES.join(", ")}`))
      .default(["streaming"]),
    refuses: z.array(z.enum(REFUSALS, `must be of ${REFUSALS.join(", ")}`)).optional(),
    price: z.strictObject({
      input_usd_per_mtok: usd,
      output_usd_per_mtok: usd,
      cached_input_usd_per_mtok: usd.optional(),
    }),
    /** Accuracy on MMLU-Pro, by which a model without a market price can be placed. */
    mmlu_pro: z.number().min(0).max(1, "must be an accuracy from 0 to 1").optional(),
    ttft_ms: z.number().positive("must be milliseconds above 0").default(1_000),
    output_tokens_per_second: z.number().positive("must be above 0").default(50),
  })
  .refine((model) => model.max_output_tokens <= model.context_tokens, {
    path: ["max_output_tokens"],
    error: "must fit into context_tokens",
  });

/** The catalogue's entry for it. */
export function ownCatalogModel(
  vendorId: string,
  own: z.output<typeof ownModelSchema>,
): CatalogModel {
  const { price, mmlu_pro: score } = own;
  const cached = price.cached_input_usd_per_mtok;
  return {
    id: `${vendorId}/${own.id}`,
    ...(own.upstream_model !== undefined && { upstreamModel: own.upstream_model }),
    name: own.name ?? own.id,
    price: {
      inputUsdPerMTok: price.input_usd_per_mtok,
      outputUsdPerMTok: price.output_usd_per_mtok,
      ...(cached !== undefined && { cachedInputUsdPerMTok: cached }),
    },
    contextTokens: own.context_tokens,
    maxOutputTokens: own.max_output_tokens,
    capabilities: own.capabilities,
    ...(own.refuses !== undefined && { refuses: own.refuses }),
    latency: {
      ttftMs: own.ttft_ms,
      outputTokensPerSecond: own.output_tokens_per_second,
      source: "estimate",
    },
    outputTokensFactor: 1,
    anchors:
      score === undefined
        ? []
        : [{ benchmark: COMMON_BENCHMARK, score, source: "this deployment's variables" }],
    sources: [],
  };
}
