/**
 * Gives every request its id before anything can fail, and puts it on every answer.
 *
 * `x-request-id` is where OpenAI's clients look for it (`_request_id`); ours has its own name as well.
 */
import type { MiddlewareHandler } from "hono";
import { tagRequest } from "../../pipeline/ports.ts";
import type { HttpDeps, HttpEnv } from "../context.ts";

export function tagRequests(deps: HttpDeps): MiddlewareHandler<HttpEnv> {
  return async (context, next) => {
    const tag = tagRequest(deps.pipeline);
    context.set("tag", tag);
    context.set("deps", deps);
    await next();
    context.res.headers.set("x-sluice-request-id", tag.id);
    context.res.headers.set("x-request-id", tag.id);
  };
}
