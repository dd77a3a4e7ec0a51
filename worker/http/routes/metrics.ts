/** GET /metrics: what is watched and what was served, in Prometheus's text format, for operators. */
import { RouterError } from "../../domain/errors.ts";
import type { HttpContext } from "../context.ts";

const CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** Throws RouterError 501 where nobody watches, and 503. */
export async function metrics(context: HttpContext): Promise<Response> {
  const { metrics: ask } = context.var.deps;
  if (ask === undefined)
    throw new RouterError(
      "server_error",
      "This deployment is not watched; the binding WATCH in wrangler.toml is where it would be",
      { code: "not_watched", status: 501 },
    );
  const text = await ask().catch(unreachable);
  return context.body(text, 200, { "content-type": CONTENT_TYPE });
}

function unreachable(cause: unknown): never {
  throw new RouterError("server_error", "The watch cannot be reached at the moment; try again", {
    code: "watch_unreachable",
    status: 503,
    isRetryable: true,
    cause,
  });
}
