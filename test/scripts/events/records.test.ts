/** Files of events read line by line: what cannot be read is named, and left out or refused. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, it } from "vitest";
import { BadLines, recordsOf } from "../../../scripts/events/records.ts";
import { decisionRecord, feedbackRecord, packedLines, writeEvents } from "./event-files.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-records-"));
  await writeEvents(folder, "mixed.ndjson.gz", [
    decisionRecord(),
    "{",
    JSON.stringify({ ...feedbackRecord(), score: 7 }),
    feedbackRecord(),
  ]);
  const whole = packedLines([decisionRecord({ id: "cut" })]);
  await writeFile(join(folder, "cut.ndjson.gz"), whole.subarray(0, whole.length - 20));
});
afterAll(() => rm(folder, { recursive: true }));

async function kindsOf(name: string, bad?: BadLines): Promise<string[]> {
  const kinds: string[] = [];
  for await (const { kind } of recordsOf([join(folder, name)], bad)) kinds.push(kind);
  return kinds;
}

it("counts and names what it cannot read, and goes on", async ({ expect }) => {
  const bad = new BadLines();
  expect(await kindsOf("mixed.ndjson.gz", bad)).toEqual(["decision", "feedback"]);
  expect(bad.count).toBe(2);
  expect(bad.named[0]).toContain("mixed.ndjson.gz:2: not JSON");
  expect(bad.named[1]).toContain("mixed.ndjson.gz:3: score:");
});

it("counts a file that breaks off as one complaint", async ({ expect }) => {
  const bad = new BadLines();
  await kindsOf("cut.ndjson.gz", bad);
  expect([bad.count, bad.named[0]]).toEqual([1, expect.stringContaining("cannot be read")]);
});

it("throws the first complaint where nobody counts", async ({ expect }) => {
  await expect(kindsOf("mixed.ndjson.gz")).rejects.toThrow(":2: not JSON");
});
