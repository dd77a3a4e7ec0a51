/**
 * The release that is part of the bundle, loaded and proven in global scope.
 *
 * Start-up has a time limit of its own (one second), so what is done here costs no request anything:
 * the runtime starts, the release's session is created, and its golden vectors are run, which also
 * compiles the code on the way. A bundle whose files do not belong together, or whose answers are
 * wrong, does not start; it fails when it is uploaded and not in front of a client.
 *
 * The files come as bytes and text, not as parsed JSON (module rules in wrangler.toml): the id of a
 * release is the SHA-256 of its manifest's bytes.
 */
import { canary, openRelease } from "../../router-models/release.ts";
import golden from "../../router-models/released/headgate/golden.json";
import manifest from "../../router-models/released/headgate/manifest.json";
import model from "../../router-models/released/headgate/model.onnx";
import wasm from "./generated/ort.wasm";
import { OnnxGraph } from "./onnx-graph.ts";
import { startRuntime } from "./runtime.ts";
import type { LoadedRelease } from "./served-release.ts";

/** In service from the start. Hand it to one RouterHost, which then owns its graph. */
export const BUNDLED: LoadedRelease = await loadBundled();

async function loadBundled(): Promise<LoadedRelease> {
  const release = await openRelease({
    manifest: textBytes(manifest),
    golden: textBytes(golden),
    model: new Uint8Array(model),
  });
  const session = await startRuntime(wasm, release.model);
  const graph = new OnnxGraph(session);
  const { failure } = await canary(release, graph);
  if (failure !== undefined) throw new Error(`Cannot start on the bundled release: ${failure}`);
  return { release, graph };
}

/** TypeScript takes the import for parsed JSON; the rule `Text` of wrangler.toml makes it a string. */
export function textBytes(imported: unknown): Uint8Array<ArrayBuffer> {
  if (typeof imported !== "string")
    throw new Error("Cannot read the bundled release: wrangler.toml lacks its rule of type Text");
  return new Uint8Array(new TextEncoder().encode(imported));
}
