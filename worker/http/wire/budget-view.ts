/** Budgets and rate limits as JSON: money in dollars, times in ISO 8601. */
import { z } from "zod";
import { remainingOf, type Standing } from "../../domain/standing.ts";
import type { Caller } from "../../domain/tenant.ts";
import type { BudgetShown } from "../../pipeline/show-budget.ts";

const scopeSchema = z.enum(["organisation", "tenant", "key"]);

const commonSchema = {
  scope: scopeSchema,
  id: z.string(),
  window: z.string(),
  resets_at: z.iso.datetime().nullable(),
};

export const budgetViewSchema = z.strictObject({
  object: z.literal("budget"),
  organisation: z.string(),
  tenant: z.string(),
  key: z.string(),
  budgets: z.array(
    z.strictObject({
      ...commonSchema,
      kind: z.enum(["hard", "soft", "counted"]),
      model: z.string().optional(),
      is_paced: z.boolean(),
      /** Score that a dollar must buy now; null until a request was seen here. */
      quality_per_usd: z.number().nullable().optional(),
      limit_usd: z.number().nullable(),
      spent_usd: z.number(),
      held_usd: z.number(),
      remaining_usd: z.number().nullable(),
      starts_at: z.iso.datetime().nullable(),
    }),
  ),
  limits: z.array(
    z.strictObject({
      ...commonSchema,
      unit: z.enum(["requests", "tokens", "concurrent"]),
      limit: z.number(),
      used: z.number(),
      remaining: z.number(),
    }),
  ),
});

type BudgetView = z.output<typeof budgetViewSchema>;

export function budgetView(
  { organisation, tenant, key }: Caller,
  { standings, prices }: BudgetShown,
): BudgetView {
  function priceIn({ account }: Standing): number | undefined {
    return prices.get(`${organisation.id} ${account}`);
  }
  return {
    object: "budget",
    organisation: organisation.id,
    tenant: tenant.id,
    key: key.id,
    budgets: standings.flatMap((standing) => moneyView(standing, priceIn(standing)) ?? []),
    limits: standings.flatMap((standing) => limitView(standing) ?? []),
  };
}

function moneyView(
  standing: Standing,
  qualityPerUsd: number | undefined,
): BudgetView["budgets"][number] | undefined {
  const { unit, limit, isHard, isPaced, spent, held, startsMs, model } = standing;
  if (unit !== "usd") return undefined;
  return {
    ...commonView(standing),
    kind: limit === undefined ? "counted" : isHard ? "hard" : "soft",
    ...(model !== undefined && { model }),
    is_paced: isPaced,
    ...(isPaced && { quality_per_usd: qualityPerUsd ?? null }),
    limit_usd: limit === undefined ? null : limit / 1e6,
    spent_usd: spent / 1e6,
    held_usd: held / 1e6,
    remaining_usd: limit === undefined ? null : remainingOf(standing) / 1e6,
    starts_at: isoOf(startsMs),
  };
}

function limitView(standing: Standing): BudgetView["limits"][number] | undefined {
  const { unit, limit, spent, held } = standing;
  if (unit === "usd" || limit === undefined) return undefined;
  const remaining = remainingOf(standing);
  return { ...commonView(standing), unit, limit, used: spent + held, remaining };
}

function commonView({ scope, id, window, resetsMs }: Standing) {
  return { scope, id, window, resets_at: isoOf(resetsMs) };
}

function isoOf(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString();
}
