/**
 * The policy of a request: its knobs, within what its caller's key and tenant say.
 *
 * Whether a request is dry is known only here, so the scope that it needs is asked for here: `route` for a
 * decision alone, `inference` for an answer.
 */
import type { Policy, Preset } from "../../domain/policy.ts";
import { termsFor } from "../../domain/terms.ts";
import type { AllowedModels } from "../../pipeline/allowed-models.ts";
import type { HttpContext } from "../context.ts";
import { requireScope } from "../middleware/access.ts";
import { caching } from "./caching.ts";
import { readKnobs } from "./knobs.ts";

interface Asked {
  /** The body's `sluice` field. */
  readonly sluice: unknown;
  /** From the model's name. */
  readonly preset?: Preset | undefined;
  /** For a route that only ever decides. */
  readonly isDry?: boolean | undefined;
  /** How long it takes is not predicted, so what key and tenant prefer there is not meant for it. */
  readonly isTimeless?: boolean;
}

/** Throws RouterError 400 or 403. */
export function policyOf(
  { req, var: { caller } }: HttpContext,
  { sluice, preset, isDry = false, isTimeless = false }: Asked,
): { policy: Policy; allowed: AllowedModels } {
  const { allowModels: allowed, ...terms } = termsFor(caller);
  const { max_latency_ms: _latency, hedge: _hedge, ...timeless } = terms.defaults;
  const defaults = isTimeless ? timeless : terms.defaults;
  const knobs = readKnobs(req.raw.headers, { sluice, preset, terms: { ...terms, defaults } });
  const asked = isDry ? { ...knobs, dry_run: true } : knobs;
  const policy = caching(asked, req.raw.headers, caller.tenant);
  requireScope(caller, policy.dry_run ? "route" : "inference");
  return { policy, allowed };
}
