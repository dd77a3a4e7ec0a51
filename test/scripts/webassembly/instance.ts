/** A module run by Node's engine, whose types this project does not have. */

interface Engine {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => {
    readonly exports: Readonly<Record<string, unknown>>;
  };
}

/** The exported function of that name, and the bytes of the exported memory. */
export function instanceOf(
  bytes: Uint8Array,
  name: string,
): { run: (...args: readonly number[]) => unknown; buffer: ArrayBuffer } {
  const { WebAssembly } = globalThis as unknown as { readonly WebAssembly: Engine };
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes));
  const run = exports[name] as (...args: readonly number[]) => unknown;
  const { buffer } = exports["memory"] as { readonly buffer: ArrayBuffer };
  return { run, buffer };
}
