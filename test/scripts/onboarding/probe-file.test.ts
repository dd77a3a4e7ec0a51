/** Probes as people bring them, good and bad. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, it } from "vitest";
import { readProbes, readPrompts, readSamples } from "../../../scripts/onboarding/probe-file.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-probes-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function fileOf(name: string, rows: readonly unknown[]): Promise<string> {
  const path = join(folder, name);
  const text = rows.map((row) => (typeof row === "string" ? row : JSON.stringify(row))).join("\n");
  await writeFile(path, name.endsWith(".gz") ? gzipSync(text) : text);
  return path;
}

const OUTCOMES = [
  { id: "1", prompt: "a", scores: { new: 1, old: 0 } },
  { id: "2", prompt: "b", scores: { old: 0 } },
  { id: "3", prompt: "c", scores: { new: 0.25, "x/new": 0.5 }, split: "train" },
  { id: "4", prompt: "d", scores: { new: 1 }, split: "valid" },
];

describe("readProbes", () => {
  it("reads prompts with a score", async ({ expect }) => {
    const path = await fileOf("plain.jsonl", [
      { prompt: "a", score: 1 },
      "",
      { prompt: "b", score: 0.5 },
    ]);
    expect(await readProbes(path, ["x/new"])).toEqual([
      { prompt: "a", score: 1 },
      { prompt: "b", score: 0.5 },
    ]);
  });

  it("takes from an outcome file what the model reached, save rows that are held back", async ({
    expect,
  }) => {
    const path = await fileOf("outcomes.jsonl.gz", OUTCOMES);
    expect(await readProbes(path, ["x/new", "new"])).toEqual([
      { prompt: "a", score: 1 },
      { prompt: "c", score: 0.5 },
    ]);
  });

  it.for([
    ["no score", [{ prompt: "a", score: 1 }, { prompt: "b" }], /bad\.jsonl:2: give "score" or/u],
    ["a mark", [{ prompt: "a", score: 7 }], /bad\.jsonl:1: score: /u],
    [
      "an outcome out of range",
      [{ prompt: "a", scores: { new: 2 } }],
      /bad\.jsonl:1: scores\.new: /u,
    ],
    ["no prompt", [{ score: 1 }], /bad\.jsonl:1: prompt: give the prompt's text/u],
    ["half a row", ['{"prompt":'], /bad\.jsonl:1: not JSON/u],
    ["nothing", [""], /bad\.jsonl: no probe in it/u],
    [
      "another model",
      [{ prompt: "a", scores: { old: 1 } }],
      /no row has a score of new; it has old/u,
    ],
    ["held back rows", [OUTCOMES[3]], /all 1 rows of the model are held back/u],
  ] as const)("names the place of %s", async ([, rows, complaint], { expect }) => {
    const path = await fileOf("bad.jsonl", rows);
    await expect(readProbes(path, ["new"])).rejects.toThrow(complaint);
  });
});

describe("readPrompts", () => {
  it("names every prompt once, and none that is held back", async ({ expect }) => {
    const path = await fileOf("prompts.jsonl", [...OUTCOMES, { prompt: "a" }, { prompt: "e" }]);
    expect(await readPrompts(path)).toEqual(["a", "b", "c", "e"]);
    await expect(readPrompts(await fileOf("none.jsonl", [OUTCOMES[3]]))).rejects.toThrow(
      /no prompt in it/u,
    );
  });
});

describe("readSamples", () => {
  it("takes prompts with their kind, and passes over conversations", async ({ expect }) => {
    const rows = [{ prompt: "a", kind: "code" }, { messages: [] }, { prompt: "b" }];
    expect(await readSamples(await fileOf("samples.jsonl", rows))).toEqual([
      { prompt: "a", kind: "code" },
      { prompt: "b", kind: "prompts" },
    ]);
    await expect(readSamples(await fileOf("talk.jsonl", [rows[1]]))).rejects.toThrow(
      /no row with a/u,
    );
  });
});
