/**
 * Gives every request its id before anything can fail, and puts it on every answer, errors included, with
 * the time that it took.
 *
 * `x-request-id` is where OpenAI's clients look for it (`_request_id`), `request-id` where Anthropic's do;
 * ours has its own name as well.
 */
import type { MiddlewareHandler } from "hono";
import { tagRequest } from "../../pipeline/ports.ts";
import type { HttpDeps, HttpEnv } from "../context.ts";
import { isMessagesPath } from "../wire/anthropic/errors.ts";

export function tagRequests(deps: HttpDeps): MiddlewareHandler<HttpEnv> {
  return async (context, next) => {
    context.set("tag", tagRequest(deps.pipeline));
    context.set("deps", deps);
    await next();
    const { tag } = context.var;
    context.res.headers.set("x-sluice-request-id", tag.id);
    const name = isMessagesPath(context.req.path) ? "request-id" : "x-request-id";
    context.res.headers.set(name, tag.id);
    if (context.res.headers.has("server-timing")) return;
    const totalMs = deps.pipeline.clock.nowMs() - tag.startedMs;
    context.res.headers.set("server-timing", `total;dur=${totalMs}`);
  };
}
