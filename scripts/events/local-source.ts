/**
 * Files of events in the storage that `npm start` and `wrangler dev` keep on this machine, also while they run. The
 * bucket is opened through a configuration of its own that binds nothing else: the service's would start all of it.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EVENTS_PREFIX } from "../../worker/domain/event.ts";
import { OFFLINE } from "../cloudflare/wrangler.ts";
import { partsOfKey, type EventSource } from "./source.ts";

/** What this asks of a bucket. */
interface Bucket {
  list(options: { prefix: string; cursor?: string }): Promise<{
    readonly objects: readonly { readonly key: string; readonly size: number }[];
    readonly truncated: boolean;
    readonly cursor?: string;
  }>;
  get(key: string): Promise<{ arrayBuffer(): Promise<ArrayBuffer> } | null>;
}

/** @param persist Folder of the local storage; wrangler's own is `.wrangler/state`. */
export async function localSource(persist: string, bucket: string): Promise<EventSource> {
  Object.assign(process.env, OFFLINE);
  const { getPlatformProxy } = await import("wrangler");
  const folder = await mkdtemp(join(tmpdir(), "sluice-events-"));
  const configPath = join(folder, "wrangler.json");
  const config = {
    name: "events",
    compatibility_date: "2026-11-01",
    r2_buckets: [{ binding: "FILES", bucket_name: bucket }],
  };
  await writeFile(configPath, JSON.stringify(config));
  const storage = await getPlatformProxy<{ FILES: Bucket }>({
    configPath,
    persist: { path: join(persist, "v3") },
    remoteBindings: false,
  });
  const { FILES: files } = storage.env;
  return {
    place: `bucket ${bucket} in ${persist}`,
    async *list() {
      for (let cursor: string | undefined; ;) {
        const page = await files.list({
          prefix: EVENTS_PREFIX,
          ...(cursor !== undefined && { cursor }),
        });
        for (const { key, size } of page.objects)
          if (partsOfKey(key) !== undefined) yield { key, bytes: size };
        if (!page.truncated) return;
        cursor = page.cursor;
      }
    },
    async read(key) {
      const found = await files.get(key);
      if (found === null) throw new Error(`${key} is not in the bucket any more`);
      return new Uint8Array(await found.arrayBuffer());
    },
    async close() {
      await storage.dispose();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
