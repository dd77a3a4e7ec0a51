/** Lets nobody past without the deployment's consent; what that takes is tenants/access.ts's. */
import type { MiddlewareHandler } from "hono";
import type { HttpEnv } from "../context.ts";

export function requireAccess(): MiddlewareHandler<HttpEnv> {
  return async (context, next) => {
    const refusal = await context.var.deps.checkAccess(context.req.raw);
    if (refusal !== undefined) throw refusal;
    await next();
  };
}
