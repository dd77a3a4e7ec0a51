/** GET /healthz: the one route without a key. Says that requests are served, and by which weights. */
import type { HttpContext } from "../context.ts";

export function healthz(context: HttpContext): Response {
  return context.json({ status: "ok", weights: context.var.deps.weights() });
}
