/**
 * Embeddings at vendors that speak OpenAI's format for them, which are all that the catalogue has.
 *
 * The request goes as the client wrote it, under the vendor's name for the model. One thing is made up
 * for: a vector may be asked for as base64 of its 32-bit floats, little-endian, which OpenAI's clients do
 * unless told otherwise. A vendor that sends numbers only is not asked for it, and what it sends is
 * encoded here.
 *
 * Pure. An answer counts only with a vector for each input: fewer would shift the client's index.
 *
 * Source: https://platform.openai.com/docs/api-reference/embeddings
 */
import { inputsOf } from "../domain/embedding.ts";
import type { UpstreamCompletion, UpstreamFailure, UpstreamWork } from "../domain/upstream.ts";
import { isRecord } from "../lib/json.ts";
import type { HttpRequest, VendorAnswer } from "./adapter.ts";
import type { Endpoint } from "./endpoints.ts";
import { hiddenError, malformed } from "./failures.ts";

type EmbeddingWork = Extract<UpstreamWork, { operation: "embeddings" }>;

/** The request that asks `endpoint` for `upstreamModel`'s vectors. Its headers hold the key. */
export function buildEmbeddingRequest(
  { baseUrl, key }: Endpoint,
  { request, hasBase64 }: EmbeddingWork,
  upstreamModel: string,
): HttpRequest {
  const body: Record<string, unknown> = { ...request, model: upstreamModel };
  delete body["sluice"];
  if (!hasBase64) delete body["encoding_format"];
  return {
    url: `${baseUrl}/embeddings`,
    headers: {
      "content-type": "application/json",
      accept: "application/json",
      ...(key !== undefined && { authorization: `Bearer ${key}` }),
    },
    body: JSON.stringify(body),
  };
}

/** A whole answer of status 2xx in the encoding that was asked for, or the failure that it hides. */
export function readEmbeddings(
  { text, body }: VendorAnswer,
  endpoint: Endpoint,
  { request }: EmbeddingWork,
): UpstreamCompletion | UpstreamFailure {
  if (body["error"]) return hiddenError(body, endpoint);
  const { data } = body;
  const count = inputsOf(request).length;
  if (!Array.isArray(data) || data.length !== count || !data.every(hasVector))
    return malformed(endpoint, `an answer without a vector for each of ${count} inputs`);
  const isEncoded = data.every(({ embedding }) => typeof embedding === "string");
  if (request.encoding_format !== "base64" || isEncoded) return { kind: "completion", text, body };
  const encoded = { ...body, data: data.map(withBase64) };
  return { kind: "completion", text: JSON.stringify(encoded), body: encoded };
}

interface Item extends Record<string, unknown> {
  readonly embedding: string | readonly number[];
}

function hasVector(item: unknown): item is Item {
  if (!isRecord(item)) return false;
  const { embedding } = item;
  if (typeof embedding === "string") return embedding !== "";
  return Array.isArray(embedding) && embedding.length > 0 && typeof embedding[0] === "number";
}

function withBase64(item: Item): Item {
  const { embedding } = item;
  if (typeof embedding === "string") return item;
  const view = new DataView(new ArrayBuffer(4 * embedding.length));
  for (const [index, value] of embedding.entries()) view.setFloat32(4 * index, value, true);
  let bytes = "";
  for (const byte of new Uint8Array(view.buffer)) bytes += String.fromCharCode(byte);
  return { ...item, embedding: btoa(bytes) };
}
