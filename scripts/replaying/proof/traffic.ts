/**
 * Traffic through the real worker in workerd, with the simulated vendor behind it, until its events lie as files in the
 * bucket; and a copy of these. Some of the vendor's calls fail, so there are second attempts too.
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { randomFrom } from "../../../worker/lib/prng.ts";
import { connect } from "../../administration/connection.ts";
import { localSource } from "../../events/local-source.ts";
import { pullEvents } from "../../events/mirror.ts";
import { recordsOf } from "../../events/records.ts";
import { spawnWorker } from "../../simulation/spawned-worker.ts";
import { Faults } from "../../storming/faults.ts";
import { startVendor } from "../../vendor.ts";
import { proofRequests, type ProofRequest } from "./requests.ts";
import { makeTenants } from "./tenants.ts";

export interface TrafficOptions {
  readonly requests: number;
  readonly concurrency: number;
  readonly seed: number;
  /** Share of the vendor's calls that fail. */
  readonly faults: number;
  /** Ids of the catalogue's models. */
  readonly models: readonly string[];
  /** Where the worker's storage and the copy of its events lie; made where it is not there. */
  readonly folder: string;
  readonly onRequest: (done: number) => void;
}

export interface Traffic {
  /** Of requests that were answered. */
  readonly answered: ReadonlySet<string>;
  /** How many ended in an error, by status. */
  readonly failed: ReadonlyMap<number, number>;
  /** Files of events. */
  readonly paths: readonly string[];
  /** Answered requests whose decision is in no file. */
  readonly missing: number;
  readonly seconds: number;
}

const ADMIN_KEY = "the-operators-secret-of-a-proof";
/** A second, so that several files come of one run. */
const FILES_AFTER_MS = 2_000;
/** Alarms, the queue and the bucket: far more than they take. */
const FILING_MS = 60_000;
/** The vendor whose answers are good for a quarter of the traffic alone. */
const DISAPPOINTING = "together/";
const BUCKET = "sluice-events";

const VARS = {
  SLUICE_ADMIN_KEY: ADMIN_KEY,
  SLUICE_KEY_SECRET: "what-the-keys-of-a-proof-are-hashed-with",
  EVENT_FILES_AFTER_MS: String(FILES_AFTER_MS),
  CIRCUITS: "off",
  LOG_LEVEL: "error",
};

/** Rejects where something does not start. */
export async function sendTraffic(options: TrafficOptions): Promise<Traffic> {
  const { requests, folder, models, seed } = options;
  await mkdir(folder, { recursive: true });
  const faults = new Faults(options.faults, randomFrom(seed + 1));
  const vendor = await startVendor({ seed, keptRequests: 1, drawFault: () => faults.draw() });
  const persist = join(folder, "storage");
  const worker = await spawnWorker({
    vendorUrl: vendor.url,
    vars: VARS,
    persist,
    onOutput: () => {},
  });
  try {
    const keys = await makeTenants(connect(worker.url, { SLUICE_ADMIN_KEY: ADMIN_KEY }));
    faults.isOn = true;
    const asked = proofRequests(requests, {
      tenants: keys.length,
      models,
      random: randomFrom(seed),
    });
    const startedMs = performance.now();
    const { answered, failed } = await sendAll(asked, { ...options, url: worker.url, keys });
    const seconds = (performance.now() - startedMs) / 1_000;
    const copy = join(folder, "events");
    const { paths, missing } = await pullAll(persist, copy, answered);
    return { answered, failed, paths, missing, seconds };
  } finally {
    await worker.kill();
    await vendor.close();
  }
}

type Door = Pick<TrafficOptions, "concurrency" | "onRequest"> & {
  readonly url: string;
  readonly keys: readonly string[];
};

async function sendAll(
  asked: readonly ProofRequest[],
  { url, keys, concurrency, onRequest }: Door,
): Promise<Pick<Traffic, "answered" | "failed">> {
  const answered = new Set<string>();
  const failed = new Map<number, number>();
  const waiting = asked.values();
  let done = 0;
  async function client(): Promise<void> {
    for (const { tenant, body } of waiting) {
      const key = keys[tenant]!;
      const response = await post({ url: `${url}/v1/chat/completions`, key }, body);
      await response.text();
      const id = response.headers.get("x-sluice-request-id");
      if (response.ok && id !== null) {
        answered.add(id);
        const model = response.headers.get("x-sluice-model") ?? "";
        // Every other answer is spoken of: at first all please, then one vendor's do not any more.
        const isGood = done < asked.length / 4 || !model.startsWith(DISAPPOINTING);
        if (done % 2 === 0) await speak({ url, key }, { request_id: id, score: isGood ? 1 : 0 });
      } else failed.set(response.status, (failed.get(response.status) ?? 0) + 1);
      onRequest(++done);
    }
  }
  await Promise.all(Array.from({ length: concurrency }, client));
  return { answered, failed };
}

/** So that something is learnt while the traffic runs, and decisions are lifted by it. */
async function speak({ url, key }: Call, feedback: object): Promise<void> {
  await (await post({ url: `${url}/v1/feedback`, key }, feedback)).text();
}

interface Call {
  readonly url: string;
  readonly key: string;
}

function post({ url, key }: Call, body: object): Promise<Response> {
  return fetch(url, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}

/** Copies the bucket until every answered request is in it, or that has taken too long. */
async function pullAll(
  persist: string,
  copy: string,
  answered: ReadonlySet<string>,
): Promise<Pick<Traffic, "paths" | "missing">> {
  const source = await localSource(persist, BUCKET);
  const untilMs = performance.now() + FILING_MS;
  try {
    for (;;) {
      await sleep(FILES_AFTER_MS);
      const { paths } = await pullEvents(source, copy, { sinceMs: 0 });
      const missing = new Set(answered);
      for await (const { kind, id } of recordsOf(paths))
        if (kind === "decision") missing.delete(id);
      if (missing.size === 0 || performance.now() > untilMs)
        return { paths, missing: missing.size };
    }
  } finally {
    await source.close();
  }
}
