/**
 * A router's graph on an onnxruntime session: arrays in, arrays out.
 *
 * The abilities of a panel are the same array in every call of one scorer, so their tensor is kept;
 * ids, weights and statistics are new with each prompt. Tensors over our own arrays need no disposal.
 */
import type { GraphFeeds, GraphOutputs, GraphRunner } from "../../router-models/scorer.ts";
import { ort } from "./runtime.ts";

export class OnnxGraph implements GraphRunner {
  readonly #session: ort.InferenceSession;
  #abilities: { readonly data: Float32Array; readonly tensor: ort.Tensor } | undefined;
  readonly #abilityWidth: number;

  /** Takes the session over: `release` ends it. @param abilityWidth As the manifest's shape has it. */
  constructor(session: ort.InferenceSession, abilityWidth: number) {
    this.#session = session;
    this.#abilityWidth = abilityWidth;
  }

  /** Rejects where the graph does not fit the feeds, or lacks an output. */
  async run({ ids, weights, statistics, abilities }: GraphFeeds): Promise<GraphOutputs> {
    const outputs = await this.#session.run({
      ids: new ort.Tensor("int32", ids, [ids.length]),
      weights: new ort.Tensor("float32", weights, [weights.length]),
      statistics: new ort.Tensor("float32", statistics, [1, statistics.length]),
      abilities: this.#abilitiesTensor(abilities),
    });
    return {
      logits: floats(outputs, "logits"),
      difficulty: floats(outputs, "difficulty"),
      task: floats(outputs, "task"),
      logTokens: floats(outputs, "logTokens"),
    };
  }

  /** Call once, and never while `run` is under way: the run would fail. slot.ts sees to both. */
  release(): Promise<void> {
    return this.#session.release();
  }

  #abilitiesTensor(data: GraphFeeds["abilities"]): ort.Tensor {
    if (this.#abilities?.data !== data) {
      const width = 1 + this.#abilityWidth;
      const tensor = new ort.Tensor("float32", data, [data.length / width, width]);
      this.#abilities = { data, tensor };
    }
    return this.#abilities.tensor;
  }
}

function floats(outputs: ort.InferenceSession.OnnxValueMapType, name: string): Float32Array {
  const data = outputs[name]?.data;
  if (data instanceof Float32Array) return data;
  throw new Error(`Cannot read the graph: it has no float32 output ${name}`);
}
