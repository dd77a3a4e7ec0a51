/** The copy of a bucket's files: what is there is copied once, and what is gone there goes here. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, it } from "vitest";
import { pullEvents } from "../../../scripts/events/mirror.ts";
import { folderSource } from "../../../scripts/events/source.ts";
import { decisionRecord, eventKey, START_MS, writeEvents } from "./event-files.ts";

let root: string;
let from: string;
let to: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "sluice-mirror-"));
  [from, to] = [join(root, "from"), join(root, "to")];
  await writeEvents(from, eventKey(1), [decisionRecord()]);
  await writeEvents(from, eventKey(2, { hour: 5 }), [decisionRecord({ id: "r2" })]);
});
afterEach(() => rm(root, { recursive: true }));

it("fetches each file once, and those that have grown again", async ({ expect }) => {
  const all = { sinceMs: 0 };
  const first = await pullEvents(folderSource(from), to, all);
  expect(first.fetched).toEqual([eventKey(1), eventKey(2, { hour: 5 })]);
  expect((await pullEvents(folderSource(from), to, all)).fetched).toEqual([]);
  await writeEvents(from, eventKey(3), [decisionRecord({ id: "r3" })]);
  await writeEvents(from, eventKey(1), [decisionRecord(), decisionRecord({ id: "more" })]);
  const again = await pullEvents(folderSource(from), to, all);
  expect(again.fetched).toEqual([eventKey(1), eventKey(3)]);
  expect(again.paths).toHaveLength(3);
});

it("forgets what the source has forgotten", async ({ expect }) => {
  await pullEvents(folderSource(from), to, { sinceMs: 0 });
  await rm(join(from, eventKey(1)));
  const { removed, paths } = await pullEvents(folderSource(from), to, { sinceMs: 0 });
  expect([removed, paths]).toEqual([1, [join(to, eventKey(2, { hour: 5 }))]]);
  const kept: string[] = [];
  for await (const { key } of folderSource(to).list()) kept.push(key);
  expect(kept).toEqual([eventKey(2, { hour: 5 })]);
});

it("leaves out hours that ended before", async ({ expect }) => {
  const { paths } = await pullEvents(folderSource(from), to, { sinceMs: START_MS + 3_600_000 });
  expect(paths).toEqual([join(to, eventKey(2, { hour: 5 }))]);
});
