/**
 * What the gateway bench compares: the simulated vendor itself, and every gateway that stands before it. Each is a
 * process of its own, as in life.
 *
 * Portkey's gateway is no dependency of this project; it takes part where somebody has installed it.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { processCpuMs, workerdCpuMs } from "../cloudflare/process-cpu.ts";
import { startBareWorker } from "../simulation/bare-worker.ts";

/** A model that every target can be asked for. */
const MODEL = "gpt-5.4";

export interface Target {
  readonly name: string;
  /** Where chat requests are posted. */
  readonly url: string;
  readonly model: string;
  readonly headers: Readonly<Record<string, string>>;
  /** CPU milliseconds that the gateway has spent so far; absent for the vendor. */
  cpuMs?(): number;
}

export interface Targets {
  readonly list: readonly Target[];
  close(): Promise<void>;
}

/** How to install what `--portkey` names. Newer node-server packages break its streams (HTTP 500), hence the override. */
export const PORTKEY_HINT = `To compare with Portkey's gateway, put into an empty folder the package.json
  {"private":true,"dependencies":{"@portkey-ai/gateway":"1.15.2"},"overrides":{"@hono/node-server":"1.3.3"}}
run \`npm install --ignore-scripts\` there, and name the folder with --portkey.`;

/** Starts the gateways before the vendor at `vendorUrl`. @param portkeyFolder Holds node_modules/@portkey-ai/gateway. */
export async function startTargets(vendorUrl: string, portkeyFolder?: string): Promise<Targets> {
  const worker = await startBareWorker({ VENDOR_BASE_URL: vendorUrl, LOG_LEVEL: "error" });
  const url = `${worker.url}/v1/chat/completions`;
  const list: Target[] = [
    { name: "direct", url: `${vendorUrl}/openai/v1/chat/completions`, model: MODEL, headers: {} },
    { name: "sluice, pinned", url, model: `openai/${MODEL}`, headers: {}, cpuMs: ownCpuMs },
    { name: "sluice, auto", url, model: "auto", headers: {}, cpuMs: ownCpuMs },
  ];
  if (portkeyFolder === undefined) return { list, close: () => worker.close() };
  try {
    const portkey = await startPortkey(portkeyFolder, vendorUrl);
    return {
      list: [...list, portkey.target],
      async close() {
        portkey.stop();
        await worker.close();
      },
    };
  } catch (error) {
    await worker.close();
    throw error;
  }
}

/** Of the one workerd that this process has started. */
function ownCpuMs(): number {
  return workerdCpuMs(process.pid);
}

async function startPortkey(
  folder: string,
  vendorUrl: string,
): Promise<{ target: Target; stop(): void }> {
  const script = join(resolve(folder), "node_modules/@portkey-ai/gateway/build/start-server.js");
  if (!existsSync(script)) throw new Error(`There is no ${script}. ${PORTKEY_HINT}`);
  const port = await freePort();
  const child = spawn(process.execPath, [script, `--port=${port}`, "--headless"], {
    stdio: "ignore",
    env: { ...process.env, NODE_ENV: "production" },
  });
  const { pid } = child;
  if (pid === undefined) throw new Error("Portkey's gateway could not be started.");
  const url = `http://127.0.0.1:${port}`;
  await answers(url);
  return {
    target: {
      name: "portkey",
      url: `${url}/v1/chat/completions`,
      model: MODEL,
      headers: {
        authorization: "Bearer sk-none",
        "x-portkey-provider": "openai",
        "x-portkey-custom-host": `${vendorUrl}/openai/v1`,
      },
      cpuMs: () => processCpuMs(pid),
    },
    stop: () => void child.kill(),
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  const { promise, resolve: ready } = Promise.withResolvers<void>();
  server.listen(0, "127.0.0.1", ready);
  await promise;
  const address = server.address();
  await new Promise((closed) => void server.close(closed));
  if (typeof address !== "object" || address === null) throw new Error("There is no free port.");
  return address.port;
}

const START_TRIES = 120;
const PAUSE_MS = 250;

async function answers(url: string): Promise<void> {
  for (let tries = 0; tries < START_TRIES; tries++) {
    try {
      const response = await fetch(url);
      await response.body?.cancel();
      return;
    } catch {
      await sleep(PAUSE_MS);
    }
  }
  throw new Error(`Nothing answers at ${url} after ${(START_TRIES * PAUSE_MS) / 1_000} s.`);
}
