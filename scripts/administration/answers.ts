/**
 * What a deployment answers, as far as it is shown here. A newer one may say more; what is not known is left out
 * of the text, and `--json` shows all of it.
 */
import { z } from "zod";
import { keyTermsSchema, organisationSchema, tenantSchema } from "../../worker/domain/tenant.ts";

export const organisationAnswer = z.object(organisationSchema.shape);
export const tenantAnswer = z.object(tenantSchema.shape);

export const keyAnswer = z.object({
  ...keyTermsSchema.omit({ expires_ms: true }).shape,
  id: z.string(),
  tenant: z.string(),
  status: z.string(),
  hint: z.string(),
  created_at: z.string(),
  expires_at: z.string().optional(),
  rotated_at: z.string().optional(),
  grace_until: z.string().optional(),
  revoked_at: z.string().optional(),
});

export const issuedAnswer = keyAnswer.extend({ secret: z.string() });

const common = {
  scope: z.string(),
  id: z.string(),
  window: z.string(),
  resets_at: z.string().nullish(),
};

/** Where the budgets and rate limits of a tenant stand, those of its organisation among them. */
export const budgetAnswer = z.object({
  budgets: z.array(
    z.object({
      ...common,
      kind: z.string(),
      model: z.string().optional(),
      limit_usd: z.number().nullable(),
      spent_usd: z.number(),
      held_usd: z.number(),
    }),
  ),
  limits: z.array(z.object({ ...common, unit: z.string(), limit: z.number(), used: z.number() })),
});

/** A call that was cut or lost, and what is booked for it by account. */
export const unbilledAnswer = z.object({
  request_id: z.string(),
  why: z.string(),
  since: z.string(),
  amounts: z.array(z.object({ account: z.string(), amount: z.number() })),
});

const feedbackAnswer = z.object({
  request_id: z.string(),
  source: z.string(),
  score: z.number(),
  comment: z.string().optional(),
  given_at: z.string(),
});

/** One page of a tenant's feedback. */
export const feedbackPage = z.object({
  data: z.array(feedbackAnswer),
  next: z.number().nullish(),
});

const counts = {
  hits: z.number(),
  semantic: z.number(),
  misses: z.number(),
  audits: z.number(),
  wrong: z.number(),
  saved_usd: z.number(),
};

/** What a tenant's cache has done for it. */
export const cacheAnswer = z.object({
  since: z.string().nullish(),
  likeness: z.object({ state: z.string(), most_wrong: z.number(), trips: z.number() }),
  ...counts,
  days: z.array(z.object({ date: z.string(), ...counts })),
});

/** What is kept of a tenant's events. */
export const eventsAnswer = z.object({
  days: z.number().nullish(),
  rows: z.number(),
  first_at: z.string().nullish(),
  last_at: z.string().nullish(),
  unfiled: z.number(),
  files_pending: z.number(),
  lost: z.number(),
});

export type EventsAnswer = z.output<typeof eventsAnswer>;
export type CacheAnswer = z.output<typeof cacheAnswer>;
export type FeedbackAnswer = z.output<typeof feedbackAnswer>;
export type FeedbackPage = z.output<typeof feedbackPage>;
export type UnbilledAnswer = z.output<typeof unbilledAnswer>;
export type OrganisationAnswer = z.output<typeof organisationAnswer>;
export type TenantAnswer = z.output<typeof tenantAnswer>;
export type KeyAnswer = z.output<typeof keyAnswer>;
export type BudgetAnswer = z.output<typeof budgetAnswer>;

/** The answer as the schema has it. Throws an Error where it is of another kind. */
export function readAnswer<T>(schema: z.ZodType<T>, answer: unknown): T {
  const parsed = schema.safeParse(answer);
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0]!;
  throw new Error(
    `the answer cannot be shown (${path.join(".")}: ${message}); --json shows it as it is`,
  );
}

export function readList<T>(schema: z.ZodType<T>, answer: unknown): readonly T[] {
  return readAnswer(z.object({ data: z.array(schema) }), answer).data;
}
