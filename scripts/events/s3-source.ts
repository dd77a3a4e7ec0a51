/**
 * Files of events in a bucket, through the S3 API that R2 speaks: pages of keys, and one file after the other.
 *
 * Requests are signed with the credentials of an R2 token (aws4fetch). What answers late, 429 or 5xx is asked again
 * with growing pauses; everything else ends the pull with what the server said. Only keys that are files of events
 * are let in, so a name made up by somebody else cannot lead anywhere.
 *
 * Source: Amazon S3 API reference, ListObjectsV2 and GetObject; Cloudflare's R2 S3 compatibility.
 */
import { setTimeout as pause } from "node:timers/promises";
import { AwsClient } from "aws4fetch";
import { EVENTS_PREFIX } from "../../worker/domain/event.ts";
import { partsOfKey, type EventFile, type EventSource } from "./source.ts";

export interface S3Bucket {
  /** Such as `https://<account>.r2.cloudflarestorage.com`. */
  readonly endpoint: string;
  readonly bucket: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export interface S3Limits {
  readonly tries: number;
  /** Before the second try; each further one waits twice as long. */
  readonly pauseMs: number;
  readonly timeoutMs: number;
}

const LIMITS: S3Limits = { tries: 5, pauseMs: 500, timeoutMs: 60_000 };
/** Of one answer: a page of keys has less than one, an hour of a tenant's events far less. */
const MAX_BYTES = 64 * 1024 * 1024;
/** A hundred million files; more pages are a server that repeats itself. */
const MAX_PAGES = 100_000;

export function s3Source(bucket: S3Bucket, limits: S3Limits = LIMITS): EventSource {
  const root = `${bucket.endpoint.replace(/\/+$/u, "")}/${encodeURIComponent(bucket.bucket)}`;
  const client = new AwsClient({ ...bucket, service: "s3", region: "auto", retries: 0 });
  function get(url: string): Promise<Uint8Array> {
    return patiently(() => getOnce(client, url, limits.timeoutMs), limits);
  }
  return {
    place: root,
    async *list() {
      let after: string | undefined;
      for (let page = 0; page < MAX_PAGES; page++) {
        const query = new URLSearchParams({ "list-type": "2", prefix: EVENTS_PREFIX });
        if (after !== undefined) query.set("continuation-token", after);
        const { files, next } = readPage(
          new TextDecoder().decode(await get(`${root}?${query.toString()}`)),
        );
        yield* files;
        if (next === undefined) return;
        after = next;
      }
      throw new Error(`${root}: more than ${MAX_PAGES} pages of keys`);
    },
    read: (key) => get(`${root}/${key.split("/").map(encodeURIComponent).join("/")}`),
    close: () => Promise.resolve(),
  };
}

/** Worth another try. */
class PassingError extends Error {
  override readonly name = "PassingError";
}

async function getOnce(client: AwsClient, url: string, timeoutMs: number): Promise<Uint8Array> {
  const request = await client.sign(url, { method: "GET" });
  let response: Response;
  try {
    response = await fetch(request, { signal: AbortSignal.timeout(timeoutMs) });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new PassingError(`${url}: ${why}`, { cause });
  }
  if (response.ok) return readBounded(response, url);
  const said = (await response.text().catch(() => "")).slice(0, 300);
  const message = `${url}: ${response.status} ${said}`.trim();
  throw response.status === 429 || response.status >= 500
    ? new PassingError(message)
    : new Error(message);
}

async function readBounded(response: Response, url: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of response.body ?? []) {
      size += chunk.length;
      if (size > MAX_BYTES) break;
      chunks.push(chunk);
    }
  } catch (cause) {
    throw new PassingError(`${url}: broke off after ${size} bytes`, { cause });
  }
  if (size > MAX_BYTES) throw new Error(`${url}: more than ${MAX_BYTES} bytes`);
  return Buffer.concat(chunks);
}

async function patiently<T>(ask: () => Promise<T>, { tries, pauseMs }: S3Limits): Promise<T> {
  for (let tried = 1; ; tried++)
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof PassingError) || tried >= tries) throw error;
      await pause(pauseMs * 2 ** (tried - 1));
    }
}

/** Files of events on a page, and where the next one begins. Throws for what is no page. */
function readPage(xml: string): { files: EventFile[]; next: string | undefined } {
  if (!xml.includes("<ListBucketResult"))
    throw new Error(`Not a list of keys: ${xml.slice(0, 80)}`);
  const files = [...xml.matchAll(/<Contents>(.*?)<\/Contents>/gsu)].flatMap(([, entry]) => {
    const key = textOf(entry!, "Key") ?? "";
    const bytes = Number(textOf(entry!, "Size"));
    return partsOfKey(key) === undefined || !Number.isSafeInteger(bytes) ? [] : [{ key, bytes }];
  });
  const isCut = textOf(xml, "IsTruncated") === "true";
  return { files, next: isCut ? textOf(xml, "NextContinuationToken") : undefined };
}

const ENTITIES: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
};

function textOf(xml: string, tag: string): string | undefined {
  const text = new RegExp(`<${tag}>([^<]*)</${tag}>`, "u").exec(xml)?.[1];
  return text?.replace(/&(amp|lt|gt|quot|apos);/gu, (_, name: string) => ENTITIES[name]!);
}
