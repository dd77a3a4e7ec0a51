/**
 * Certify as its users run it, in a process of its own, on a tiny release and made-up rows: what it
 * writes, that it writes the same again and nothing else, and what it says when it cannot.
 */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import { openRelease, type Release } from "../../router-models/release.ts";
import { readReleaseFolder } from "../../scripts/dataset/release-folder.ts";
import { tinyRelease } from "../support/tiny-release.ts";
import { ranCommand, type Ended } from "./ran-command.ts";

const MODELS = ["alpha/large", "alpha/small", "beta/medium"];

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-certify-"));
  await writeRows("equal.jsonl", 160, () => 1);
  await writeRows("few.jsonl", 12, () => 1);
  await writeRows("mixed.jsonl", 160, (n, m) => ((n * (m + 3)) % 7) / 6);
});
afterAll(() => rm(folder, { recursive: true }));

/** Rows of which one in ten is a train row. */
async function writeRows(
  name: string,
  count: number,
  scoreOf: (row: number, model: number) => number,
): Promise<void> {
  const rows = Array.from({ length: count }, (_, n) => ({
    id: `${name}/${n}`,
    gid: `${name}-${n}`,
    prompt: `What is ${n} times ${n % 13}?`,
    split: n % 10 === 0 ? "train" : "valid",
    scores: Object.fromEntries(MODELS.map((id, m) => [id, scoreOf(n, m)])),
  }));
  await writeFile(join(folder, name), rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
}

async function freshRelease(name: string): Promise<string> {
  const path = join(folder, name);
  await mkdir(path, { recursive: true });
  const { manifest, golden, model } = await tinyRelease();
  await writeFile(join(path, "manifest.json"), manifest);
  await writeFile(join(path, "golden.json"), golden);
  await writeFile(join(path, "model.onnx"), model);
  return path;
}

async function opened(path: string): Promise<Release> {
  return openRelease(await readReleaseFolder(path));
}

function floorsOf({ manifest }: Release): number[] | undefined {
  return manifest.certificate?.floors.map(({ floor }) => floor);
}

function certify(model: string, rows: string, ...flags: string[]): Promise<Ended> {
  const common = ["--model", model, "--data", join(folder, rows)];
  return ranCommand("scripts/certify.ts", ...common, ...flags);
}

describe("certify", () => {
  it("writes a certificate, changes nothing else, and writes the same again", async ({
    expect,
  }) => {
    const path = await freshRelease("whole");
    const before = await opened(path);
    const ended = await certify(path, "equal.jsonl", "--floor", "0.9");
    expect(ended).toMatchObject({ code: 0 });
    expect(ended.stdout).toMatch(
      /^Floor 0\.9 at confidence 0\.9: kept with a margin of -1, proven on \d+ /,
    );
    expect(ended.stdout).toContain("it keeps 100.0 % and asks the reference");

    const after = await opened(path);
    expect(ended.stderr).toContain(`is now 0.0.1@${after.id.slice(0, 12)}`);
    const { certificate, ...rest } = after.manifest;
    expect(rest).toEqual(before.manifest);
    expect(certificate).toMatchObject({
      data: [{ name: "equal", rows: 144 }],
      floors: [{ floor: 0.9, confidence: 0.9, margin: -1 }],
    });
    expect(Object.keys(certificate!.data[0]!.models).toSorted()).toEqual(MODELS);

    const bytes = await readFile(join(path, "manifest.json"));
    await certify(path, "equal.jsonl", "--floor", "0.9");
    expect(await readFile(join(path, "manifest.json"))).toEqual(bytes);
    expect((await readdir(path)).toSorted()).toEqual([
      "golden.json",
      "manifest.json",
      "model.onnx",
    ]);

    // Another floor of the same rows is added, one of other rows begins anew.
    await certify(path, "equal.jsonl", "--floor", "0.8");
    expect(floorsOf(await opened(path))).toEqual([0.9, 0.8]);
    const other = await certify(path, "mixed.jsonl", "--floor", "0.3");
    expect(other.stderr).toContain("of other data, models or prices; they are gone");
    expect(floorsOf(await opened(path))).toEqual([0.3]);
  });

  it("says how many rows it takes, and leaves the release as it was", async ({ expect }) => {
    const path = await freshRelease("few");
    const before = await readFile(join(path, "manifest.json"));
    const ended = await certify(path, "few.jsonl", "--floor", "0.95");
    expect(ended.code).toBe(1);
    expect(ended.stderr).toMatch(/certify: too few questions .* at least 63 are needed/);
    expect(await readFile(join(path, "manifest.json"))).toEqual(before);
  });

  it("refuses what it cannot read", async ({ expect }) => {
    const path = await freshRelease("refusals");
    const none = await certify(path, "equal.jsonl");
    expect(none).toMatchObject({ code: 1, stderr: expect.stringContaining("--floor is missing") });
    const high = await certify(path, "equal.jsonl", "--floor", "0.9", "--confidence", "1");
    expect(high).toMatchObject({ code: 1, stderr: expect.stringContaining("--confidence 1 must") });
  });

  it("counts broken promises into a report, and writes no certificate", async ({ expect }) => {
    const path = await freshRelease("report");
    const before = await readFile(join(path, "manifest.json"));
    const report = join(folder, "report-out");
    const ended = await certify(
      path,
      "mixed.jsonl",
      "--floor",
      "0.5",
      "--report",
      report,
      "--draws",
      "20",
    );
    expect(ended).toMatchObject({ code: 0, stderr: expect.stringContaining("drawing") });
    expect(ended.stdout).toMatch(/\| 1 \| mixed \| 144 \| \d+ \| \d+/);
    expect(await readFile(join(report, "report.md"), "utf8")).toBe(ended.stdout.slice(0, -1));
    expect((await readdir(report)).toSorted()).toContain("panel-mixed.svg");
    expect(await readFile(join(path, "manifest.json"))).toEqual(before);
  });
});
