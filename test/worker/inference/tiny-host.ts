/** What the tests of this folder share: the runtime, tiny releases on it, and a store in memory. */
import catalogJson from "../../../router-models/catalog.json";
import { parseCatalog, type Catalog } from "../../../router-models/catalog.ts";
import {
  openRelease,
  packRelease,
  sha256Hex,
  type ReleaseFiles,
} from "../../../router-models/release.ts";
import { sealRollout, type Rollout, type Signer } from "../../../router-models/rollout.ts";
import wasm from "../../../worker/inference/generated/ort.wasm";
import { OnnxGraph } from "../../../worker/inference/onnx-graph.ts";
import {
  RouterHost,
  type InferenceEvent,
  type RouterHostOptions,
} from "../../../worker/inference/router-host.ts";
import { openSession, startRuntime } from "../../../worker/inference/runtime.ts";
import type { LoadedRelease } from "../../../worker/inference/served-release.ts";
import type { WeightsStore } from "../../../worker/inference/weights-store.ts";
import { tinyRelease } from "../../support/tiny-release.ts";

export const CATALOG: Catalog = parseCatalog(catalogJson);

let isStarted = false;

/** A release on a session of its own; the first call starts the runtime. */
export async function loadTiny(files: ReleaseFiles): Promise<LoadedRelease> {
  const release = await openRelease(files);
  const session = isStarted
    ? await openSession(release.model)
    : await startRuntime(wasm, release.model);
  isStarted = true;
  return { release, graph: new OnnxGraph(session) };
}

/** A store that counts reads and can be made to hang or fail. */
class MemoryStore implements WeightsStore {
  pointer: string | undefined;
  readonly blobs = new Map<string, Uint8Array<ArrayBuffer>>();
  readonly reads = { pointer: 0, blob: 0 };
  /** Awaited by every read of the pointer. */
  gate: Promise<void> = Promise.resolve();

  async readPointer(): Promise<string | undefined> {
    this.reads.pointer++;
    const { pointer } = this;
    await this.gate;
    return pointer;
  }

  async readBlob(id: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    this.reads.blob++;
    return this.blobs.get(id);
  }

  /** What the next rollouts are signed with. */
  signers: Signer[] = [];
  serial = 0;

  /** A newer rollout, in which `id` serves. */
  async point(id: string, more: Partial<Rollout> = {}): Promise<Rollout> {
    const serial = ++this.serial;
    const serving = { id, version: "0.0.0" };
    const rollout = { format: 1, serial, at: "2026-11-01T00:00:00Z", serving, ...more } as const;
    this.pointer = await sealRollout(rollout, this.signers);
    return rollout;
  }

  /** A blob under its id, which it answers. `damage` changes it on its way. */
  async keep(
    files: ReleaseFiles,
    damage: (blob: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer> = (blob) => blob,
  ): Promise<string> {
    const id = await sha256Hex(files.manifest);
    this.blobs.set(id, damage(packRelease(files)));
    return id;
  }

  /** Blob first, then rollout; answers the id. */
  async publish(...kept: Parameters<MemoryStore["keep"]>): Promise<string> {
    const id = await this.keep(...kept);
    await this.point(id);
    return id;
  }
}

interface Harness {
  readonly host: RouterHost;
  readonly store: MemoryStore;
  readonly events: InferenceEvent[];
}

/** A host on the tiny release of seed 1. */
export async function startHost(
  ttlMs = 0,
  options: Pick<RouterHostOptions, "trusted" | "halted"> = {},
): Promise<Harness> {
  const store = new MemoryStore();
  const events: InferenceEvent[] = [];
  const host = new RouterHost({
    bundled: await loadTiny(await tinyRelease()),
    catalog: CATALOG,
    store,
    log: (event) => events.push(event),
    ttlMs,
    ...options,
  });
  return { host, store, events };
}
