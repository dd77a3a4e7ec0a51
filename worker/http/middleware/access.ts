/**
 * The doors: one for callers, one for operators. Who may pass is tenants/'s to say, and what a caller's key is
 * good for is in its scopes. Behind the callers' door a request's id says whose it is.
 */
import type { MiddlewareHandler } from "hono";
import { RouterError } from "../../domain/errors.ts";
import type { Caller, Scope } from "../../domain/tenant.ts";
import type { HttpEnv } from "../context.ts";

/** Lets callers through whose key has any of the scopes, and those without one where none is named. */
export function requireCaller(...anyOf: readonly Scope[]): MiddlewareHandler<HttpEnv> {
  return async (context, next) => {
    const caller = await context.var.deps.checkAccess(context.req.raw, (work) =>
      context.executionCtx.waitUntil(work),
    );
    if (caller instanceof RouterError) throw caller;
    if (anyOf[0] !== undefined && !anyOf.some((scope) => caller.key.scopes.includes(scope)))
      requireScope(caller, anyOf[0]);
    context.set("caller", caller);
    const { tag, deps } = context.var;
    context.set("tag", { ...tag, id: await deps.requestIds.seal(tag.id, caller.tenant.id) });
    await next();
  };
}

export function requireOperator(): MiddlewareHandler<HttpEnv> {
  return async (context, next) => {
    const operator = await context.var.deps.checkOperator(context.req.raw);
    if (operator instanceof RouterError) throw operator;
    context.set("operator", operator);
    await next();
    // For this operator and this moment: nothing on the way may keep it.
    context.res.headers.set("cache-control", "no-store");
  };
}

/** Throws RouterError 403. */
export function requireScope({ key }: Caller, scope: Scope): void {
  if (key.scopes.includes(scope)) return;
  throw new RouterError(
    "permission_error",
    `The key ${key.id} lacks the scope ${scope}; it has ${key.scopes.join(", ")}. ` +
      "Use one that has it, or ask an operator to add it",
    { code: "missing_scope" },
  );
}
