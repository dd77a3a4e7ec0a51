/**
 * The deployed bundle in bare workerd, with nothing in front of it. wrangler's development server puts a proxy and
 * Miniflare's own worker before ours, each of which adds milliseconds; what is timed here is what a client of the real
 * thing waits for. The bundle is the one that `wrangler deploy --dry-run` builds; there is no KV, so it serves the
 * weights that it carries.
 */
import { spawn } from "node:child_process";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { runWrangler } from "../cloudflare/wrangler.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

export interface BareWorker {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  readonly pid: number;
  close(): Promise<void>;
}

/**
 * Bundles the worker, runs it on a free port of 127.0.0.1 with these variables, and resolves once it listens.
 * @param onOutput Takes what it prints, its log above all; its errors go to our stderr when left out.
 */
export async function startBareWorker(
  vars: Readonly<Record<string, string>>,
  onOutput?: (text: string) => void,
): Promise<BareWorker> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-bare-"));
  await runWrangler(["deploy", "--dry-run", "--outdir", folder]);
  await writeFile(join(folder, "config.capnp"), await configFor(folder, vars));
  const binary = join(ROOT, "node_modules/.bin/workerd");
  const child = spawn(binary, ["serve", "config.capnp", "--experimental", "--control-fd=3"], {
    cwd: folder,
    stdio: ["ignore", onOutput ? "pipe" : "ignore", onOutput ? "pipe" : "inherit", "pipe"],
  });
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding("utf8").on("data", (text: string) => onOutput?.(text));
  const exited = new Promise<void>((resolve) => void child.once("exit", () => resolve()));
  const port = await listeningPort(child.stdio[3]);
  return {
    url: `http://127.0.0.1:${port}`,
    pid: child.pid ?? 0,
    async close() {
      child.kill();
      await exited;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** workerd says on its control pipe, as a line of JSON, where it listens. */
async function listeningPort(pipe: unknown): Promise<number> {
  if (!(pipe instanceof Readable)) throw new Error("workerd has no control pipe.");
  for await (const line of pipe) {
    const port = /"event":"listen".*"port":(\d+)/.exec(String(line))?.[1];
    if (port !== undefined) return Number(port);
  }
  throw new Error("workerd ended before it listened; its own message stands above.");
}

/** Module types of workerd's configuration by file ending, as the rules of wrangler.toml have them. */
const MODULE_KINDS: Readonly<Record<string, string>> = {
  wasm: "wasm",
  onnx: "data",
  json: "text",
};

async function configFor(folder: string, vars: Readonly<Record<string, string>>): Promise<string> {
  const { unstable_readConfig: readConfig } = await import("wrangler");
  const { compatibility_date: date = "", compatibility_flags: flags } = readConfig({
    config: join(ROOT, "wrangler.toml"),
  });
  const files = await readdir(folder);
  const modules = files.flatMap((file) => {
    const kind = MODULE_KINDS[file.slice(file.lastIndexOf(".") + 1)];
    return kind === undefined ? [] : [`(name = "${file}", ${kind} = embed "${file}")`];
  });
  const bindings = Object.entries(vars).map(
    ([name, value]) => `(name = "${name}", text = ${JSON.stringify(value)})`,
  );
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = (
      modules = [(name = "index.js", esModule = embed "index.js"), ${modules.join(", ")}],
      compatibilityDate = "${date}",
      compatibilityFlags = ${JSON.stringify(flags)},
      bindings = [${bindings.join(", ")}],
      globalOutbound = "loopback",
    )),
    (name = "loopback", network = (allow = ["local"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
`;
}
