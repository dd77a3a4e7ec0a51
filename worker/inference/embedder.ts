/**
 * The similarity head in service: a text goes in, the vector comes out by which like texts are found.
 *
 * It has a session of its own beside the router's, on the same runtime, whose runs take turns. Vectors mean something only beside others of the same
 * release: `id` goes wherever they are kept.
 *
 * Invariant: whoever has an embedder has one whose golden vectors were right.
 */
import type { KinShape } from "../../router-models/kin/head.ts";
import { kinFailure, type KinRelease } from "../../router-models/kin/release.ts";
import { isWhole, type KinBag } from "../../router-models/kin/tokens.ts";
import { vectorOf, type KinRunner } from "../../router-models/kin/vector.ts";
import { openSession, ort, runSession } from "./runtime.ts";

export class Embedder {
  /** SHA-256 of the release's manifest. */
  readonly id: string;
  readonly #shape: KinShape;
  readonly #runner: KinRunner;

  private constructor({ id, manifest }: KinRelease, runner: KinRunner) {
    this.id = id;
    this.#shape = manifest.shape;
    this.#runner = runner;
  }

  /** The runtime must have been started. Rejects where the graph does not load or answers wrongly. */
  static async open(release: KinRelease): Promise<Embedder> {
    const session = await openSession(release.model);
    const runner: KinRunner = { run: (bag) => runHead(session, bag) };
    const failure = await kinFailure(release, runner);
    if (failure === undefined) return new Embedder(release, runner);
    await session.release();
    throw new Error(`Cannot embed with this release: ${failure}`);
  }

  /** Bytes of a vector, a multiple of 16. */
  get dimensions(): number {
    return this.#shape.dimensions;
  }

  /** A unit vector times 127, rounded. A text without words has zeros, which are like nothing. */
  embed(text: string): Promise<Int8Array<ArrayBuffer>> {
    return vectorOf(text, this.#shape, this.#runner);
  }

  /** Whether a vector would speak for the whole text; where not, nothing may be served by it. */
  reads(text: string): boolean {
    return isWhole(text);
  }
}

async function runHead(
  session: ort.InferenceSession,
  { ids, weights }: KinBag,
): Promise<Float32Array> {
  const { vector } = await runSession(session, {
    ids: new ort.Tensor("int32", ids, [ids.length]),
    weights: new ort.Tensor("float32", weights, [1, weights.length]),
  });
  if (vector?.data instanceof Float32Array) return vector.data;
  throw new Error('Cannot read the head: it has no float32 output "vector"');
}
