/** POST /v1/embeddings: OpenAI's, served by whoever has the model that was named. */
import { embed } from "../../pipeline/embed.ts";
import { commissionOf, elapsed, type HttpContext } from "../context.ts";
import { readEmbeddingOrder } from "../wire/embedding-body.ts";
import { embeddingHeaders } from "../wire/headers.ts";
import { embeddingRouteView } from "../wire/views.ts";

export async function embeddings(context: HttpContext): Promise<Response> {
  const { tag, deps } = context.var;
  const order = await readEmbeddingOrder(context);
  const answer = await embed({ ...order, ...commissionOf(context) }, deps.pipeline);
  const headers = embeddingHeaders(answer, elapsed(context));
  if (answer.kind === "dry")
    return context.json(embeddingRouteView(tag.id, answer.choice), 200, headers);
  return new Response(answer.text, { headers: { ...headers, "content-type": "application/json" } });
}
