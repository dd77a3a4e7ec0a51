/**
 * Where files of events come from: a bucket of R2, what wrangler keeps of one on this machine, or a folder. Whoever
 * reads events sees keys and bytes and does not know which of them it is.
 */
import { createReadStream } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { EVENTS_PREFIX } from "../../worker/domain/event.ts";

export interface EventFile {
  /** With slashes, never leading out of a folder. */
  readonly key: string;
  readonly bytes: number;
}

export interface EventSource {
  /** For people. */
  readonly place: string;
  /** Every file of events, in the order of keys. */
  list(): AsyncIterable<EventFile>;
  read(key: string): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** Whose events a file of a bucket holds, and of which hour. */
export interface KeyParts {
  readonly tenant: string;
  /** When that hour ends, in milliseconds since 1970: nothing in the file was kept later. */
  readonly endMs: number;
}

const KEY =
  /^([a-z0-9][a-z0-9_-]{0,62})\/(\d{4}-\d\d-\d\d)\/([01]\d|2[0-3])\/\d{12}-\d{12}\.ndjson\.gz$/;
const HOUR_MS = 3_600_000;

/** Undefined for what is no key of events. */
export function partsOfKey(key: string): KeyParts | undefined {
  if (!key.startsWith(EVENTS_PREFIX)) return undefined;
  const [, tenant, day, hour] = KEY.exec(key.slice(EVENTS_PREFIX.length)) ?? [];
  const startMs = Date.parse(`${day}T${hour}:00:00Z`);
  return tenant === undefined || Number.isNaN(startMs)
    ? undefined
    : { tenant, endMs: startMs + HOUR_MS };
}

/** Every `.ndjson` and `.ndjson.gz` in a folder, at any depth. Its names need not be those of a bucket. */
export function folderSource(folder: string): EventSource {
  return {
    place: folder,
    async *list() {
      const found = await readdir(folder, { recursive: true, withFileTypes: true });
      const paths = found
        .filter((entry) => entry.isFile() && /\.ndjson(\.gz)?$/u.test(entry.name))
        .map(({ parentPath, name }) => join(parentPath, name).slice(folder.length + 1));
      for (const path of paths.toSorted()) {
        const { size } = await stat(join(folder, path));
        yield { key: path.split(/[\\/]/u).join("/"), bytes: size };
      }
    },
    read: (key) => buffer(createReadStream(join(folder, key))),
    close: () => Promise.resolve(),
  };
}
