/** Candidates for a row of a file. Every model may serve: a row asks for nothing but an answer. */
import type { CatalogModel } from "../../router-models/catalog.ts";
import type { Forecast } from "../../router-models/scorer.ts";
import type { Candidate } from "../../worker/domain/decision.ts";
import { policySchema } from "../../worker/domain/policy.ts";
import { buildCandidates } from "../../worker/routing/candidates.ts";

export function rowCandidates(forecast: Forecast, catalog: readonly CatalogModel[]): Candidate[] {
  return buildCandidates({
    catalog,
    forecast,
    needs: { capabilities: [], contextTokens: 0 },
    policy: policySchema.parse({}),
    isServed: () => true,
  }).candidates;
}
