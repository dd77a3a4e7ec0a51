/**
 * The Worker: the platform's handlers over a service that lives as long as its isolate.
 *
 * Newer weights and other isolates' news are looked for after an answer is on its way, once per request
 * at most, so nobody waits for them. A deployment that cannot be built answers 500, in the
 * format of the path, and says in its log what to correct.
 */
import { compose, type Service } from "./compose.ts";
import { RouterError } from "./domain/errors.ts";
import { isMessagesPath, messagesError } from "./http/wire/anthropic/errors.ts";
import { errorResponse } from "./http/wire/errors.ts";
import { createLog } from "./telemetry/log.ts";

export {
  CacheObject,
  DirectoryObject,
  FeedbackObject,
  JournalObject,
  LedgerObject,
  NeighbourObject,
  VitalsObject,
  WatchObject,
} from "./objects.ts";

let service: Service | undefined;

export default {
  async fetch(request, env, context) {
    try {
      service ??= compose(env);
    } catch (error) {
      return misconfigured(request, error);
    }
    const response = await service.fetch(request, env, context);
    context.waitUntil(service.refresh());
    return response;
  },

  async queue(batch, env) {
    try {
      service ??= compose(env);
    } catch (error) {
      logMisconfigured(error);
      return batch.retryAll({ delaySeconds: MISCONFIGURED_DELAY_S });
    }
    await service.deliver(batch);
  },

  async scheduled(controller, env) {
    try {
      service ??= compose(env);
    } catch (error) {
      return logMisconfigured(error);
    }
    await service.scheduled(controller);
  },
} satisfies ExportedHandler<Env>;

/** Until messages are tried again that came while no service could be built: time to correct it. */
const MISCONFIGURED_DELAY_S = 600;

/** Why a service could not be built is for the log alone: the variable at fault may hold a key. */
function misconfigured(request: Request, cause: unknown): Response {
  const id = `req_${crypto.randomUUID().replaceAll("-", "")}`;
  logMisconfigured(cause, { request_id: id });
  const said = "This deployment is set up wrongly; its log says how";
  const error = new RouterError("server_error", said, { code: "misconfigured" });
  const isMessages = isMessagesPath(new URL(request.url).pathname);
  const response = isMessages
    ? errorResponse(error, (known) => messagesError(known, id))
    : errorResponse(error);
  response.headers.set("x-sluice-request-id", id);
  return response;
}

function logMisconfigured(cause: unknown, fields?: { readonly request_id: string }): void {
  const message = cause instanceof Error ? cause.message : "not an error";
  createLog("error").write("error", "misconfigured", { ...fields, message });
}
