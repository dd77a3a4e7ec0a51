/**
 * Writes worker/inference/generated/ort.wasm, the WebAssembly file of onnxruntime-web that the Worker
 * bundles. npm's `prepare` runs it after every install; it takes well under a second.
 *
 *     node scripts/build-runtime.ts
 *
 * The package ships one build, made for threads: it imports a *shared* memory. An isolate has no
 * threads, and whether shared memory is allowed is the platform's business; with an ordinary memory
 * nothing depends on it (cloudflare/deshare.ts).
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { deshare } from "./cloudflare/deshare.ts";

const SOURCE = fileURLToPath(import.meta.resolve("onnxruntime-web/ort-wasm-simd-threaded.wasm"));
const TARGET = fileURLToPath(new URL("../worker/inference/generated/ort.wasm", import.meta.url));

/** Writes the file unless it is there already. Throws when the package's build has changed its form. */
export function buildRuntime(): void {
  const bytes = deshare(readFileSync(SOURCE));
  if (isWritten(bytes)) return;
  mkdirSync(dirname(TARGET), { recursive: true });
  writeFileSync(TARGET, bytes);
  console.error(`${TARGET}: ${(bytes.length / 2 ** 20).toFixed(1)} MiB`);
}

/** An unchanged file keeps its time stamp, so nothing that watches it rebuilds. */
function isWritten(bytes: Uint8Array): boolean {
  try {
    return readFileSync(TARGET).equals(bytes);
  } catch {
    return false;
  }
}

if (import.meta.main) buildRuntime();
