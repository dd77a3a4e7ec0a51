/**
 * Who may change what serves: the real worker with a public key, in a process whose log is read. Each rollout or release
 * that must not serve is refused with its reason while the weights of before answer on.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, it } from "vitest";
import { getPlatformProxy, type PlatformProxy } from "wrangler";
import {
  blobKey,
  packRelease,
  POINTER_KEY,
  sha256Hex,
  type ReleaseFiles,
} from "../../router-models/release.ts";
import {
  sealRollout,
  writePublicKey,
  type NamedRelease,
  type Rollout,
  type Signer,
} from "../../router-models/rollout.ts";
import { labelOf } from "../../scripts/releasing/described.ts";
import { spawnWorker, type SpawnedWorker } from "../../scripts/simulation/spawned-worker.ts";
import { madeUpSigner } from "../support/made-up-signer.ts";
import { tinyRelease, type TinyReleaseOptions } from "../support/tiny-release.ts";

const CONFIG = fileURLToPath(new URL("../../wrangler.toml", import.meta.url));

let folder: string;
let worker: SpawnedWorker;
let storage: PlatformProxy<{ WEIGHTS: KvWriter }>;
let own: Signer;
let stranger: Signer;
let log = "";
let serial = 0;

/** What the tests need of a KV namespace; Workers types are not visible in Node. */
interface KvWriter {
  put(key: string, value: string | ArrayBuffer): Promise<void>;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-signed-"));
  [own, stranger] = [await madeUpSigner(), await madeUpSigner()];
  worker = await spawnWorker({
    vendorUrl: "http://127.0.0.1:9", // Discard: a decision calls nobody.
    vars: { WEIGHTS_TTL_MS: "0", WEIGHTS_PUBLIC_KEYS: writePublicKey(own.publicKey) },
    persist: join(folder, "state"),
    logLevel: "log",
    onOutput: (text) => {
      log += text;
    },
  });
  storage = await getPlatformProxy({
    configPath: CONFIG,
    persist: { path: join(folder, "state", "v3") },
  });
});

afterAll(async () => {
  await storage.dispose();
  await worker.kill();
  await rm(folder, { recursive: true, force: true });
});

interface Bad extends TinyReleaseOptions {
  readonly name: string;
  readonly reason: RegExp;
  readonly signers?: () => readonly Signer[];
  readonly change?: (sealed: string) => string;
  readonly damage?: (blob: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>;
  readonly serial?: number;
}

const BAD: readonly Bad[] = [
  { name: "no signature", signers: () => [], reason: /nobody has signed it/ },
  { name: "a stranger's signature", signers: () => [stranger], reason: /no key that is trusted/ },
  {
    name: "a wrong signature",
    change: (sealed) => sealed.replace("0.0.3", "0.0.4"),
    reason: /its signature by [0-9a-f]{16} is wrong/,
  },
  { name: "an older serial", serial: 1, reason: /serial 1 is older than \d+, which was followed/ },
  {
    name: "a truncated blob",
    damage: (blob) => blob.slice(0, -1024),
    reason: /Damaged release: \d+ bytes, its header promises/,
  },
  {
    name: "another feature hash",
    changeManifest: (m) => ({ ...m, features: { ...m.features, hash: "0".repeat(64) } }),
    reason: /it reads features with hash 0{64}/,
  },
  {
    name: "wrong golden vectors",
    changeGolden: (g) => ({ ...g, vectors: g.vectors.map((v) => ({ ...v, difficulty: 0 })) }),
    reason: /Wrong answer: golden vector 0/,
  },
];

describe("a worker that trusts one key", () => {
  it("follows it and nothing else, and says why, with the old weights in service", async ({
    expect,
  }) => {
    serial = 7;
    const good = await keep(await tinyRelease({ seed: 2 }));
    await rollOut({ serving: good });
    while ((await decide()) !== labelOf(good));
    for (const { name, reason, signers, change, damage, serial: given, ...options } of BAD) {
      log = "";
      const files = await tinyRelease({ seed: 3, ...options });
      const bad = await keep(files, damage);
      const more = given === undefined ? {} : { serial: given };
      await rollOut({ serving: bad, ...more }, { signers: signers?.() ?? [own], change });
      for (let i = 0; !log.includes("weights_refused"); i++) {
        expect(await decide(), name).toBe(labelOf(good));
        if (i > 2000) throw new Error(`Nothing was said of ${name}`);
      }
      expect(log, name).toMatch(reason);
      for (let i = 0; i < 5; i++) expect(await decide(), name).toBe(labelOf(good));
    }
    const next = await keep(await tinyRelease({ seed: 5 }));
    await rollOut({ serving: next });
    while ((await decide()) !== labelOf(next));
  });
});

/** The label of the weights that decided; throws where the request failed. */
async function decide(): Promise<string> {
  const response = await fetch(`${worker.url}/v1/route`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model: "auto", messages: [{ role: "user", content: "Who?" }] }),
  });
  if (response.status !== 200)
    throw new Error(`A request failed: ${response.status} ${await response.text()}`);
  await response.body?.cancel();
  return response.headers.get("x-sluice-weights") ?? "none";
}

async function keep(
  files: ReleaseFiles,
  damage: (blob: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer> = (blob) => blob,
): Promise<NamedRelease> {
  const id = await sha256Hex(files.manifest);
  await storage.env.WEIGHTS.put(blobKey(id), damage(packRelease(files)).buffer);
  return { id, version: Object(JSON.parse(new TextDecoder().decode(files.manifest))).version };
}

async function rollOut(
  more: Pick<Rollout, "serving"> & Partial<Rollout>,
  {
    signers = [own],
    change = (sealed) => sealed,
  }: {
    signers?: readonly Signer[];
    change?: ((sealed: string) => string) | undefined;
  } = {},
): Promise<void> {
  const next = { format: 1, serial: ++serial, at: "2026-11-23T00:00:00Z", ...more } as const;
  await storage.env.WEIGHTS.put(POINTER_KEY, change(await sealRollout(next, signers)));
}
