/**
 * Starts the unpatched JavaScript of onnxruntime-web 1.30.0 inside workerd.
 *
 * The package expects a browser: it wants to fetch its WebAssembly file by address, compile the bytes
 * and spread work over Web Workers. workerd has none of that; the only WebAssembly it runs was imported
 * as a module at deploy time. `startRuntime` puts that module where the package would have compiled its
 * own, by three changes to global objects that last for the first session's creation and are undone
 * before it resolves, or rejects.
 *
 * Call it in global scope: the start costs 200 ms and more, which start-up then pays and no request.
 * A start that fails leaves the package unusable for the isolate; there is no second try.
 */

// This entry has Emscripten's loader inside. The others load it by dynamic import(), which a bundled
// Worker cannot serve.
import * as ort from "onnxruntime-web/wasm";

export { ort };

const SESSION_OPTIONS: ort.InferenceSession.SessionOptions = {
  executionProviders: ["wasm"],
  graphOptimizationLevel: "all",
  executionMode: "sequential",
};

/** Pages of 64 KiB: 96 MiB, the isolate's 128 MB less the rest. Beyond it `openSession` rejects. */
const MAX_HEAP_PAGES = 1536;

let heap: WebAssembly.Memory | undefined;

/** Bytes of the runtime's heap, 0 before the start. It grows and never shrinks. */
export function heapBytes(): number {
  return heap?.buffer.byteLength ?? 0;
}

/**
 * Starts the runtime on `module` (the file that scripts/build-runtime.ts writes) and answers the
 * session of the first model. Whoever holds a session releases it, once.
 */
export async function startRuntime(
  module: WebAssembly.Module,
  model: Uint8Array,
): Promise<ort.InferenceSession> {
  ort.env.wasm.numThreads = 1; // There is no Web Worker to run a second thread.
  ort.env.wasm.proxy = false;
  ort.env.logLevel = "error";

  // The loader resolves the .wasm address against import.meta.url, which is undefined in a bundle, and
  // throws. A binary handed over in advance makes it skip both the address and the fetch. The bytes are
  // never compiled: `instantiateWasm` below comes first.
  ort.env.wasm.wasmBinary = new ArrayBuffer(8);

  const undo = [offerModule(module), useOrdinaryMemory(), hideWaitAsync()];
  try {
    return await openSession(model);
  } finally {
    for (const step of undo) step();
  }
}

/** A session of a further model. Rejects when the model is not valid or the heap cannot hold it. */
export function openSession(model: Uint8Array): Promise<ort.InferenceSession> {
  return ort.InferenceSession.create(model, SESSION_OPTIONS);
}

/** Ends when the run under way has ended, well or badly; undefined where there is none. */
let underWay: Promise<void> | undefined;

/**
 * One run of a session, after those before it, of whatever session. The package lays a run's arguments on the one
 * stack of its heap and then waits, for microtasks alone; a run that began meanwhile and ended first takes them off
 * again, and the other reads what is there by then. A run ends within the task that began it, so nobody waits long.
 */
export function runSession(
  session: ort.InferenceSession,
  feeds: ort.InferenceSession.FeedsType,
): Promise<ort.InferenceSession.ReturnType> {
  if (underWay !== undefined) return underWay.then(() => runSession(session, feeds));
  const run = session.run(feeds);
  underWay = run.then(endRun, endRun);
  return run;
}

function endRun(): void {
  underWay = undefined;
}

/**
 * Emscripten asks its options object for a function `instantiateWasm`; the package builds that object
 * itself, as a literal, and forwards no such option. A property on Object.prototype is found anyway.
 * Not enumerable, so no `for in` sees it, and gone as soon as it has been called.
 */
function offerModule(module: WebAssembly.Module): () => void {
  type Done = (instance: WebAssembly.Instance, module: WebAssembly.Module) => void;
  // oxlint-disable-next-line no-extend-native -- the only door to Emscripten's options object
  Object.defineProperty(Object.prototype, "instantiateWasm", {
    configurable: true,
    enumerable: false,
    writable: true, // Or every assignment to a property of this name, anywhere, would throw.
    value: (imports: WebAssembly.Imports, done: Done) => {
      withdrawModule();
      heap = Object.values(imports["a"] ?? {}).find((value) => value instanceof WebAssembly.Memory);
      done(new WebAssembly.Instance(module, imports), module);
    },
  });
  return withdrawModule;
}

function withdrawModule(): void {
  Reflect.deleteProperty(Object.prototype, "instantiateWasm");
}

/**
 * The loader creates the heap as shared memory, for threads that we do not have. The module's import
 * has been made ordinary, so the heap has to be ordinary too. Its maximum is lowered as well: a model
 * too large for the heap then fails to load, where it can be refused, and the isolate does not die.
 */
function useOrdinaryMemory(): () => void {
  const Original = WebAssembly.Memory;
  class OrdinaryMemory extends Original {
    constructor({ initial, maximum = MAX_HEAP_PAGES }: WebAssembly.MemoryDescriptor) {
      super({ initial, maximum: Math.min(maximum, MAX_HEAP_PAGES) });
    }
  }
  WebAssembly.Memory = OrdinaryMemory;
  return () => {
    WebAssembly.Memory = Original;
  };
}

/**
 * The loader tests for Atomics.waitAsync and, where it exists, calls it on the heap. On an ordinary
 * heap that call throws. Without it the loader takes its plain path, which is right for one thread.
 */
function hideWaitAsync(): () => void {
  const atomics = Atomics as { waitAsync?: unknown };
  const original = atomics.waitAsync;
  atomics.waitAsync = undefined;
  return () => {
    atomics.waitAsync = original;
  };
}
