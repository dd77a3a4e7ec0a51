/** `scripts/vendor.ts` as a process of its own, so that what it computes does not delay the client that measures. */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

export interface SpawnedVendor {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  stop(): void;
}

/** Starts it with this time to the first token for all models. Resolves once it listens. */
export async function spawnVendor(ttftMs: number): Promise<SpawnedVendor> {
  const script = fileURLToPath(new URL("../vendor.ts", import.meta.url));
  const args = [script, "--port", "0", "--ttft-ms", String(ttftMs)];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  for await (const line of child.stdout.setEncoding("utf8")) {
    const url = /listens on (\S+)/.exec(String(line))?.[1];
    if (url !== undefined) return { url, stop: () => void child.kill() };
  }
  throw new Error("The vendor ended before it listened; its own message stands above.");
}
