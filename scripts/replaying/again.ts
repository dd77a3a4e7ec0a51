/**
 * A logged decision made again, by the very functions that serve: candidates, decide or pin, explore.
 *
 * From a forecast everything is made anew. Without one (a tenant that keeps neither features nor prompts) the logged
 * candidates stand in for it, and what is made again is the choice among them. Facts of the moment are the record's:
 * latencies, which vendors had a key, what a paced budget said, what was learnt, the draw, and which models a budget
 * could not pay for.
 */
import type { CatalogModel } from "../../router-models/catalog.ts";
import type { Certificate } from "../../router-models/manifest.ts";
import type { Forecast } from "../../router-models/scorer.ts";
import type { Candidate, Decision, Excluded, NoCandidate } from "../../worker/domain/decision.ts";
import type { DecisionRecord } from "../../worker/domain/event.ts";
import type { Policy } from "../../worker/domain/policy.ts";
import { vendorOf } from "../../worker/domain/upstream.ts";
import { buildCandidates } from "../../worker/routing/candidates.ts";
import { decide } from "../../worker/routing/decide.ts";
import { explore } from "../../worker/routing/explore.ts";
import { forecastLatency, type LatencyForecast } from "../../worker/routing/latency.ts";
import { lifted } from "../../worker/routing/lift.ts";
import { pin } from "../../worker/routing/pin.ts";
import { excludedOf, needsOf } from "./logged-words.ts";

/** What takes the record's place. */
export interface Circumstances {
  readonly catalog: readonly CatalogModel[];
  /** Undefined to go by the logged candidates. */
  readonly forecast: Forecast | undefined;
  /** Of the weights that decide. */
  readonly certificate: Certificate | undefined;
  readonly policy: Policy;
  /** By model, what was learnt of it. */
  readonly lifts: Readonly<Record<string, number>>;
}

/** The decision. Throws UnknownWord for a record of another version. */
export function decideAgain(
  record: DecisionRecord,
  circumstances: Circumstances,
): Decision | NoCandidate {
  const { moment, pinned } = record;
  const { forecast, certificate, policy } = circumstances;
  const { candidates, excluded } =
    forecast === undefined
      ? loggedCandidates(record, circumstances)
      : builtCandidates(record, { ...circumstances, forecast });
  const input = {
    candidates,
    excluded,
    policy,
    certificate,
    task: forecast?.task ?? record.task,
    caution: moment.caution,
    qualityPerUsd: moment.qualityPerUsd,
    mostMicroUsd: moment.mostMicroUsd,
  };
  const preferred = pinned === undefined ? decide(input) : pin(pinned, input);
  if (!("reason" in preferred) || moment.exploration === undefined) return preferred;
  return explore(preferred, { ...moment.exploration, policy });
}

interface Considered {
  readonly candidates: readonly Candidate[];
  readonly excluded: readonly Excluded[];
}

function builtCandidates(
  record: DecisionRecord,
  { catalog, forecast, policy, lifts }: Circumstances & { readonly forecast: Forecast },
): Considered {
  const logged = new Map(allCandidatesOf(record).map((one) => [one.model, one]));
  const unserved = new Set(
    record.decision.excluded
      .filter(({ why }) => why === "no_vendor_key")
      .map(({ model }) => vendorOf(model)),
  );
  return buildCandidates({
    catalog,
    forecast: lifted(forecast, new Map(Object.entries(lifts))),
    needs: needsOf(record),
    policy,
    isServed: (id) => !unserved.has(vendorOf(id)),
    latencyOf: (model, tokens) => {
      const known = logged.get(model.id);
      if (known !== undefined) return loggedLatency(known);
      return forecastLatency(model.latency, undefined, { ...tokens, recentCalls: 0, nowMs: 0 });
    },
    pinned: record.pinned,
  });
}

/** In the catalogue's order, in which they once were made. */
function loggedCandidates(
  record: DecisionRecord,
  { catalog, policy }: Pick<Circumstances, "catalog" | "policy">,
): Considered {
  const logged = new Map(allCandidatesOf(record).map((one) => [one.model, one]));
  const candidates = catalog.flatMap(({ id }) => logged.get(id) ?? []);
  const allowed = policy.allow_models;
  return {
    candidates: candidates.filter(({ model }) => allowed?.includes(model) ?? true),
    excluded: excludedOf(record).filter(({ model }) => !logged.has(model)),
  };
}

/** Those of a record that had passed every filter. */
export function allCandidatesOf({ decision }: DecisionRecord): readonly Candidate[] {
  return [...decision.candidates, ...(decision.beyond ?? [])];
}

function loggedLatency({ ttftMs, ttftP90Ms, latencyMs, latencyP90Ms }: Candidate): LatencyForecast {
  return {
    ttftMs: { p50: ttftMs, p90: ttftP90Ms, p95: ttftP90Ms },
    totalMs: { p50: latencyMs, p90: latencyP90Ms, p95: latencyP90Ms },
  };
}
