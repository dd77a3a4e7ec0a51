/**
 * Embeddings of the simulated vendor. A vector is made of a text's words, each of which points in a direction of its
 * own: the same text has the same vector, texts that share words have similar ones, and every vector has length 1.
 *
 * It is as strict as the catalogue says: what a model lacks is refused, so a router that sends it anyway is found
 * out. Of the faults only statuses are known here.
 *
 * Source: https://platform.openai.com/docs/api-reference/embeddings
 */
import { z } from "zod";
import type { CatalogEmbedding } from "../../router-models/catalog.ts";
import { hashText, randomFrom } from "../../worker/lib/prng.ts";
import { lineFor } from "./bill.ts";
import { readJson, sendJson, type Call, type Simulation } from "./chat-call.ts";
import { countTokens } from "./pieces.ts";
import { vendorError } from "./wire-format.ts";

const text = z.string().min(1);
const tokens = z.array(z.int().nonnegative()).min(1);

const embeddingRequest = z.strictObject({
  model: z.string(),
  input: z.union([text, z.array(text).min(1).max(2048), tokens, z.array(tokens).min(1).max(2048)]),
  dimensions: z.int().positive().optional(),
  encoding_format: z.enum(["float", "base64"]).optional(),
  user: z.string().optional(),
});

type EmbeddingRequest = z.infer<typeof embeddingRequest>;

/** Answers one request for embeddings by one of `models`. */
export async function answerEmbeddings(
  call: Call,
  simulation: Pick<Simulation, "requests" | "faults" | "bill">,
  models: readonly CatalogEmbedding[],
): Promise<void> {
  const body = await readJson(call.request);
  const parsed = embeddingRequest.safeParse(body);
  if (!parsed.success) return refuse(call, 400, z.prettifyError(parsed.error));
  const request = parsed.data;
  const model = models.find((m) => (m.upstreamModel ?? tailOf(m.id)) === request.model);
  if (model === undefined) return refuse(call, 404, `No embedding model ${request.model}.`);
  const vendor = model.id.slice(0, model.id.indexOf("/"));
  const open = simulation.requests.open({
    vendor,
    model: model.id,
    upstreamModel: request.model,
    isStream: false,
    headers: call.request.headers,
    body,
  });
  const fault = simulation.faults.take({ vendor, model: model.id });
  const lacking = lackOf(request, model);
  if (fault !== undefined || lacking !== undefined) {
    open.end("failed");
    if (fault?.kind === "status") return refuse(call, fault.status, "Failing on demand.");
    return refuse(
      call,
      400,
      `${request.model} does not know ${lacking ?? `the fault ${fault?.kind}`}.`,
    );
  }
  const promptTokens = tokensIn(request);
  const billed = { promptTokens, cacheWriteTokens: 0, completionTokens: 0, reasoningTokens: 0 };
  const price = { ...model.price, outputUsdPerMTok: 0 };
  const ended = {
    headers: call.request.headers,
    state: "finished",
    billed,
    madeTokens: 0,
  } as const;
  simulation.bill.begin()(lineFor({ ...ended, model: { id: model.id, price } }));
  sendJson(call, 200, answerTo(request, model));
  open.end("finished");
}

function refuse(call: Call, status: number, message: string): void {
  sendJson(call, status, vendorError(message, "invalid_request_error"));
}

/** The field that the model has no use for. */
function lackOf(request: EmbeddingRequest, { capabilities }: CatalogEmbedding): string | undefined {
  if (request.dimensions !== undefined && !capabilities.includes("dimensions")) return "dimensions";
  if (request.encoding_format === "base64" && !capabilities.includes("base64")) return "base64";
  const hasTokens = inputsOf(request).some((input) => typeof input !== "string");
  return hasTokens && !capabilities.includes("tokens") ? "tokens" : undefined;
}

function inputsOf({ input }: EmbeddingRequest): readonly (string | readonly number[])[] {
  if (typeof input === "string") return [input];
  return input.every((one) => typeof one === "number") ? [input] : input;
}

function tokensIn(request: EmbeddingRequest): number {
  return inputsOf(request).reduce(
    (sum, input) => sum + (typeof input === "string" ? countTokens(input) : input.length),
    0,
  );
}

function answerTo(request: EmbeddingRequest, model: CatalogEmbedding): object {
  const inputs = inputsOf(request);
  const used = tokensIn(request);
  return {
    object: "list",
    data: inputs.map((input, index) => {
      const vector = vectorOf(input, request.dimensions ?? model.dimensions);
      const isEncoded = request.encoding_format === "base64";
      return { object: "embedding", index, embedding: isEncoded ? base64Of(vector) : vector };
    }),
    model: request.model,
    usage: { prompt_tokens: used, total_tokens: used },
  };
}

/** The sum of the words' directions, at length 1. */
function vectorOf(input: string | readonly number[], dimensions: number): number[] {
  const words = typeof input === "string" ? input.toLowerCase().split(/\W+/u) : input.map(String);
  const sum = Array.from({ length: dimensions }, () => 0);
  for (const word of words) {
    const random = randomFrom(hashText(word));
    for (let i = 0; i < dimensions; i++) sum[i]! += random() - 0.5;
  }
  const norm = Math.hypot(...sum);
  return sum.map((value) => Math.fround(value / norm));
}

function base64Of(vector: readonly number[]): string {
  return Buffer.from(Float32Array.from(vector).buffer).toString("base64");
}

function tailOf(id: string): string {
  return id.slice(id.indexOf("/") + 1);
}
