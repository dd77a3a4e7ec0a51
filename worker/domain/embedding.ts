/**
 * OpenAI's request for embeddings, as far as Sluice looks into it, and a model that can serve it.
 *
 * An input is a text or its tokens, and a request holds one of them or a list. As with chat, fields that
 * are not named here pass through.
 *
 * Source: https://platform.openai.com/docs/api-reference/embeddings/create
 */
import { z } from "zod";

/** OpenAI's limit, and that of every client that batches. */
const MAX_INPUTS = 2_048;
/** Bytes of an answer that are asked for, and read, at most: while they are read they exist four times over. */
export const MAX_EMBEDDINGS_BYTES = 16 << 20;
/** More than any model reads; a bound for the loops over them. */
const MAX_TOKENS = 131_072;

const token = z.int().nonnegative();
const MUST_BE = `must be a text, a list of tokens, or a list of 1 to ${MAX_INPUTS} of either; none may be empty`;

const one = z.union(
  [z.string().min(1), token, z.array(token).min(1).max(MAX_TOKENS)],
  "must be a text or tokens, and not empty",
);

export const embeddingRequestSchema = z.looseObject({
  model: z.string().min(1).max(256),
  input: z
    .union([z.string().min(1), z.array(one).min(1).max(MAX_TOKENS)], MUST_BE)
    .refine((input) => typeof input === "string" || isUniform(input), MUST_BE),
  dimensions: z.int().positive().max(65_536).nullish(),
  encoding_format: z.enum(["float", "base64"]).nullish(),
});

export type EmbeddingRequest = z.infer<typeof embeddingRequestSchema>;

/** A model that makes vectors. Vectors of two models cannot be compared, whatever their length. */
export interface EmbeddingModel {
  /** `provider/model` */
  readonly id: string;
  readonly upstreamModel?: string | undefined;
  readonly name: string;
  /** The model whose very vectors these are, where another vendor serves it too. */
  readonly sameVectorsAs?: string | undefined;
  readonly price: { readonly inputUsdPerMTok: number };
  readonly contextTokens: number;
  readonly dimensions: number;
  /** Takes `dimensions`; takes tokens in place of texts; sends base64 where that is asked for. */
  readonly capabilities: readonly ("dimensions" | "tokens" | "base64")[];
}

/** The inputs of a request, each a text or its tokens. */
export function inputsOf({ input }: EmbeddingRequest): readonly (string | readonly number[])[] {
  if (typeof input === "string") return [input];
  const tokens = input.filter((part) => typeof part === "number");
  return tokens.length > 0 ? [tokens] : input.filter((part) => typeof part !== "number");
}

/** Whether a list holds one text's tokens, or not too many inputs of one kind. */
function isUniform(list: readonly (string | number | readonly number[])[]): boolean {
  const kind = typeof list[0];
  return (
    list.every((part) => typeof part === kind) && (kind === "number" || list.length <= MAX_INPUTS)
  );
}
