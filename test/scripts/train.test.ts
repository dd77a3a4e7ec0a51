/**
 * Train and score as their users run them: on an outcome file whose models have names that nobody would
 * choose, from the file to the choice.
 */
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, it, onTestFinished } from "vitest";
import { canary, openRelease } from "../../router-models/release.ts";
import { openGraph } from "../../scripts/evaluation/onnx-graph.ts";
import { ranCommand, type Ended } from "./ran-command.ts";

const CALCULATOR = "a/b c:1";
const POET = "模型 🙂";
const ROWS = Array.from({ length: 120 }, (_, i) => {
  const isSum = i % 2 === 0;
  return JSON.stringify({
    id: `row ${i}`,
    dataset: "made up",
    prompt: isSum
      ? `Compute ${i} * ${(i * 7) % 50} and give the number.`
      : `Write a verse about the sea, number ${i}.`,
    scores: { [CALCULATOR]: isSum ? 1 : 0.1, [POET]: isSum ? 0.1 : 1 },
    cost_usd: { [CALCULATOR]: 0.001, [POET]: 0.001 },
  });
});

let folder: string;
let whole: Ended;
let halves: Ended;

/** The first plan only. */
function train(out: string, ...args: readonly string[]): Promise<Ended> {
  const fixed = ["--out", join(folder, out), "--budget-minutes", "0", "--seed", "3"];
  return ranCommand("scripts/train.ts", ...fixed, ...args);
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-train-"));
  const paths = ["whole.jsonl", "first.jsonl", "second.jsonl.gz"].map((name) => join(folder, name));
  await writeFile(paths[0]!, ROWS.join("\n"));
  await writeFile(paths[1]!, ROWS.slice(0, 50).join("\n"));
  await writeFile(paths[2]!, gzipSync(["{broken", ...ROWS.slice(50)].join("\n")));
  [whole, halves] = await Promise.all([
    train("whole", "--data", paths[0]!, "--json"),
    train("halves", "--data", `${paths[1]},${paths[2]}`, "--skip-bad-rows"),
  ]);
});
afterAll(() => rm(folder, { recursive: true }));

async function releaseIn(out: string) {
  const [manifest, golden, model] = await Promise.all(
    ["manifest.json", "golden.json", "model.onnx"].map(
      async (name) => new Uint8Array(await readFile(join(folder, out, name))),
    ),
  );
  return openRelease({ manifest: manifest!, golden: golden!, model: model! });
}

