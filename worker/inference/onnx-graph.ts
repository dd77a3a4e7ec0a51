/**
 * A router's graph on an onnxruntime session: arrays in, one array out. Tensors over our own arrays need
 * no disposal.
 */
import type { GraphFeeds, GraphRunner } from "../../router-models/scorer.ts";
import { ort, runSession } from "./runtime.ts";

export class OnnxGraph implements GraphRunner {
  readonly #session: ort.InferenceSession;

  /** Takes the session over: `release` ends it. */
  constructor(session: ort.InferenceSession) {
    this.#session = session;
  }

  /** Rejects where the graph does not fit the feeds, or has no output `answer`. */
  async run({ ids, weights, statistics }: GraphFeeds): Promise<Float32Array> {
    const { answer } = await runSession(this.#session, {
      ids: new ort.Tensor("int32", ids, [ids.length]),
      weights: new ort.Tensor("float32", weights, [1, weights.length]),
      statistics: new ort.Tensor("float32", statistics, [1, statistics.length]),
    });
    if (answer?.data instanceof Float32Array) return answer.data;
    throw new Error('Cannot read the graph: it has no float32 output "answer"');
  }

  /** Call once, and never while `run` is under way: the run would fail. slot.ts sees to both. */
  release(): Promise<void> {
    return this.#session.release();
  }
}
