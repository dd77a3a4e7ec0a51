/**
 * The similarity head that is part of the bundle, loaded and proven in global scope, as bundled.ts does with
 * the router, which starts the runtime for both. Whoever does without a semantic cache does not import this.
 */
import { openKinRelease } from "../../router-models/kin/release.ts";
import golden from "../../router-models/released/confluence/golden.json";
import manifest from "../../router-models/released/confluence/manifest.json";
import model from "../../router-models/released/confluence/model.onnx";
import { BUNDLED, textBytes } from "./bundled.ts";
import { Embedder } from "./embedder.ts";

/** In service from the start. */
export const EMBEDDER: Embedder = await openBundled();

async function openBundled(): Promise<Embedder> {
  void BUNDLED; // Loaded first, and with it the runtime.
  return Embedder.open(
    await openKinRelease({
      manifest: textBytes(manifest),
      golden: textBytes(golden),
      model: new Uint8Array(model),
    }),
  );
}
