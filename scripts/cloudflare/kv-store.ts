/**
 * A KV namespace as scripts need one: get, put, list. Through wrangler, whose command line is its documented interface,
 * locally and on the account that it is logged in to.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import {
  getArguments,
  listArguments,
  putFileArguments,
  remedyFor,
  saysMissing,
  type KvTarget,
} from "./kv-command.ts";
import { runWrangler } from "./wrangler.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** All reject, with the remedy where it is known, when the namespace cannot be reached. */
export interface KvStore {
  /** Whether a read may show what was there before the last write. */
  readonly isEventual: boolean;
  /** Undefined where there is nothing. */
  get(key: string): Promise<Bytes | undefined>;
  put(key: string, value: Bytes): Promise<void>;
  /** Keys that begin so; some of them, where they are very many. */
  list(prefix: string): Promise<string[]>;
}

export function wranglerKv(target: KvTarget): KvStore {
  return {
    isEventual: target.place === "remote",
    async get(key) {
      const bytes = await getOrNothing(key, target);
      return bytes && new Uint8Array(bytes);
    },
    async put(key, value) {
      const folder = await mkdtemp(join(tmpdir(), "sluice-kv-"));
      try {
        const path = join(folder, "value");
        await writeFile(path, value);
        await wrangler(putFileArguments(key, path, target));
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
    async list(prefix) {
      const text = (await wrangler(listArguments(prefix, target))).toString();
      return keysSchema.parse(JSON.parse(text)).map(({ name }) => name);
    },
  };
}

const keysSchema = z.array(z.object({ name: z.string() }));
/** What is said of a key that is missing is no longer; a longer value need not be read as text. */
const MAX_SAID_BYTES = 64;

async function getOrNothing(key: string, target: KvTarget): Promise<Buffer | undefined> {
  try {
    const bytes = await runWrangler(getArguments(key, target));
    const isMissing = bytes.length <= MAX_SAID_BYTES && saysMissing(bytes.toString());
    return isMissing ? undefined : bytes;
  } catch (cause) {
    if (saysMissing(messageOf(cause))) return undefined;
    throw explained(cause);
  }
}

async function wrangler(args: readonly string[]): Promise<Buffer> {
  try {
    return await runWrangler(args);
  } catch (cause) {
    throw explained(cause);
  }
}

/** With wrangler's output and, where known, the remedy. */
function explained(cause: unknown): Error {
  const message = messageOf(cause);
  return new Error([message, remedyFor(message) ?? ""].join("\n").trim(), { cause });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
