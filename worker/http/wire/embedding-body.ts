/** A request for embeddings off the wire: body and knobs, checked, as the pipeline wants them. */
import { embeddingRequestSchema } from "../../domain/embedding.ts";
import type { EmbeddingWish } from "../../pipeline/embedding-choice.ts";
import type { HttpContext } from "../context.ts";
import { readBody, readJsonObject } from "./json-body.ts";
import { policyOf } from "./terms.ts";

/** Throws RouterError 400, 403, 413 or 415. */
export async function readEmbeddingOrder(context: HttpContext): Promise<EmbeddingWish> {
  const body = await readJsonObject(context.req.raw, context.var.deps.maxBodyBytes);
  const request = readBody(embeddingRequestSchema, body);
  return { request, ...policyOf(context, { sluice: body["sluice"], isTimeless: true }) };
}
