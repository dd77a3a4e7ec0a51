/**
 * New weights while requests run: the real worker in real workerd, published to through its local KV.
 *
 * 200 clients ask without a pause, each for its next decision as soon as it has one. Meanwhile releases are published,
 * one of them damaged, tried, promoted, rolled back and pinned. No request may fail, every answer names one of the
 * releases, and the damaged one is never named. Under load the rollouts go straight into the storage, because
 * wrangler's command takes seconds on a machine that is busy; the command has its own test.
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
  type ReleaseFiles,
} from "../../router-models/release.ts";
import {
  openRollout,
  sealRollout,
  type NamedRelease,
  type Rollout,
} from "../../router-models/rollout.ts";
import {
  pinned,
  promoted,
  published,
  rolledBack,
  tried,
  unpinned,
} from "../../scripts/releasing/changes.ts";
import { labelOf } from "../../scripts/releasing/described.ts";
import { startLocalWorker, type LocalWorker } from "../../scripts/simulation/local-worker.ts";
import { tinyRelease } from "../support/tiny-release.ts";

const CLIENTS = 200;
const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const run = promisify(execFile);
/** Whose requests are those without a key. */
const TENANT = "default";
const NOW_MS = Date.parse("2026-11-01T00:00:00Z");

let folder: string;
let worker: LocalWorker;
let storage: PlatformProxy<{ WEIGHTS: KvWriter }>;
/** The newest that was written. */
let rollout: Rollout | undefined;

