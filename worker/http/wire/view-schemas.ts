/**
 * What our own JSON looks like, as schemas: the views are typed by them and `/openapi.json` is made of them, so
 * neither can say what the other does not.
 *
 * Reasons and exclusions are words and not enumerations: clients must be able to live with a new one.
 */
import { z } from "zod";

export const healthSchema = z.strictObject({ status: z.literal("ok"), weights: z.string() });

const usd = z.number().describe("US dollars");
const milliseconds = z.number().describe("Milliseconds");

const certificateSchema = z
  .strictObject({
    certified: z.boolean(),
    why_not: z.string().optional(),
    floor: z.number().optional(),
    confidence: z.number().optional(),
    n: z.int().optional().describe("Questions that the floor was tested on"),
    margin: z.number().optional(),
    task: z.string().optional(),
  })
  .describe("What stands behind the quality floor");

const candidateSchema = z.strictObject({
  model: z.string(),
  score: z.number().describe("Predicted probability of a good answer, 0 to 1"),
  lift: z
    .number()
    .optional()
    .describe("What of the score was learnt since the weights were trained"),
  propensity: z
    .number()
    .optional()
    .describe("How likely it was to be the first attempt, where the tenant explores"),
  cost_p50_usd: usd,
  cost_p90_usd: usd,
  ttft_ms: milliseconds,
  latency_ms: milliseconds.describe("Milliseconds until the last token, at the median"),
  latency_p90_ms: milliseconds,
});

export const routeSchema = z.strictObject({
  id: z.string(),
  object: z.literal("route"),
  model: z.string().describe("The first attempt"),
  reason: z.string().describe("The rule that chose it, such as best_utility"),
  weights: z.string(),
  difficulty: z.number(),
  task: z.string(),
  input_tokens: z.int().describe("Estimated"),
  reference: z.string().describe("The model against which floors and savings are stated"),
  floor: z.number().optional().describe("Score that the quality floor demanded"),
  certificate: certificateSchema.optional(),
  caution: z
    .number()
    .optional()
    .describe("Score by which the floor was raised, because something drifts"),
  lambda: z.number(),
  /** Score that a dollar must buy, where a paced budget set λ. */
  quality_per_usd: z.number().optional(),
  max_held_usd: usd
    .optional()
    .describe("What that budget lets the request hold, where any model keeps to it"),
  attempts: z.array(z.string()).describe("Models in the order in which they are tried"),
  models: z.array(candidateSchema),
  excluded: z.array(
    z.strictObject({ model: z.string(), why: z.string().describe("Such as lacks_tools") }),
  ),
});

const rates = {
  input_usd_per_mtok: usd,
  output_usd_per_mtok: usd.optional(),
  cached_input_usd_per_mtok: usd.optional(),
  cache_write_usd_per_mtok: usd.optional(),
  cache_write_1h_usd_per_mtok: usd.optional(),
};

/** `auto` and its presets have the fields down to `kind`, models those of their kind as well. */
export const modelSchema = z.strictObject({
  id: z.string().describe("What goes into a request's model field"),
  object: z.literal("model"),
  created: z.int().describe("Seconds since 1970; 0 where unknown"),
  owned_by: z.string(),
  type: z.literal("model").describe("This and the next two are what Anthropic's clients read"),
  display_name: z.string(),
  created_at: z.string().describe("`created` as RFC 3339 has it"),
  kind: z.enum(["chat", "embedding"]),
  name: z.string().optional(),
  context_tokens: z.int().optional(),
  max_output_tokens: z.int().optional(),
  dimensions: z.int().optional().describe("Of a vector"),
  same_vectors_as: z
    .string()
    .optional()
    .describe("The model whose vectors these can be compared with"),
  capabilities: z.array(z.string()).readonly().optional(),
  price: z
    .strictObject({
      ...rates,
      long_prompts: z
        .strictObject({ above_tokens: z.int(), ...rates })
        .optional()
        .describe("For a request with more input tokens than this, all of its tokens"),
    })
    .optional(),
});

export const modelListSchema = z.strictObject({
  object: z.literal("list"),
  data: z.array(modelSchema),
  has_more: z.literal(false).describe("Anthropic's way of saying that this is all"),
  first_id: z.string(),
  last_id: z.string(),
});

export type HealthView = z.infer<typeof healthSchema>;
export type RouteView = z.infer<typeof routeSchema>;
export type CertificateView = z.infer<typeof certificateSchema>;
export type CandidateView = z.infer<typeof candidateSchema>;
export type ModelView = z.infer<typeof modelSchema>;
export type ModelListView = z.infer<typeof modelListSchema>;
