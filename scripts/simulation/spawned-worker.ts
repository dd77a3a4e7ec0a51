/**
 * The worker of local-worker.ts as a process group of its own, so that it can end as a machine does: at once, with
 * everything that it was about to do. What it keeps, it keeps in a folder, and a second one goes on from there.
 *
 * It ends with the process that started it, also when that fails.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { jsonIn } from "../../worker/lib/json.ts";
import { startLocalWorker } from "./local-worker.ts";

export interface SpawnedWorkerOptions {
  readonly vendorUrl: string;
  readonly vars: Readonly<Record<string, string>>;
  /** Where its storage lives. */
  readonly persist: string;
  /** What it prints: its own log at "log" alone, by default wrangler's warnings. */
  readonly logLevel?: "warn" | "log";
  /** Takes what it prints. */
  readonly onOutput: (text: string) => void;
}

export interface SpawnedWorker {
  /** `http://127.0.0.1:PORT`, without wrangler's development proxy in between. */
  readonly url: string;
  /** SIGKILL to all of its processes; resolves once the first of them is gone. */
  kill(): Promise<void>;
}

const passedSchema = z.object({
  vendorUrl: z.string(),
  vars: z.record(z.string(), z.string()),
  persist: z.string(),
  logLevel: z.enum(["warn", "log"]).default("warn"),
});

/** In the environment, because a command line can be read by everybody on the machine. */
const OPTIONS_NAME = "SLUICE_SPAWNED_WORKER";

/** Starts it, and resolves once it answers. Rejects, with what it wrote, where it ends before. */
export async function spawnWorker(options: SpawnedWorkerOptions): Promise<SpawnedWorker> {
  const { onOutput, ...passed } = options;
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url)], {
    env: { ...process.env, [OPTIONS_NAME]: JSON.stringify(passed) },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const ended = once(child, "exit");
  function killGroup(): void {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    process.kill(-child.pid, "SIGKILL");
  }
  process.once("exit", killGroup);
  let said = "";
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => {
      onOutput(text);
      if (said.length > 20_000) return;
      said += text;
      const url = /listens on (\S+)/.exec(said)?.[1];
      if (url !== undefined) resolve(url);
    });
  void ended.then(() => reject(new Error(`The worker ended before it listened: ${said}`)));
  const url = await promise;
  return {
    url,
    async kill() {
      process.removeListener("exit", killGroup);
      killGroup();
      await ended;
    },
  };
}

async function main(): Promise<void> {
  const options = passedSchema.parse(jsonIn(process.env[OPTIONS_NAME] ?? ""));
  const worker = await startLocalWorker(options);
  console.log(`The worker listens on ${worker.directUrl}`);
}

if (import.meta.main)
  main().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  });
