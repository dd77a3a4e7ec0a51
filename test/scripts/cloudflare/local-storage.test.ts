/** Folders that wrangler can use are made, others are named. */
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import { makeWritable } from "../../../scripts/cloudflare/local-storage.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-storage-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("makeWritable", () => {
  it("makes what is missing, once, and leaves nothing in it", async ({ expect }) => {
    const state = join(folder, "a", "b");
    await makeWritable(state);
    await makeWritable(state);
    expect(await readdir(state)).toEqual([]);
  });

  it("refuses a file, what would be below one, and what a system folder refuses", async ({
    expect,
  }) => {
    const file = join(folder, "file");
    await writeFile(file, "");
    for (const path of [file, join(file, "x", "y"), "/proc/nope/state"])
      await expect(makeWritable(path)).rejects.toThrow(`${path} cannot be written: `);
  });
});
