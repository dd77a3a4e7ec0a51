/**
 * What a request asks of the router. Headers and the body's `sluice` object are read into this shape
 * (http/wire/knobs.ts), so that everything below the wire knows one vocabulary and every default is
 * written once.
 */
import { z } from "zod";

export const PRESETS = ["cost", "balanced", "quality", "fast"] as const;
/** A tag of the cache, as it is written. */
export const TAG = /^[\w.:-]{1,64}$/;
export type Preset = (typeof PRESETS)[number];

/** Of the cache of answers. */
export const CACHE_MODES = ["off", "exact", "semantic", "refresh"] as const;

const tag = z.string().regex(TAG, "must be 1 to 64 of a-z, A-Z, 0-9, _, ., : and -");

const modelId = z.string().regex(/^[^\s/,]+\/[^\s,]+$/, "must be provider/model");

export const policySchema = z.strictObject({
  preset: z.enum(PRESETS).default("balanced"),
  /** Least share of the reference model's predicted quality, 0..1. */
  quality: z.number().min(0).max(1).optional(),
  /** Most that the call may cost, at the predicted 90th percentile. */
  max_cost_usd: z.number().positive().max(1_000).optional(),
  /** Longest time until the last token, at the predicted 90th percentile: of calls let in at the median, up to a quarter broke it. */
  max_latency_ms: z.number().positive().max(3_600_000).optional(),
  allow_models: z.array(modelId).min(1).max(100).optional(),
  /**
   * Start the next attempt beside the first when that has said nothing for so many milliseconds; "auto"
   * leaves them to the prediction. Left out: never. The loser's estimated cost is billed as well.
   */
  hedge: z.union([z.literal("auto"), z.number().min(1).max(600_000)]).optional(),
  /**
   * Whether an earlier answer may be given: to the very same request (`exact`), also to one that asks it in other words
   * (`semantic`), or none, but this one be kept for later (`refresh`).
   */
  cache: z.enum(CACHE_MODES).default("off"),
  /** Have a cheap model adapt the answer to a prompt that is near, where that may not be given as it is. */
  cache_rewrite: z.boolean().default(false),
  /** How old a kept answer may be, and how long this one is kept; a day where left out. */
  cache_ttl_s: z.int().min(1).max(2_592_000).optional(),
  /** What this answer can be purged by. */
  cache_tags: z.array(tag).min(1).max(8).optional(),
  /** The released weights that are to decide, by version or by label, `version@sha256-12`. */
  weights: z
    .string()
    .regex(/^[\x21-\x7e]{1,64}$/)
    .optional(),
  /** Decide and answer with the decision; call nobody. */
  dry_run: z.boolean().default(false),
});

export type Policy = z.output<typeof policySchema>;
