/**
 * What the new router would do otherwise, tenant by tenant: how many decisions change their model, and what that does
 * to expected cost and predicted quality, both as the new router sees them.
 */
import { scoreOf, type Rejudged } from "./judge.ts";

export interface TenantChange {
  readonly tenant: string;
  readonly decisions: number;
  /** Preferred models that differ. */
  readonly changed: number;
  /** Expected cost of a decision's first attempt, micro-dollars. */
  readonly costBefore: number;
  readonly costAfter: number;
  /** Mean score of the preferred model. */
  readonly qualityBefore: number;
  readonly qualityAfter: number;
}

/** The tenant with the most decisions first. */
export function changesOf(decisions: readonly Rejudged[]): TenantChange[] {
  const tenants = [...Map.groupBy(decisions, ({ record }) => record.tenant)];
  return tenants
    .map(([tenant, own]) => changeOf(tenant, own))
    .toSorted((a, b) => b.decisions - a.decisions || (a.tenant < b.tenant ? -1 : 1));
}

function changeOf(tenant: string, own: readonly Rejudged[]): TenantChange {
  function mean(value: (one: Rejudged) => number): number {
    return own.reduce((sum, one) => sum + value(one), 0) / own.length;
  }
  return {
    tenant,
    decisions: own.length,
    changed: own.filter((one) => one.candidate.preferred.model !== one.incumbent.preferred.model)
      .length,
    costBefore: mean(({ incumbent }) => incumbent.preferred.costP50MicroUsd),
    costAfter: mean(({ candidate }) => candidate.preferred.costP50MicroUsd),
    qualityBefore: mean(({ candidate, incumbent }) =>
      scoreOf(candidate.forecast, incumbent.preferred.model),
    ),
    qualityAfter: mean(({ candidate }) => scoreOf(candidate.forecast, candidate.preferred.model)),
  };
}