describe("train", () => {
  it("writes a release that opens and answers as it promised", async ({ expect }) => {
    expect(whole.code, whole.stderr).toBe(0);
    expect((await readdir(join(folder, "whole"))).toSorted()).toEqual([
      "CARD.md",
      "golden.json",
      "manifest.json",
      "model.onnx",
    ]);
    const release = await releaseIn("whole");
    const graph = await openGraph(release.model);
    onTestFinished(() => graph.release());
    expect((await canary(release, graph)).failure).toBeUndefined();
    const { manifest } = release;
    expect(manifest).toMatchObject({ name: "whole", version: "1.0.0", training: { seed: 3 } });
    expect(Object.keys(manifest.models)).toEqual([CALCULATOR, POET]);
    const { price, meanScore } = manifest.models[POET]!;
    expect(price.source).toBe("fitted");
    expect(meanScore).toBeGreaterThan(0.4);
    expect(meanScore).toBeLessThan(0.7);
    expect(manifest.metrics["heldOutLoss"]).toBeLessThan(0.5);
  });

  it("tries one plan when there is no time, and says what it did", async ({ expect }) => {
    const summary: unknown = JSON.parse(whole.stdout);
    const { manifest } = await releaseIn("whole");
    const { trainRows, validRows, sha256 } = manifest.training.data[0]!;
    expect(trainRows + validRows).toBe(120);
    expect(validRows).toBeGreaterThan(0);
    expect(sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(summary).toMatchObject({ rows: trainRows, models: 2, plan: "balanced" });
    expect(summary).toMatchObject({ addedByInt8: expect.any(Number) });
    expect(halves.stdout).toMatch(
      /held-out loss [\d.]+ \(int8 adds -?[\d.]+, int4 would -?[\d.]+\)/,
    );
    const card = await readFile(join(folder, "whole", "CARD.md"), "utf8");
    const section = card.slice(card.indexOf("## Plans tried"), card.indexOf("## What rounding"));
    const plans = section.match(/^\| (?!plan|---).*\|$/gm);
    expect(plans).toEqual([expect.stringMatching(/^\| balanced \| \d+ \| 0\.\d{4} \|$/)]);
    expect(card).toContain("npm run train -- --out");
  });

  it("gives the same model for the same rows and seed, however they are packed", async ({
    expect,
  }) => {
    expect(halves.code, halves.stderr).toBe(0);
    expect(halves.stderr).toContain("1 rows could not be read and were left out");
    const [one, two] = await Promise.all([releaseIn("whole"), releaseIn("halves")]);
    expect(two.model).toEqual(one.model);
    expect(two.manifest.models).toEqual(one.manifest.models);
    expect(two.manifest.training.data.map(({ name }) => name)).toEqual(["first", "second"]);
    expect(two.manifest.training.data.map((set) => set.trainRows + set.validRows)).toEqual([
      50, 70,
    ]);
  });

  it("makes a router that score can use, and that has learnt the difference", async ({
    expect,
  }) => {
    const prompts = [
      { id: "sum", prompt: "Compute 31 * 12 and give the number." },
      { id: "verse", prompt: "Write a verse about the sea, number 400." },
    ];
    const input = join(folder, "prompts.jsonl");
    await writeFile(input, prompts.map((row) => JSON.stringify(row)).join("\n"));
    const ended = await ranCommand(
      "scripts/score.ts",
      "--model",
      join(folder, "whole"),
      "--in",
      input,
      "--out",
      "-",
    );
    expect(ended.code, ended.stderr).toBe(0);
    const rows: unknown[] = ended.stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as unknown);
    expect(rows).toMatchObject([
      { id: "sum", choice: CALCULATOR },
      { id: "verse", choice: POET },
    ]);
  });

  it("stops at a bad row, and says where it stands", async ({ expect }) => {
    const path = join(folder, "bad.jsonl");
    await writeFile(path, `${ROWS[0]}\n\n{"id":"x","prompt":"y","scores":{"m":7}}\n`);
    const ended = await train("never", "--data", path);
    expect(ended).toMatchObject({ code: 1, stdout: "" });
    expect(ended.stderr).toContain(`train: ${path}:3: scores.m: `);
    expect((await readdir(folder)).filter((name) => name.includes("never"))).toEqual([]);
  });

  it("explains itself, and what was wrong with a call", async ({ expect }) => {
    const blank = join(folder, "blank.jsonl");
    const examined = join(folder, "examined.jsonl");
    const oneClass = join(folder, "one-class.jsonl");
    await writeFile(blank, "\n\n");
    await writeFile(examined, '{"id":"a","prompt":"x","scores":{"m":1},"split":"valid"}\n');
    await writeFile(oneClass, '{"id":"a","prompt":"x","scores":{"m":1,"n":1},"split":"train"}\n');
    const [help, missing, empty, unlearnt, same, unknown, stray] = await Promise.all([
      train("x", "--help"),
      train("x", "--data", "nowhere.jsonl"),
      train("x", "--data", blank),
      train("x", "--data", examined),
      train("x", "--data", oneClass),
      train("x", "--data", oneClass, "--models", "m,o"),
      train("x", "--dta", blank),
    ]);
    expect(help).toMatchObject({ code: 0, stderr: "" });
    expect(help.stdout).toContain("--budget-minutes");
    for (const [ended, words] of [
      [missing, "nowhere.jsonl: cannot be read"],
      [empty, "blank.jsonl: no usable outcome row"],
      [unlearnt, "examined.jsonl: there is no training row"],
      [same, "one-class.jsonl: every score of all 1 training rows is 1"],
      [unknown, "one-class.jsonl:1: scores.n: not in the list of models"],
      [stray, "--dta"],
    ] as const) {
      expect(ended).toMatchObject({ code: 1, stdout: "" });
      expect(ended.stderr).toContain(words);
      expect(ended.stderr).not.toMatch(/^\s+at /m);
    }
    expect((await readdir(folder)).filter((name) => /^\.?x/.test(name))).toEqual([]);
  });
});
