/**
 * Holds a request to the models that its caller may use. A request that names others in `allow_models` gets
 * what is left; one that names no other is refused, and so is a model that was named itself.
 */
import { RouterError } from "../domain/errors.ts";
import type { Policy } from "../domain/policy.ts";
import { allowedByBoth } from "../domain/terms.ts";

/** Ids of models; undefined allows all. */
export type AllowedModels = readonly string[] | undefined;

/** The policy with what its caller may use besides. Throws RouterError 403 where that leaves nothing. */
export function withinAllowed(policy: Policy, allowed: AllowedModels): Policy {
  const left = allowedByBoth(allowed, policy.allow_models);
  if (left === undefined) return policy;
  if (left.length > 0) return { ...policy, allow_models: [...left] };
  throw notAllowed(
    allowed?.length === 0
      ? "This key may use no model: what it allows and what its tenant allows have none in common"
      : "allow_models names no model that this key may use",
    "allow_models",
  );
}

export function isAllowed(model: string, allowed: AllowedModels): boolean {
  return allowed === undefined || allowed.includes(model);
}

/** Throws RouterError 403 unless the caller may use any of these, of which the first is the one that was named. */
export function requireAllowed(models: readonly { id: string }[], allowed: AllowedModels): void {
  if (models.some(({ id }) => isAllowed(id, allowed))) return;
  throw notAllowed(`This key may not use ${models[0]?.id}`, "model");
}

function notAllowed(what: string, param: string): RouterError {
  return new RouterError(
    "permission_error",
    `${what}. GET /v1/models lists what it may use; an operator can allow more`,
    { code: "model_not_allowed", param },
  );
}
