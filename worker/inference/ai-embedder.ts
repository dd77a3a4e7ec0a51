/**
 * The likeness of texts by a model of Workers AI, for those who rather have a transformer's opinion than the head of the
 * bundle: better at paraphrases, a trip to another machine and a price each time.
 *
 * Vectors come as floats and are kept as all others, unit vectors times 127, rounded.
 *
 * Source: https://developers.cloudflare.com/workers-ai/models/bge-small-en-v1.5/
 */
import { z } from "zod";

/** The part of the platform's `Ai` binding that is used here. */
export interface EmbeddingBinding {
  run(model: string, inputs: { readonly text: readonly string[] }): Promise<unknown>;
}

const MODEL = "@cf/baai/bge-small-en-v1.5";
const DIMENSIONS = 384;
/** Its window is 512 tokens; what would be cut off is not read. */
const MAX_CHARACTERS = 1_500;

const answerSchema = z.object({
  data: z.tuple([z.array(z.number()).length(DIMENSIONS)]),
});

export class AiEmbedder {
  readonly id = `workers-ai/${MODEL}`;
  readonly #binding: EmbeddingBinding;

  constructor(binding: EmbeddingBinding) {
    this.#binding = binding;
  }

  /** A unit vector times 127, rounded. Rejects where the model cannot be asked or answers something else. */
  async embed(text: string): Promise<Int8Array> {
    const { data } = answerSchema.parse(await this.#binding.run(MODEL, { text: [text] }));
    const [numbers] = data;
    const length = Math.hypot(...numbers) || 1;
    return Int8Array.from(numbers, (x) => Math.round((127 * x) / length));
  }

  reads(text: string): boolean {
    return text.length <= MAX_CHARACTERS;
  }
}
