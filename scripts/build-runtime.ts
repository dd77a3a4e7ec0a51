/**
 * Writes the WebAssembly that the Worker bundles: worker/inference/generated/ort.wasm, the file of onnxruntime-web,
 * and worker/cache/neighbours/generated/dot-products.wasm, which is assembled here. npm's `prepare` runs it after
 * every install; it takes well under a second.
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
import { dotProductsModule } from "./webassembly/dot-products.ts";

const WORKER = new URL("../worker/", import.meta.url);
const ORT_SOURCE = fileURLToPath(
  import.meta.resolve("onnxruntime-web/ort-wasm-simd-threaded.wasm"),
);
const ORT = fileURLToPath(new URL("inference/generated/ort.wasm", WORKER));
const DOT_PRODUCTS = fileURLToPath(new URL("cache/neighbours/generated/dot-products.wasm", WORKER));

/** Writes the files unless they are there already. Throws when the package's build has changed its form. */
export function buildRuntime(): void {
  write(ORT, deshare(readFileSync(ORT_SOURCE)));
  write(DOT_PRODUCTS, dotProductsModule());
}

/** An unchanged file keeps its time stamp, so nothing that watches it rebuilds. */
function write(target: string, bytes: Uint8Array): void {
  if (isWritten(target, bytes)) return;
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, bytes);
  console.error(`${target}: ${Math.ceil(bytes.length / 1024)} KiB`);
}

function isWritten(target: string, bytes: Uint8Array): boolean {
  try {
    return readFileSync(target).equals(bytes);
  } catch {
    return false;
  }
}

if (import.meta.main) buildRuntime();
