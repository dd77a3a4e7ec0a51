/**
 * The Worker: one fetch handler over a service that lives as long as its isolate.
 *
 * Newer weights and other isolates' news are looked for after an answer is on its way, once per request
 * at most, so nobody waits for them. A deployment whose variables are wrong answers 500 and says in its log what to correct.
 */
import { compose, type Service } from "./compose.ts";
import { ConfigError } from "./config.ts";
import { createLog } from "./telemetry/log.ts";

/** The platform finds Durable Objects among the main module's exports. */
export { VitalsObject } from "./vitals/vitals-object.ts";

let service: Service | undefined;

export default {
  async fetch(request, env, context) {
    try {
      service ??= compose(env);
    } catch (error) {
      if (error instanceof ConfigError) return misconfigured(error);
      throw error;
    }
    const response = await service.fetch(request, env, context);
    context.waitUntil(service.refresh());
    return response;
  },
} satisfies ExportedHandler<Env>;

function misconfigured({ message }: ConfigError): Response {
  createLog("error").write("error", "misconfigured", { message });
  const error = {
    message: "This deployment's variables are wrong; its log says which",
    type: "server_error",
    param: null,
    code: "misconfigured",
  };
  return Response.json({ error }, { status: 500, headers: { "x-should-retry": "false" } });
}
