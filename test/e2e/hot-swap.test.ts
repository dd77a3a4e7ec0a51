/**
 * New weights while requests run: the real worker in real workerd, published to through its local KV.
 *
 * 200 clients ask without a pause, each for its next decision as soon as it has one. Meanwhile two
 * releases are published, and then a damaged one. No request may fail, every answer names one of the
 * releases, and the damaged one is never named. The publishes under load go straight into the storage,
 * because wrangler's command takes seconds on a machine that is busy; the command has its own test.
 */
import { execFile } from "node:child_process";
import { mkdtemp, mkdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, it } from "vitest";
import { getPlatformProxy, type PlatformProxy } from "wrangler";
import {
  blobKey,
  openRelease,
  packRelease,
  POINTER_KEY,
  weightsLabel,
  type ReleaseFiles,
  type WeightsPointer,
} from "../../router-models/release.ts";
import { startLocalWorker, type LocalWorker } from "../../scripts/simulation/local-worker.ts";
import { tinyRelease } from "../support/tiny-release.ts";

const CLIENTS = 200;
const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const run = promisify(execFile);

let folder: string;
let worker: LocalWorker;
let storage: PlatformProxy<{ WEIGHTS: KvWriter }>;

/** What the tests need of a KV namespace; Workers types are not visible in Node. */
interface KvWriter {
  put(key: string, value: string | ArrayBuffer): Promise<void>;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-hot-swap-"));
  worker = await startLocalWorker({
    vendorUrl: "http://127.0.0.1:9", // Discard: a decision calls nobody.
    vars: { WEIGHTS_TTL_MS: "0", LOG_LEVEL: "error" },
    persist: join(folder, "state"),
    logLevel: "none",
  });
  storage = await getPlatformProxy({
    configPath: join(ROOT, "wrangler.toml"),
    persist: { path: join(folder, "state", "v3") },
  });
});

afterAll(async () => {
  await storage.dispose();
  await worker.close();
  await rm(folder, { recursive: true, force: true });
});

describe("publishing under load", () => {
  it("moves to each release without a failed request, and not to a damaged one", async ({
    expect,
  }) => {
    const bundled = await askHealth();
    const seen = new Set<string>();
    const failures: string[] = [];
    const changes: string[] = [];
    const over = new AbortController();

    async function client(number: number): Promise<void> {
      while (!over.signal.aborted) {
        const answer = await decide(`Question ${number}: what follows from this?`);
        if (answer.failure !== undefined) failures.push(answer.failure);
        seen.add(answer.weights);
        // One client's answers come in order, so its list shows each change once.
        if (number === 0 && changes.at(-1) !== answer.weights) changes.push(answer.weights);
      }
    }
    async function until(weights: unknown): Promise<void> {
      while (changes.at(-1) !== weights) await decide("Is it there yet?");
    }

    const clients = Array.from({ length: CLIENTS }, (_, number) => client(number));
    const published: string[] = [];
    try {
      await until(bundled);
      for (const seed of [1, 2]) {
        const label = await put(await tinyRelease({ seed }));
        published.push(label);
        await until(label);
      }
      await put(await tinyRelease({ seed: 3 }), (blob) => blob.slice(0, -1024));
      for (let i = 0; i < 5; i++) await decide("Does it hold?");
    } finally {
      over.abort();
      await Promise.all(clients);
    }

    expect(failures).toEqual([]);
    expect(changes).toEqual([bundled, ...published]);
    expect(seen).toEqual(new Set([bundled, ...published]));
    expect(await askHealth()).toBe(published.at(-1));
  });

  it("is done by the command, also after a damaged release", async ({ expect }) => {
    const label = await publish(await tinyRelease({ seed: 4 }));
    let weights = "";
    while (weights !== label) ({ weights } = await decide("And now?"));
    expect(await askHealth()).toBe(label);
  });
});

async function decide(content: string): Promise<{ weights: string; failure?: string }> {
  const response = await fetch(`${worker.directUrl}/v1/route`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model: "auto", messages: [{ role: "user", content }] }),
  });
  const text = await response.text();
  const weights = response.headers.get("x-sluice-weights") ?? "none";
  return { weights, ...(response.status !== 200 && { failure: `${response.status} ${text}` }) };
}

async function askHealth(): Promise<unknown> {
  const response = await fetch(`${worker.directUrl}/healthz`);
  const { weights } = Object(await response.json());
  return weights;
}

/** By the command, as a person would; answers the label that workers will show. */
async function publish(files: ReleaseFiles): Promise<string> {
  const directory = join(folder, "release");
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, "manifest.json"), files.manifest);
  await writeFile(join(directory, "golden.json"), files.golden);
  await writeFile(join(directory, "model.onnx"), files.model);
  const state = join(folder, "state");
  const script = join(ROOT, "scripts", "publish.ts");
  const args = [script, "--local", "--persist-to", state, "--release", directory, "--json"];
  const { stdout } = await run(process.execPath, args);
  return Object(JSON.parse(stdout)).weights;
}

/** As the command does it, blob first; `damage` changes the blob on its way. Answers the label. */
async function put(
  files: ReleaseFiles,
  damage: (blob: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer> = (blob) => blob,
): Promise<string> {
  const release = await openRelease(files);
  const pointer: WeightsPointer = {
    id: release.id,
    version: release.manifest.version,
    publishedAt: "2026-11-01T00:00:00Z",
  };
  await storage.env.WEIGHTS.put(blobKey(release.id), damage(packRelease(files)).buffer);
  await storage.env.WEIGHTS.put(POINTER_KEY, JSON.stringify(pointer));
  return weightsLabel(release);
}
