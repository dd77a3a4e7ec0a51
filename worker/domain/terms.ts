/**
 * What a caller's key and tenant say together about a request.
 *
 * Preferences are defaults, the key's before the tenant's, and a request's own knobs come before both. What
 * limits is no preference: of two ceilings the lower one holds, of two lists of models what both allow, and a
 * request can only narrow them further.
 */
import type { Policy } from "./policy.ts";
import type { Caller, Tenant } from "./tenant.ts";

export interface Terms {
  readonly defaults: Omit<Tenant["policy"], "max_cost_usd">;
  /** Most that one call may cost. */
  readonly maxCostUsd: number | undefined;
  /** Undefined allows all, an empty list nothing. */
  readonly allowModels: readonly string[] | undefined;
}

export function termsFor({ tenant, key }: Pick<Caller, "tenant" | "key">): Terms {
  const { max_cost_usd: tenantUsd, ...tenantDefaults } = tenant.policy;
  const { max_cost_usd: keyUsd, ...keyDefaults } = key.policy;
  return {
    defaults: { ...tenantDefaults, ...keyDefaults },
    maxCostUsd: lowest(tenantUsd, keyUsd),
    allowModels: allowedByBoth(tenant.allow_models, key.allow_models),
  };
}

/** The lower of two ceilings that may be absent. */
export function lowest(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined ? b : b === undefined ? a : Math.min(a, b);
}

/** The models that are on both lists; an absent list has all. */
export function allowedByBoth(
  a: readonly string[] | undefined,
  b: Policy["allow_models"],
): readonly string[] | undefined {
  return a === undefined ? b : b === undefined ? a : a.filter((model) => b.includes(model));
}
