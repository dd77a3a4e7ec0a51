/**
 * A candidate that turns bad while it is on trial, in real workerd: its clients say so, the watch hears it through the
 * tenant's journal, ends the trial, and the isolates fall back by themselves. Nobody publishes anything, and no request
 * fails on the way.
 *
 * How many requests it takes depends on how fast this machine is, since news goes by the clock (the journal tells what it
 * was told within ten seconds, isolates ask every ten); so it is bounded and not stated. The detector's own delay is measured
 * by test/bench/drift-delays.ts.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, it } from "vitest";
import { getPlatformProxy, type PlatformProxy } from "wrangler";
import { blobKey, openRelease, packRelease, POINTER_KEY } from "../../router-models/release.ts";
import { sealRollout, type NamedRelease, type Rollout } from "../../router-models/rollout.ts";
import { published, tried } from "../../scripts/releasing/changes.ts";
import { labelOf } from "../../scripts/releasing/described.ts";
import { startLocalWorker, type LocalWorker } from "../../scripts/simulation/local-worker.ts";
import { startVendor, type Vendor } from "../../scripts/vendor.ts";
import { tinyRelease } from "../support/tiny-release.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const ADMIN_KEY = "the-operators-key-of-this-test";
const CLIENTS = 8;
/** Far more than are ever needed. */
const MOST_REQUESTS = 40_000;

let folder: string;
let vendor: Vendor;
let worker: LocalWorker;
let storage: PlatformProxy<{
  WEIGHTS: { put(key: string, value: string | ArrayBuffer): Promise<void> };
}>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-trial-"));
  vendor = await startVendor();
  worker = await startLocalWorker({
    vendorUrl: vendor.url,
    persist: join(folder, "state"),
    logLevel: "none",
    vars: {
      LOG_LEVEL: "error",
      WEIGHTS_TTL_MS: "0",
      CIRCUITS: "off",
      SLUICE_ADMIN_KEY: ADMIN_KEY,
      SLUICE_KEY_SECRET: "what-the-keys-of-this-test-are-hashed-with",
    },
  });
  storage = await getPlatformProxy({
    configPath: join(ROOT, "wrangler.toml"),
    persist: { path: join(folder, "state", "v3") },
  });
});

afterAll(async () => {
  await storage?.dispose();
  await worker?.close();
  await vendor?.close();
  await rm(folder, { recursive: true, force: true });
});

async function keep(seed: number): Promise<NamedRelease> {
  const files = await tinyRelease({ seed });
  const { id, manifest } = await openRelease(files);
  const { buffer } = packRelease(files);
  await storage.env.WEIGHTS.put(blobKey(id), buffer);
  return { id, version: manifest.version };
}

async function rollOut(rollout: Rollout): Promise<void> {
  await storage.env.WEIGHTS.put(POINTER_KEY, await sealRollout(rollout, []));
}

/** Asks, says what it thinks of the answer, and tells which weights gave it. Throws where either fails. */
async function askAndSay(content: string, opinionOf: (weights: string) => number): Promise<string> {
  const answer = await post("/v1/chat/completions", {
    model: "auto",
    messages: [{ role: "user", content }],
  });
  const weights = answer.headers.get("x-sluice-weights") ?? "";
  const requestId = answer.headers.get("x-sluice-request-id");
  await post("/v1/feedback", { request_id: requestId, score: opinionOf(weights) });
  return weights;
}

async function post(path: string, body: unknown): Promise<Response> {
  const answer = await fetch(`${worker.directUrl}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${path} ${answer.status}: ${text}`);
  return answer;
}

/** Requests of all clients until `isOver` says so of one's weights, and what answered them, in order. */
async function traffic(
  opinionOf: (weights: string) => number,
  isOver: (weights: string, seen: readonly string[]) => boolean,
): Promise<string[]> {
  const seen: string[] = [];
  let hasEnded = false;
  async function client(): Promise<void> {
    while (!hasEnded && seen.length < MOST_REQUESTS) {
      const weights = await askAndSay(`Question ${seen.length}: what follows?`, opinionOf);
      seen.push(weights);
      hasEnded ||= isOver(weights, seen);
    }
  }
  await Promise.all(Array.from({ length: CLIENTS }, client));
  return seen;
}

async function metrics(): Promise<string> {
  const answer = await fetch(`${worker.directUrl}/metrics`, {
    headers: { authorization: `Bearer ${ADMIN_KEY}` },
  });
  return answer.text();
}

/** What the gauge says of a trial; undefined where it says nothing. */
function haltIn(text: string, serial: number): string | undefined {
  return new RegExp(`^sluice_trial_halted\\{trial="${serial}"[^}]*\\} (\\d+)$`, "mu").exec(
    text,
  )?.[1];
}

describe("a trial", () => {
  it(
    "of a candidate that turns bad ends by itself, and no request fails",
    { timeout: 400_000 },
    async ({ expect }) => {
      const serving = published(undefined, await keep(11), Date.now());
      const rollout = tried(serving, { release: await keep(12), share: 0.5 }, Date.now());
      await rollOut(rollout);
      const candidate = labelOf(rollout.trial!);
      const incumbent = labelOf(rollout.serving);

      const calm = await traffic(
        () => 0.9,
        (_, seen) => seen.filter((weights) => weights === candidate).length >= 60,
      );
      expect(new Set(calm.slice(-20))).toEqual(new Set([candidate, incumbent]));

      expect(haltIn(await metrics(), rollout.trial!.serial)).not.toBe("1");

      // Enough answers in a row by the incumbent cannot be chance at a share of a half.
      const turned = await traffic(
        (weights) => (weights === candidate ? 0 : 0.9),
        (_, seen) => seen.length >= 60 && seen.slice(-60).every((weights) => weights === incumbent),
      );
      expect(turned.at(-1)).toBe(incumbent);
      expect(turned.length).toBeLessThan(MOST_REQUESTS);
      expect(turned.indexOf(candidate)).toBeGreaterThanOrEqual(0);
      expect(haltIn(await metrics(), rollout.trial!.serial)).toBe("1");
    },
  );
});