/** What the tests need of a KV namespace; Workers types are not visible in Node. */
interface KvWriter {
  put(key: string, value: string | ArrayBuffer): Promise<void>;
  get(key: string): Promise<string | null>;
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

/** Clients that ask without a pause, and what they were answered. */
interface Load {
  readonly failures: string[];
  readonly seen: Set<string>;
  /** Labels that one client was answered with, in order, each run of equal ones once. */
  readonly changes: string[];
  stop(): Promise<void>;
}

function underLoad(): Load {
  const load = { failures: [] as string[], seen: new Set<string>(), changes: [] as string[] };
  const over = new AbortController();
  async function client(number: number): Promise<void> {
    while (!over.signal.aborted) {
      const answer = await decide(`Question ${number}: what follows from this?`);
      if (answer.failure !== undefined) load.failures.push(answer.failure);
      load.seen.add(answer.weights);
      // One client's answers come in order, so its list shows each change once.
      if (number === 0 && load.changes.at(-1) !== answer.weights) load.changes.push(answer.weights);
    }
  }
  const clients = Array.from({ length: CLIENTS }, (_, number) => client(number));
  return {
    ...load,
    async stop() {
      over.abort();
      await Promise.all(clients);
    },
  };
}

describe("under load", () => {
  it("moves to each release without a failed request, and not to a damaged one", async ({
    expect,
  }) => {
    const bundled = await askHealth();
    const load = underLoad();
    const labels: string[] = [];
    async function until(weights: unknown): Promise<void> {
      while (load.changes.at(-1) !== weights) await decide("Is it there yet?");
    }
    try {
      await until(bundled);
      for (const seed of [11, 12]) {
        const release = await keep(await tinyRelease({ seed }));
        await rollOut(published(rollout, release, NOW_MS));
        labels.push(labelOf(release));
        await until(labels.at(-1));
      }
      const damaged = await keep(await tinyRelease({ seed: 13 }), (blob) => blob.slice(0, -1024));
      await rollOut(published(rollout, damaged, NOW_MS));
      for (let i = 0; i < 5; i++) await decide("Does it hold?");
    } finally {
      await load.stop();
    }
    expect(load.failures).toEqual([]);
    expect(load.changes).toEqual([bundled, ...labels]);
    expect(load.seen).toEqual(new Set([bundled, ...labels]));
    expect(await askHealth()).toBe(labels.at(-1));
  });

  it("tries, promotes, rolls back and pins without a failed request", async ({ expect }) => {
    const [incumbent, candidate, other] = [
      await keep(await tinyRelease({ seed: 1 })),
      await keep(await tinyRelease({ seed: 2 })),
      await keep(await tinyRelease({ seed: 5 })),
    ];
    const load = underLoad();
    /** Until all of that many answers in a row are of these releases, and of each there is one. */
    async function until(...releases: readonly NamedRelease[]): Promise<void> {
      const labels = releases.map(labelOf).toSorted();
      for (;;) {
        const questions = Array.from({ length: 40 }, (_, i) => decide(`Who answers ${i}?`));
        const answers = await Promise.all(questions);
        const seen = [...new Set(answers.map(({ weights }) => weights))].toSorted();
        if (seen.join() === labels.join()) return;
      }
    }
    try {
      await rollOut(published(rollout, incumbent, NOW_MS));
      await until(incumbent);
      await rollOut(tried(rollout!, { release: candidate, share: 0.5 }, NOW_MS));
      await until(incumbent, candidate);
      await rollOut(promoted(rollout!, {}, NOW_MS));
      await until(candidate);
      await rollOut(rolledBack(rollout!, NOW_MS));
      await until(incumbent);
      await rollOut(pinned(rollout!, { tenant: TENANT, release: other }, NOW_MS));
      await until(other);
      expect(await askHealth()).toBe(labelOf(incumbent));
    } finally {
      await load.stop();
    }
    expect(load.failures).toEqual([]);
    expect(load.seen).not.toContain("none");
    const asked = await decide("And this one?", labelOf(incumbent));
    expect(asked.weights).toBe(labelOf(incumbent));
    const unknown = await decide("And that one?", "7.7.7");
    expect(unknown.failure).toMatch(/^400 .*weights_unknown/s);
    expect(unknown.failure).toContain(labelOf(other));
    await rollOut(unpinned(rollout!, TENANT, NOW_MS));
    await untilDecided(labelOf(incumbent));
  });
});

/** wrangler is started some fifteen times, for a second each on a machine that has nothing else to do. */
const COMMANDS_MS = 240_000;

describe("the commands", () => {
  it(
    "publish, try and promote, also after a damaged release",
    async ({ expect }) => {
      const first = await publish(await tinyRelease({ seed: 4 }));
      await untilDecided(first);
      const second = await publish(await tinyRelease({ seed: 6 }), "--trial", "1");
      await untilDecided(second);
      expect(await askHealth()).toBe(first);
      await runScript("weights.ts", "promote");
      while ((await askHealth()) !== second) await decide("And now?");
      rollout = await openRollout((await storage.env.WEIGHTS.get(POINTER_KEY)) ?? "", []);
      expect(rollout.serving.version).toBe("0.0.6");
    },
    COMMANDS_MS,
  );
});

async function untilDecided(label: string): Promise<void> {
  let weights = "";
  while (weights !== label) ({ weights } = await decide("And now?"));
}

/** @param asked Weights to ask for. */
async function decide(
  content: string,
  asked?: string,
): Promise<{ weights: string; failure?: string }> {
  const response = await fetch(`${worker.directUrl}/v1/route`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      ...(asked !== undefined && { "x-sluice-weights": asked }),
    },
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
async function publish(files: ReleaseFiles, ...more: readonly string[]): Promise<string> {
  const directory = join(folder, "release");
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, "manifest.json"), files.manifest);
  await writeFile(join(directory, "golden.json"), files.golden);
  await writeFile(join(directory, "model.onnx"), files.model);
  return Object(await runScript("publish.ts", "--release", directory, ...more)).weights;
}

async function runScript(name: string, ...more: readonly string[]): Promise<unknown> {
  const state = join(folder, "state");
  const args = [join(ROOT, "scripts", name), ...more, "--local", "--persist-to", state, "--json"];
  const { stdout } = await run(process.execPath, args);
  return JSON.parse(stdout);
}

/** A release's blob, as the command writes it; `damage` changes it on its way. */
async function keep(
  files: ReleaseFiles,
  damage: (blob: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer> = (blob) => blob,
): Promise<NamedRelease> {
  const { id, manifest } = await openRelease(files);
  await storage.env.WEIGHTS.put(blobKey(id), damage(packRelease(files)).buffer);
  return { id, version: manifest.version };
}

async function rollOut(next: Rollout): Promise<void> {
  rollout = next;
  await storage.env.WEIGHTS.put(POINTER_KEY, await sealRollout(next));
}
