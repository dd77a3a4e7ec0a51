/**
 * The worker on this machine: wrangler's development server in local mode, as real workerd runs it, pointed at a
 * simulated vendor. No account, key or network: wrangler's telemetry, error reports and the download of sample
 * `request.cf` data are switched off before it is loaded, because it reads those settings once.
 */
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { devNull } from "node:os";
import { fileURLToPath } from "node:url";
import { OFFLINE } from "../cloudflare/wrangler.ts";

/** The repository's root, with a slash at its end. */
const ROOT = new URL("../../", import.meta.url);

/** onnxruntime's WebAssembly, made from the npm package by `npm ci`; the worker cannot be bundled without it. */
const RUNTIME = new URL("worker/inference/generated/ort.wasm", ROOT);

export interface LocalWorkerOptions {
  /** Another Worker with the deployment's bindings, in place of the service. */
  readonly entrypoint?: string;
  /** 0, the default, takes any free port. */
  readonly port?: number;
  /** Becomes VENDOR_BASE_URL. */
  readonly vendorUrl: string;
  /** Further variables, by name. */
  readonly vars?: Readonly<Record<string, string>>;
  /** Where KV lives: a folder, or false for memory only. `.wrangler/state` of the repository by default. */
  readonly persist?: string | false;
  /** What wrangler itself prints; "warn" by default. */
  readonly logLevel?: "none" | "error" | "warn" | "info" | "log";
}

/** A worker that answers. Whoever started it closes it. */
export interface LocalWorker {
  /** `http://127.0.0.1:PORT`, the address for people. */
  readonly url: string;
  /**
   * The same worker without wrangler's development proxy, which takes milliseconds for each answer and tells the
   * worker of a client that hangs up only once it writes again. The address for tests.
   */
  readonly directUrl: string;
  close(): Promise<void>;
}

/**
 * Bundles and starts the worker on 127.0.0.1, and resolves once it answers. Rejects where the runtime is not built,
 * the port is taken or the bundle does not build; the message says what to do.
 */
export async function startLocalWorker(options: LocalWorkerOptions): Promise<LocalWorker> {
  if (!existsSync(RUNTIME))
    throw new Error(
      "worker/inference/generated/ort.wasm is missing: run `npm ci`, which makes it.",
    );
  const { entrypoint, port = 0, vendorUrl, vars = {}, persist, logLevel = "warn" } = options;
  await checkPortIsFree(port, "--port");
  Object.assign(process.env, OFFLINE);
  const { unstable_startWorker: startWorker } = await import("wrangler");
  const values = { VENDOR_BASE_URL: vendorUrl, ...vars };
  const worker = await startWorker({
    config: fileURLToPath(new URL("wrangler.toml", ROOT)),
    ...(entrypoint !== undefined && { entrypoint }),
    // Or a .dev.vars that somebody keeps for `wrangler dev` would change what is shown and tested here.
    envFiles: [devNull],
    bindings: Object.fromEntries(
      Object.entries(values).map(([name, value]) => [name, { type: "plain_text", value }]),
    ),
    dev: {
      server: { hostname: "127.0.0.1", port },
      inspector: false,
      watch: false,
      remote: false,
      logLevel,
      ...(persist === undefined ? {} : { persist }),
    },
  });
  const loaded = Promise.withResolvers<Loaded>();
  worker.raw.once("reloadComplete", loaded.resolve);
  // A bundle that does not build is an event, and `ready` would wait for the next save of the file for ever.
  for (const event of ["buildFailed", "error"])
    worker.raw.on(event, (reason: unknown) =>
      loaded.reject(new Error(describe(reason), { cause: reason })),
    );
  try {
    const { hostname, port: directPort } = (await loaded.promise).proxyData.userWorkerUrl;
    await worker.ready;
    return {
      url: (await worker.url).href.replace(/\/$/, ""),
      directUrl: `http://${hostname}:${directPort}`,
      close: () => worker.dispose(),
    };
  } catch (error) {
    await worker.raw.teardown();
    throw error;
  }
}

/** What wrangler tells once the bundle runs, as far as it is read here. */
interface Loaded {
  readonly proxyData: {
    readonly userWorkerUrl: { readonly hostname: string; readonly port: string };
  };
}

function describe(reason: unknown): string {
  const { cause } = (reason ?? {}) as { cause?: unknown };
  const detail = cause instanceof Error ? cause.message : String(reason);
  return `The worker did not start: ${detail}`;
}

/** Rejects with a sentence that names the port and the flag when 127.0.0.1:port is taken; 0 is always free. */
export async function checkPortIsFree(port: number, flag: string): Promise<void> {
  const probe = createServer();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  probe.once("error", reject).listen(port, "127.0.0.1", resolve);
  try {
    await promise;
  } catch (error) {
    const isTaken = error instanceof Error && "code" in error && error.code === "EADDRINUSE";
    const remedy = `Port ${port} is in use: stop what runs there, or choose another with ${flag} N.`;
    throw isTaken ? new Error(remedy, { cause: error }) : error;
  } finally {
    await new Promise((done) => void probe.close(done));
  }
}
