/**
 * The routes, and what stands before each of them: tag, access, handler. The only file that knows the
 * paths, as the folder is the only one that knows Hono.
 *
 * Access comes before the question whether a path exists, so a stranger learns nothing about the rest.
 * Every path answers OPTIONS with its methods, HEAD like GET without a body, and anything else with 405.
 */
import { Hono, type Handler } from "hono";
import type { HttpDeps, HttpEnv } from "./context.ts";
import { requireAccess } from "./middleware/access.ts";
import { errorAnswer, onError } from "./middleware/errors.ts";
import { tagRequests } from "./middleware/request-tag.ts";
import { chatCompletions } from "./routes/chat-completions.ts";
import { embeddings } from "./routes/embeddings.ts";
import { healthz } from "./routes/healthz.ts";
import { countTokens, messages } from "./routes/messages.ts";
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
  serve(app, { method: "GET", path: "/healthz", handler: healthz });
  serve(app, { method: "GET", path: "/openapi.json", handler: openApi });
  app.use(requireAccess());
  serve(app, { method: "POST", path: "/v1/chat/completions", handler: chatCompletions });
  serve(app, { method: "POST", path: "/v1/messages", handler: messages });
  serve(app, { method: "POST", path: "/v1/messages/count_tokens", handler: countTokens });
  serve(app, { method: "POST", path: "/v1/responses", handler: responses });
  serve(app, { method: "POST", path: "/v1/embeddings", handler: embeddings });
  serve(app, { method: "POST", path: "/v1/route", handler: routeOnly });
  serve(app, { method: "GET", path: "/v1/models", handler: models });
  serve(app, { method: "GET", path: "/v1/models/:id{.+}", handler: model });
  return app;
}

interface Endpoint {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly handler: Handler<HttpEnv>;
}

/** Hono answers HEAD by the GET handler itself. */
function serve(app: Hono<HttpEnv>, { method, path, handler }: Endpoint): void {
  const allowed = [...(method === "GET" ? ["GET", "HEAD"] : [method]), "OPTIONS"];
  app.on(method, path, handler);
  app.options(
    path,
    () => new Response(null, { status: 204, headers: { allow: allowed.join(", ") } }),
  );
  app.all(path, (context) => {
    const methods = allowed.join(", ");
    const response = errorAnswer(methodNotAllowed(context.req.method, methods), context);
    response.headers.set("allow", methods);
    return response;
  });
}
