/** Where files of events lie: a folder, local storage, and a bucket behind signed requests. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import { getPlatformProxy } from "wrangler";
import { localSource } from "../../../scripts/events/local-source.ts";
import { s3Source } from "../../../scripts/events/s3-source.ts";
import { folderSource, partsOfKey, type EventSource } from "../../../scripts/events/source.ts";
import { decisionRecord, eventKey, packedLines, writeEvents } from "./event-files.ts";
import { startS3, type S3Here } from "./s3-here.ts";

const QUICK = { tries: 3, pauseMs: 1, timeoutMs: 5_000 };
const KEYS = [1, 2, 3, 4, 5].map((first) => eventKey(first));

let folder: string;
let s3: S3Here;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-sources-"));
  for (const key of KEYS) await writeEvents(folder, key, [decisionRecord({ id: key })]);
  await writeFile(join(folder, "events/v1/shop/notes.txt"), "not events");
  s3 = await startS3(folder);
});
afterAll(async () => {
  await s3.close();
  await rm(folder, { recursive: true });
});

async function keysOf(source: EventSource): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of source.list()) keys.push(key);
  return keys;
}

describe("a bucket behind the S3 API", () => {
  it("lists all pages and nothing but files of events", async ({ expect }) => {
    expect(await keysOf(s3Source(s3.bucket, QUICK))).toEqual(KEYS);
  });

  it("gives the bytes of a file", async ({ expect }) => {
    const bytes = await s3Source(s3.bucket, QUICK).read(KEYS[1]!);
    expect(bytes).toEqual(Buffer.from(packedLines([decisionRecord({ id: KEYS[1]! })])));
  });

  it("is asked again while it is busy, and not for ever", async ({ expect }) => {
    s3.failNext(2);
    expect(await keysOf(s3Source(s3.bucket, QUICK))).toEqual(KEYS);
    s3.failNext(3);
    await expect(keysOf(s3Source(s3.bucket, QUICK))).rejects.toThrow("503 Slow down");
  });

  it("refuses another secret, which is asked once", async ({ expect }) => {
    const before = s3.asked.length;
    const wrong = s3Source({ ...s3.bucket, secretAccessKey: "another" }, QUICK);
    await expect(keysOf(wrong)).rejects.toThrow("403");
    expect(s3.asked.length).toBe(before + 1);
  });
});

it("a folder gives every file of events by its path", async ({ expect }) => {
  expect(await keysOf(folderSource(folder))).toEqual(KEYS);
});

it("wrangler's local storage gives what was put into the bucket", async ({ expect }) => {
  const persist = await mkdtemp(join(tmpdir(), "sluice-persist-"));
  const config = join(persist, "wrangler.json");
  await mkdir(persist, { recursive: true });
  await writeFile(
    config,
    JSON.stringify({
      name: "writer",
      compatibility_date: "2026-11-01",
      r2_buckets: [{ binding: "EVENT_FILES", bucket_name: "kept" }],
    }),
  );
  const writer = await getPlatformProxy<{
    EVENT_FILES: { put(key: string, value: Uint8Array): Promise<unknown> };
  }>({ configPath: config, persist: { path: join(persist, "v3") }, remoteBindings: false });
  await writer.env.EVENT_FILES.put(KEYS[0]!, packedLines([decisionRecord()]));
  await writer.env.EVENT_FILES.put("events/v1/other", packedLines([]));
  await writer.dispose();
  const source = await localSource(persist, "kept");
  try {
    expect(await keysOf(source)).toEqual([KEYS[0]]);
    expect(await source.read(KEYS[0]!)).toEqual(packedLines([decisionRecord()]));
    await expect(source.read(KEYS[1]!)).rejects.toThrow("not in the bucket");
  } finally {
    await source.close();
    await rm(persist, { recursive: true });
  }
});

it("a key says whose events a file holds and until when", ({ expect }) => {
  expect(partsOfKey(eventKey(7, { hour: 23 }))).toEqual({
    tenant: "shop",
    endMs: Date.parse("2026-11-02T00:00:00Z"),
  });
  for (const key of [
    "events/v1/shop/2026-11-01/24/000000000001-000000000002.ndjson.gz",
    "events/v1/../../etc/2026-11-01/00/000000000001-000000000002.ndjson.gz",
    "events/v2/shop/2026-11-01/00/000000000001-000000000002.ndjson.gz",
    "events/v1/shop/2026-13-41/00/000000000001-000000000002.ndjson.gz",
  ])
    expect(partsOfKey(key), key).toBeUndefined();
});
