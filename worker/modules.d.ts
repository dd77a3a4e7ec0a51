/** What the module rules of wrangler.toml, and wrangler's own, make of these imports; and its bindings. */
declare module "*.wasm" {
  const module: WebAssembly.Module;
  export default module;
}

declare module "*.onnx" {
  const bytes: ArrayBuffer;
  export default bytes;
}

declare namespace Cloudflare {
  /** `env` of cloudflare:workers, which the tests import. */
  interface Env {
    readonly WEIGHTS: KVNamespace;
    readonly ANSWERS: KVNamespace;
    readonly VITALS: NonNullable<globalThis.Env["VITALS"]>;
    readonly LEDGER: NonNullable<globalThis.Env["LEDGER"]>;
    readonly DIRECTORY: NonNullable<globalThis.Env["DIRECTORY"]>;
    readonly CACHE: NonNullable<globalThis.Env["CACHE"]>;
    readonly FEEDBACK: NonNullable<globalThis.Env["FEEDBACK"]>;
    readonly WATCH: NonNullable<globalThis.Env["WATCH"]>;
    readonly NEIGHBOURS: NonNullable<globalThis.Env["NEIGHBOURS"]>;
    readonly JOURNAL: NonNullable<globalThis.Env["JOURNAL"]>;
    readonly EVENT_FILES: NonNullable<globalThis.Env["EVENT_FILES"]>;
  }
}
