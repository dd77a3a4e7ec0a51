/** A module run by Node's engine, whose types this project does not have. */

interface Engine {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => {
    readonly exports: Readonly<Record<string, unknown>>;
  };
}

type Run = (...args: readonly number[]) => unknown;

/** The exported function of that name, and the bytes of the exported memory. */
export function instanceOf(bytes: Uint8Array, name: string): { run: Run; buffer: ArrayBuffer } {
  const scope: object = globalThis;
  if (!hasEngine(scope)) throw new Error("There is no WebAssembly here");
  const { Module, Instance } = scope.WebAssembly;
  const { [name]: run, memory } = new Instance(new Module(bytes)).exports;
  if (!isRun(run) || !isMemory(memory)) throw new Error("The module exports something else");
  return { run, buffer: memory.buffer };
}

function hasEngine(scope: object): scope is { readonly WebAssembly: Engine } {
  return "WebAssembly" in scope;
}

function isRun(value: unknown): value is Run {
  return typeof value === "function";
}

function isMemory(value: unknown): value is { readonly buffer: ArrayBuffer } {
  return typeof value === "object" && value !== null && "buffer" in value;
}
