/** Lines of files, however they are packed, cut and ended. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, it } from "vitest";
import { z } from "zod";
import { jsonOf, linesOf, rowOf, type Line } from "../../../scripts/dataset/lines.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-lines-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function linesIn(name: string, content: string | Uint8Array): Promise<Line[]> {
  const path = join(folder, name);
  await writeFile(path, content);
  const lines: Line[] = [];
  for await (const line of linesOf(path)) lines.push(line);
  return lines.map(({ text, place }) => ({ text, place: place.replace(path, "file") }));
}

describe("linesOf", () => {
  const expected = [
    { text: "one", place: "file:1" },
    { text: "three 🙂", place: "file:4" },
  ];

  it("leaves out blank lines and counts them, with or without a last line end", async ({
    expect,
  }) => {
    expect(await linesIn("a.jsonl", "one\n\n  \t\nthree 🙂")).toEqual(expected);
    expect(await linesIn("b.jsonl", "one\n\n  \t\nthree 🙂\n")).toEqual(expected);
    expect(await linesIn("c.jsonl", "")).toEqual([]);
    expect(await linesIn("d.jsonl", "\n\n")).toEqual([]);
  });

  it("unpacks what ends in .gz", async ({ expect }) => {
    expect(await linesIn("a.jsonl.gz", gzipSync("one\n\n\nthree 🙂"))).toEqual(expected);
  });

  it("does not cut characters or lines at the borders of what it reads", async ({ expect }) => {
    const long = ["a", "🙂".repeat(50_000), "b".repeat(200_000), "é"];
    const text = long.join("\n");
    for (const [name, content] of [
      ["e.jsonl", text],
      ["e.jsonl.gz", gzipSync(text)],
    ] as const) {
      const lines = await linesIn(name, content);
      expect(lines.map((line) => line.text)).toEqual(long);
    }
  });

  it("names the file that it cannot read or unpack", async ({ expect }) => {
    const packed = gzipSync("one\ntwo\n".repeat(1_000));
    await expect(linesIn("cut.gz", packed.subarray(0, packed.length - 20))).rejects.toThrow(
      /cut\.gz: cannot be read/,
    );
    await expect(linesIn("plain.gz", "one\n")).rejects.toThrow(/plain\.gz: cannot be read/);
    await expect(linesOf(join(folder, "missing")).next()).rejects.toThrow(
      /missing: cannot be read/,
    );
  });
});

describe("rowOf", () => {
  const schema = z.object({
    id: z.number().transform(String),
    tags: z.array(z.string()).default([]),
  });

  it("gives the row as the schema makes it", ({ expect }) => {
    expect(rowOf({ text: '{"id": 7}', place: "file:1" }, schema)).toEqual({ id: "7", tags: [] });
  });

  it("names the place and the field at fault", ({ expect }) => {
    const complaints = {
      '{"id": 7, "tags": ["a", 1]}': /^file:3: tags\.1: /,
      "[]": /^file:3: row: /,
      '{"id": 7': /^file:3: not JSON: \{"id": 7$/,
    };
    for (const [text, complaint] of Object.entries(complaints))
      expect(() => rowOf({ text, place: "file:3" }, schema)).toThrow(complaint);
    expect(() => jsonOf({ text: "x".repeat(100), place: "file:3" })).toThrow(/: x{60}$/);
  });
});
