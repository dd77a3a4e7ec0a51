/** GET /openapi.json: the service's description. Open, like /healthz: it says nothing that this source does not. */
import { openApiDocument } from "../openapi/document.ts";

/** Made at first need, because a cold start is somebody's first request. */
let text: string | undefined;

export function openApi(): Response {
  text ??= JSON.stringify(openApiDocument());
  return new Response(text, { headers: { "content-type": "application/json" } });
}
