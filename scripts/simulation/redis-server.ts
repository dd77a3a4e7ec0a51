/**
 * A real Redis on this machine, for as long as somebody needs it: Debian's `redis-server` on a free port of
 * 127.0.0.1, its files in a folder that goes with it. It ends with the process that started it, also when that fails.
 */
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface RedisServer {
  readonly port: number;
  /** Kills it as a failing machine would: at once, with everything it was about to do. */
  kill(): Promise<void>;
  /** Starts it again over what is on its disk. Resolves once it answers. */
  restart(): Promise<void>;
  /** Ends it for good. */
  stop(): Promise<void>;
}

/** Where to get it, for those who have none. */
export const NO_REDIS = "redis-server is not installed (Debian: apt-get install redis-server)";

/** Whether this machine has a `redis-server`. */
export function hasRedis(): boolean {
  return spawnSync("redis-server", ["--version"]).status === 0;
}

/**
 * Starts it, empty.
 * @param isDurable Whether what it has acknowledged outlives it: every write is on disk before its answer. Else it
 *   keeps everything in memory.
 */
export async function startRedis({ isDurable = false } = {}): Promise<RedisServer> {
  if (!hasRedis()) throw new Error(NO_REDIS);
  const folder = mkdtempSync(join(tmpdir(), "sluice-redis-"));
  const port = await freePort();
  const settings = {
    port,
    bind: "127.0.0.1",
    dir: folder,
    save: "",
    appendonly: isDurable ? "yes" : "no",
    appendfsync: "always",
    "maxmemory-policy": "noeviction",
  };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
  let child = await running(args);
  async function kill(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<unknown>();
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.once("exit", resolve).kill("SIGKILL");
    await promise;
  }
  function clear(): void {
    child.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  }
  process.once("exit", clear);
  return {
    port,
    kill,
    async restart() {
      await kill();
      child = await running(args);
    },
    async stop() {
      await kill();
      process.removeListener("exit", clear);
      clear();
    },
  };
}

/** Resolves once it accepts connections; rejects, with its own words, when it ends before. */
async function running(args: readonly string[]): Promise<ChildProcess> {
  const child = spawn("redis-server", args, { stdio: ["ignore", "pipe", "inherit"] });
  const { promise, resolve, reject } = Promise.withResolvers<ChildProcess>();
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    if (said.length < 10_000) said += text;
    if (said.includes("Ready to accept connections")) resolve(child);
  });
  child.once("error", reject);
  child.once("exit", () => reject(new Error(`redis-server ended before it was ready: ${said}`)));
  return await promise;
}

async function freePort(): Promise<number> {
  const probe = createServer();
  const { promise, resolve } = Promise.withResolvers<void>();
  probe.listen(0, "127.0.0.1", resolve);
  await promise;
  const address = probe.address();
  await new Promise((done) => void probe.close(done));
  return typeof address === "object" && address !== null ? address.port : 0;
}
