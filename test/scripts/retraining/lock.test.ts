/** One run at a time: who holds the lock is named, and whoever is gone holds none. */
import { spawnSync } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, it } from "vitest";
import { takeLock, type Holder } from "../../../scripts/retraining/lock.ts";

const SELF: Holder = { pid: process.pid, host: "here", since: "2026-11-23T06:00:00.000Z" };

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-lock-"));
});
afterEach(() => rm(folder, { recursive: true }));

function hold(holder: Holder): Promise<void> {
  return writeFile(join(folder, "lock"), JSON.stringify(holder));
}

it("is held by one until it is given back, and says by whom", async ({ expect }) => {
  const other: Holder = { ...SELF, pid: process.ppid };
  await hold(other);
  expect(await takeLock(folder, SELF)).toEqual(other);
  expect(await readdir(folder)).toEqual(["lock"]);
  await rm(join(folder, "lock"));
  const lock = await takeLock(folder, SELF);
  expect(JSON.parse(await readFile(join(folder, "lock"), "utf8"))).toEqual(SELF);
  if ("release" in lock) await lock.release();
  expect(await readdir(folder)).toEqual([]);
});

it("is taken over from a process that is gone, but not from another machine's", async ({
  expect,
}) => {
  const { pid } = spawnSync(process.execPath, ["-e", ""]);
  await hold({ ...SELF, pid });
  expect(await takeLock(folder, SELF)).toHaveProperty("release");
  const away: Holder = { ...SELF, pid, host: "elsewhere" };
  await hold(away);
  expect(await takeLock(folder, SELF)).toEqual(away);
});

it("that cannot be read is held by nobody", async ({ expect }) => {
  await writeFile(join(folder, "lock"), "half a fi");
  expect(await takeLock(folder, SELF)).toHaveProperty("release");
});
