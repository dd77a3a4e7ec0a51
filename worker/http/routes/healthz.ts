/** GET /healthz: open to everybody. Says that requests are served, and by which weights. */
import type { HttpContext } from "../context.ts";
import type { HealthView } from "../wire/view-schemas.ts";

export function healthz(context: HttpContext): Response {
  const health: HealthView = { status: "ok", weights: context.var.deps.weights() };
  return context.json(health);
}
