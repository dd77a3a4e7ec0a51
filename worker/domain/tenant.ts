/**
 * Who calls: organisations, which pay; their tenants; the tenants' keys.
 *
 * Each level may narrow what the one above allows and never widen it: allowed models are those that all levels
 * allow, budgets and rate limits hold one beside the other. A policy is a set of defaults, the key's before
 * the tenant's, that a request's own knobs override.
 *
 * A key's secret is nowhere in here: keys.ts makes it, shows it once and keeps a keyed hash.
 */
import { z } from "zod";
import { budgetsSchema, rateLimitsSchema } from "./budget.ts";
import { EVENT_DETAILS, explorationSchema } from "./event.ts";
import { policySchema } from "./policy.ts";

/** Names in paths, logs and accounts. */
export const idSchema = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9_-]{0,62}$/,
    "must be 1 to 63 of a-z, 0-9, _ and -, and begin with a letter or a digit",
  );

/** What a key may be used for. */
export const SCOPES = ["inference", "route", "models", "budget", "feedback"] as const;
export type Scope = (typeof SCOPES)[number];

/** Defaults for what a request leaves open; nothing in here is a default by itself. */
const defaultsSchema = policySchema
  .pick({
    preset: true,
    quality: true,
    max_cost_usd: true,
    max_latency_ms: true,
    hedge: true,
    cache: true,
    cache_ttl_s: true,
    cache_rewrite: true,
  })
  .extend({
    preset: policySchema.shape.preset.unwrap(),
    cache: policySchema.shape.cache.unwrap().exclude(["refresh"]),
    cache_rewrite: policySchema.shape.cache_rewrite.unwrap(),
  })
  .partial()
  .default({});

const nameSchema = z.string().max(200).default("");

export const organisationSchema = z.strictObject({
  id: idSchema,
  name: nameSchema,
  budgets: budgetsSchema,
});
export type Organisation = z.output<typeof organisationSchema>;

export const tenantSchema = z.strictObject({
  id: idSchema,
  name: nameSchema,
  /** Who pays; a tenant that names none is an organisation of its own. */
  organisation: idSchema.optional(),
  policy: defaultsSchema,
  allow_models: policySchema.shape.allow_models,
  budgets: budgetsSchema,
  limits: rateLimitsSchema,
  /** The share of semantic hits that may be wrong. */
  max_false_hits: z.number().min(0.001).max(0.5).default(0.01),
  /** What of its prompts may be kept for the router to learn from; `off` keeps no events. */
  events: z.enum(EVENT_DETAILS).default("decisions"),
  /** How long they are kept. */
  events_days: z.int().min(1).max(365).default(90),
  /** Whether and how other models than the preferred one are tried; not at all where left out. */
  exploration: explorationSchema.optional(),
  /** Of which share of its answers a model grades, for its money; the strongest that could have answered unless named. */
  judge: z
    .strictObject({
      share: z.number().gt(0).max(1),
      model: z
        .string()
        .regex(/^[^\s/,]+\/[^\s,]+$/, "must be provider/model")
        .optional(),
    })
    .optional(),
  /** Nothing that it asks or is answered is kept for another request, whatever that asks for. */
  is_private: z.boolean().default(false),
  /** None of its keys is served. */
  is_disabled: z.boolean().default(false),
});
export type Tenant = z.output<typeof tenantSchema>;

/** What an operator may say of a key; the rest is minted. */
export const keyTermsSchema = z.strictObject({
  name: nameSchema,
  scopes: z
    .array(z.enum(SCOPES))
    .min(1)
    .max(SCOPES.length)
    .default([...SCOPES]),
  policy: defaultsSchema,
  allow_models: policySchema.shape.allow_models,
  budgets: budgetsSchema,
  limits: rateLimitsSchema,
  /** Milliseconds since 1970. */
  expires_ms: z.int().positive().optional(),
});
export type KeyTerms = z.output<typeof keyTermsSchema>;

/** Whom a request comes from: a key that has been checked, and all that stands above it. */
export interface Caller {
  /** For one that pays for itself, the tenant's id and no budgets. */
  readonly organisation: Organisation;
  readonly tenant: Tenant;
  readonly key: KeyTerms & {
    /** Public: `key_` and more; "deployment" for SLUICE_API_KEY, "local" for a deployment without keys. */
    readonly id: string;
  };
}
