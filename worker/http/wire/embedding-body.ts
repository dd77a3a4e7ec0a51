/** A request for embeddings off the wire: body and knobs, checked, as the pipeline wants them. */
import { embeddingRequestSchema, type EmbeddingRequest } from "../../domain/embedding.ts";
import type { Policy } from "../../domain/policy.ts";
import type { HttpContext } from "../context.ts";
import { readBody, readJsonObject } from "./json-body.ts";
import { readKnobs } from "./knobs.ts";

/** Throws RouterError 400, 413 or 415. */
export async function readEmbeddingOrder({ req, var: { deps } }: HttpContext): Promise<{
  request: EmbeddingRequest;
  policy: Policy;
}> {
  const body = await readJsonObject(req.raw, deps.maxBodyBytes);
  const request = readBody(embeddingRequestSchema, body);
  return { request, policy: readKnobs(req.raw.headers, { sluice: body["sluice"] }) };
}
