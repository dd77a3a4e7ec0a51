/**
 * The routes, and what stands before each of them: tag, door, handler. The only file that knows the
 * paths (operators' are listed in routes/admin/paths.ts), as the folder is the only one that knows Hono.
 *
 * A route is served together with its door, so none can stand open because a path was spelt otherwise. The doors
 * stand before paths that do not exist as well, so a stranger learns nothing about the rest.
 * Every path answers OPTIONS with its methods, HEAD like GET without a body, and anything else with 405.
 */
import { Hono } from "hono";
import type { Scope } from "../domain/tenant.ts";
import type { Handlers, HttpDeps, HttpEnv } from "./context.ts";
import { requireCaller, requireOperator } from "./middleware/access.ts";
import { errorAnswer, onError } from "./middleware/errors.ts";
import { tagRequests } from "./middleware/request-tag.ts";
import { ADMIN_PATHS } from "./routes/admin/paths.ts";
import { budget } from "./routes/budget.ts";
import { chatCompletions } from "./routes/chat-completions.ts";
import { embeddings } from "./routes/embeddings.ts";
import { feedback } from "./routes/feedback.ts";
import { healthz } from "./routes/healthz.ts";
import { countTokens, messages } from "./routes/messages.ts";
import { metrics } from "./routes/metrics.ts";
import { model, models } from "./routes/models.ts";
import { openApi } from "./routes/openapi.ts";
import { responses } from "./routes/responses.ts";
import { routeOnly } from "./routes/route.ts";
import { methodNotAllowed, unknownPath } from "./wire/errors.ts";

/** The service as one fetch handler. Its third argument must be an ExecutionContext. */
export function createApp(deps: HttpDeps): Hono<HttpEnv> {
  const app = new Hono<HttpEnv>();
  app.onError(onError);
  app.notFound(({ req }) => {
    throw unknownPath(req.method, req.path);
  });
  app.use(tagRequests(deps));
  serve(app, "/healthz", { for: "everybody", GET: healthz });
  serve(app, "/openapi.json", { for: "everybody", GET: openApi });
  serve(app, "/metrics", { for: "operators", GET: metrics });
  serve(app, "/v1/chat/completions", { for: ROUTED, POST: chatCompletions });
  serve(app, "/v1/messages", { for: ROUTED, POST: messages });
  serve(app, "/v1/messages/count_tokens", { for: ROUTED, POST: countTokens });
  serve(app, "/v1/responses", { for: ROUTED, POST: responses });
  serve(app, "/v1/embeddings", { for: ROUTED, POST: embeddings });
  serve(app, "/v1/route", { for: ["route"], POST: routeOnly });
  serve(app, "/v1/feedback", { for: ["feedback"], POST: feedback });
  serve(app, "/v1/budget", { for: ["budget"], GET: budget });
  serve(app, "/v1/models", { for: ["models"], GET: models });
  serve(app, "/v1/models/:id{.+}", { for: ["models"], GET: model });
  for (const [path, handlers] of ADMIN_PATHS) serve(app, path, { for: "operators", ...handlers });
  app.use("/admin/*", requireOperator());
  // Or the callers' door would have a say as well.
  app.all("/admin/*", ({ req }) => {
    throw unknownPath(req.method, req.path);
  });
  app.use(requireCaller());
  return app;
}

/** What a knob makes dry needs the scope "route" and everything else "inference"; wire/terms.ts tells which. */
const ROUTED = ["inference", "route"] as const;

interface Endpoint extends Handlers {
  /** Whom it is for: of callers those whose keys have any of the scopes. */
  readonly for: "everybody" | "operators" | readonly [Scope, ...Scope[]];
}

/** Puts a path behind its door. Hono answers HEAD by the GET handler itself. */
function serve(app: Hono<HttpEnv>, path: string, endpoint: Endpoint): void {
  const { for: whom, ...handlers } = endpoint;
  if (whom === "operators") app.all(path, requireOperator());
  else if (whom !== "everybody") app.all(path, requireCaller(...whom));
  for (const [method, handler] of Object.entries(handlers)) app.on(method, path, handler);
  const methods = Object.keys(handlers).flatMap((method) =>
    method === "GET" ? ["GET", "HEAD"] : [method],
  );
  const allow = [...methods, "OPTIONS"].join(", ");
  app.options(path, () => new Response(null, { status: 204, headers: { allow } }));
  app.all(path, (context) => {
    const response = errorAnswer(methodNotAllowed(context.req.method, allow), context);
    response.headers.set("allow", allow);
    return response;
  });
}
