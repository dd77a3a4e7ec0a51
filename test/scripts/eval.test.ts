/**
 * Eval as its users run it, in a process of its own, on a tiny release and ten rows: the files that it
 * writes, that a second run writes the same, and what it says when it cannot go on.
 */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, it } from "vitest";
import { z } from "zod";
import catalogJson from "../../router-models/catalog.json" with { type: "json" };
import { parseCatalog } from "../../router-models/catalog.ts";
import type { ReleaseFiles } from "../../router-models/release.ts";
import { cachedFold } from "../../scripts/evaluation/fold-cache.ts";
import { tinyRelease } from "../support/tiny-release.ts";
import { twoKinds } from "./training/two-kinds.ts";

const run = promisify(execFile);
const QUIZ = "test/fixtures/outcomes/quiz.jsonl";
/** What the key of a fold has beside family and data, where no price is given. */
const FOLD = { prices: { table: {}, catalog: parseCatalog(catalogJson).models }, seed: 7 };
const CARD = "# Tiny\n\n<!-- evaluation:start -->\nold\n<!-- evaluation:end -->\n";

let folder: string;
let pricesFile: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-eval-"));
  pricesFile = join(folder, "prices.json");
  await writeFile(pricesFile, "{}");
  await writeRelease(folder, await tinyRelease());
  await writeFile(join(folder, "CARD.md"), CARD);
});
afterAll(() => rm(folder, { recursive: true }));

async function writeRelease(
  path: string,
  { manifest, golden, model }: ReleaseFiles,
): Promise<void> {
  await mkdir(path, { recursive: true });
  await writeFile(join(path, "manifest.json"), manifest);
  await writeFile(join(path, "golden.json"), golden);
  await writeFile(join(path, "model.onnx"), model);
}

const failureSchema = z.object({ code: z.number(), stdout: z.string(), stderr: z.string() });
type Ended = z.infer<typeof failureSchema>;

async function evaluate(...args: string[]): Promise<Ended> {
  try {
    const command = ["scripts/eval.ts", "--model", folder, "--resamples", "50", ...args];
    return { code: 0, ...(await run(process.execPath, command)) };
  } catch (error) {
    return failureSchema.parse(error);
  }
}

describe("eval", () => {
  it("writes tables, card and pictures, and the same ones again", async ({ expect }) => {
    const report = join(folder, "report");
    const ended = await evaluate("--data", QUIZ, "--report", report, "--write-card");
    expect(ended).toMatchObject({ code: 0 });
    expect(ended.stdout).toMatch(
      /\| quiz \| 4 \| alpha\/large \(0\.875\) \/ alpha\/small \(0\.500\) \|/,
    );
    expect(ended.stdout).toContain("| quiz | 4 | 3 of 3 |");
    expect(ended.stderr).toMatch(/scoring .* 8\/8/); // Each row, and as a careless typist has it.

    const card = await readFile(join(folder, "CARD.md"), "utf8");
    expect(card).toContain(ended.stdout.trim());
    expect(card).toContain("Made by `npm run eval -- --model");
    expect(card).not.toContain("\nold\n");

    const files = (await readdir(report)).toSorted();
    expect(files).toEqual([
      "frontier-quiz.svg",
      "reliability.svg",
      "report.json",
      "report.md",
      "share-quiz.svg",
    ]);
    for (const name of files.filter((file) => file.endsWith(".svg"))) {
      const svg = await readFile(join(report, name), "utf8");
      expect(svg).not.toMatch(/NaN|undefined|Infinity/);
      expect(svg.match(/<path/g)!.length).toBeGreaterThan(5);
    }

    const again = await evaluate("--data", QUIZ, "--report", report, "--write-card");
    expect(again.stdout).toBe(ended.stdout);
    expect(await readFile(join(folder, "CARD.md"), "utf8")).toBe(card);
  });

  it("prints JSON, of all sets that may ship", async ({ expect }) => {
    const ended = await evaluate("--sets", "test/fixtures/outcomes/sets.json", "--json");
    const evaluation: unknown = JSON.parse(ended.stdout);
    expect(evaluation).toMatchObject({
      resamples: 50,
      sets: [{ name: "quiz", rows: 4, trainRows: 6, pair: { weak: "alpha/small", by: "cost" } }],
      protocol: "id",
      pools: [],
      skipped: [],
    });
  });

  it("pools several files, and says which could not be evaluated", async ({ expect }) => {
    const twin = join(folder, "twin.jsonl");
    const text = await readFile(QUIZ, "utf8");
    await writeFile(twin, text.replaceAll('"quiz/', '"twin/'));
    const lonely = join(folder, "lonely.jsonl");
    await writeFile(lonely, '{"id":"a","prompt":"x","scores":{"gamma":1},"split":"train"}\n');
    const ended = await evaluate("--data", `${QUIZ},${twin}`, lonely, "--json");
    expect(JSON.parse(ended.stdout)).toMatchObject({
      sets: [{ name: "quiz" }, { name: "twin" }],
      pools: [{ name: "pooled", sets: ["quiz", "twin"], rows: 8, questions: 4 }],
      skipped: [{ name: "lonely", why: "lonely: 1 train and 0 valid rows; both are needed" }],
    });
  });

  it("leaves each set out of training, and takes folds from the cache", async ({ expect }) => {
    const files: string[] = [];
    for (const [name, seed] of [
      ["first", 1],
      ["second", 2],
    ] as const) {
      const path = join(folder, `${name}.jsonl`);
      const rows = twoKinds(24, seed).map((row, i) =>
        JSON.stringify({ ...row, dataset: name, split: i % 3 === 0 ? "valid" : "train" }),
      );
      await writeFile(path, rows.join("\n"));
      files.push(path);
      // The fold without the other set, so that this one need not be trained.
      const data = [createHash("sha256").update(rows.join("\n")).digest("hex")];
      const work = { train: () => tinyRelease({ seed }), onNote: () => undefined };
      await cachedFold(join(folder, "folds"), { ...FOLD, family: "mf", data }, work);
    }
    const args = ["--protocol", "leave-dataset", "--keep", join(folder, "folds"), "--json"];
    const ended = await evaluate(...args, "--data", files.join(), "--prices", pricesFile);
    expect(ended).toMatchObject({ code: 0 });
    expect(ended.stderr).not.toContain("training");
    const models = ["calculator", "middling", "poet"];
    expect(JSON.parse(ended.stdout)).toMatchObject({
      protocol: "leave-dataset",
      sets: [
        { name: "first", rows: 8, trainRows: 16, models },
        { name: "second", rows: 8, trainRows: 16, models },
      ],
      pools: [{ name: "pooled", questions: 16 }],
      skipped: [],
    });
  });

  it("cross-validates the training rows, for a section of the leaderboard", async ({ expect }) => {
    const cache = join(folder, "cross");
    const sha256 = createHash("sha256")
      .update(await readFile(QUIZ))
      .digest("hex");
    for (const fold of [0, 1]) {
      const key = { ...FOLD, family: "length", data: [sha256, `cross:${fold}/2`] } as const;
      await cachedFold(cache, key, { train: () => tinyRelease(), onNote: () => undefined });
    }
    const board = join(folder, "CROSS.md");
    await writeFile(board, "<!-- cross length:start -->\n<!-- cross length:end -->\n");
    const args = ["--protocol", "cross", "--folds", "2", "--family", "length", "--keep", cache];
    const files = ["--data", QUIZ, "--prices", pricesFile, "--leaderboard", board];
    const ended = await evaluate(...args, ...files);
    expect(ended).toMatchObject({ code: 0 });
    expect(ended.stdout).toContain("Routers: length, trained for each fold; training rows only");
    expect(ended.stdout).toContain("| quiz | 6 |");
    expect(ended.stderr).not.toContain("training");
    expect(ended.stderr).toMatch(/scoring .* 12\/12/);
    expect(await readFile(board, "utf8")).toMatch(/\| router − … \|[^]*\| quiz \| 6 \|/);
  });

  it("puts routers and controls on a leaderboard, best first", async ({ expect }) => {
    const board = join(folder, "BOARD.md");
    const sections = ["leaderboard", "id tiny"].map(
      (name) => `<!-- ${name}:start -->\n<!-- ${name}:end -->`,
    );
    await writeFile(board, `# Board\n\n${sections.join("\n\n")}\n`);
    const ended = await evaluate("--data", QUIZ, "--leaderboard", board);
    expect(ended).toMatchObject({ code: 0 });
    const text = await readFile(board, "utf8");
    expect(text).toMatch(/\| tiny 0\.0\.1 \| mf \| 0\.\d\d \|/);
    expect(text).toMatch(/\| oracle \| control \|/);
    expect(text.indexOf("| oracle |")).toBeLessThan(text.indexOf("| random |"));
    expect(text).toMatch(/\| router − … \|[^]*\| quiz \| 4 \|/);
    await evaluate("--data", QUIZ, "--leaderboard", board);
    expect(await readFile(board, "utf8")).toBe(text);
  });

  it("reads the files of other projects, and learns nothing from them", async ({ expect }) => {
    const file = join(folder, "gsm8k_responses.csv");
    const rows = Array.from(
      { length: 12 },
      (_, i) => `What is ${i} + 1?,${i % 2 ? "True" : "False"},True`,
    );
    const learnt = "What is 12 plus 30?,False,True"; // A training row of the quiz.
    await writeFile(file, ["prompt,small,big", ...rows, learnt].join("\n"));
    const sets = "test/fixtures/outcomes/sets.json";
    const args = ["--format", "routellm", "--data", file, "--sets", sets, "--json"];
    const ended = await evaluate(...args);
    expect(ended).toMatchObject({ code: 0 });
    expect(JSON.parse(ended.stdout)).toMatchObject({
      protocol: "imported",
      sets: [{ name: "gsm8k", rows: 12, trainRows: 0, pair: { strong: "big", weak: "small" } }],
    });
    expect(ended.stderr).toContain("1 rows ask a question that is learnt from: left out");
  });

  it("refuses a question that was learnt and is asked", async ({ expect }) => {
    const leaky = join(folder, "leaky.jsonl");
    await writeFile(leaky, (await readFile(QUIZ, "utf8")).replace('"q06"', '"q01"'));
    const ended = await evaluate("--data", leaky);
    expect(ended.code).toBe(1);
    expect(ended.stderr).toMatch(/1 of 4 valid rows .*gid q01: leaky quiz\/6 and leaky quiz\/1/);
    expect(ended.stdout).toBe("");
  });

  it("says what a router learnt from that is not at hand", async ({ expect }) => {
    const other = join(folder, "other");
    const data = [{ name: "exam", trainRows: 9, validRows: 1, licence: "none" }];
    const sha256 = "1".repeat(64);
    const files = await tinyRelease({
      changeManifest: (manifest) => ({
        ...manifest,
        training: { ...manifest.training, data: data.map((set) => ({ ...set, sha256 })) },
      }),
    });
    await writeRelease(other, files);
    const ended = await evaluate("--model", other, "--data", QUIZ);
    expect(ended.code).toBe(0);
    expect(ended.stderr).toContain("learnt from files not given here: exam");
    expect((await evaluate("--data", QUIZ)).stderr).not.toContain("not given here");
  });

  it("explains itself, and what was wrong with a call", async ({ expect }) => {
    expect((await evaluate("--help")).stdout).toContain("--write-card");
    const [nowhere, noNumber, noCard, few] = await Promise.all([
      evaluate("--data", "nowhere.jsonl"),
      evaluate("--resamples", "none"),
      evaluate("--model", "test/fixtures", "--write-card"),
      evaluate("--protocol", "leave-model", "--data", QUIZ),
    ]);
    expect([nowhere, noNumber, noCard, few].map(({ code }) => code)).toEqual([1, 1, 1, 1]);
    expect(nowhere.stderr).toContain("nowhere.jsonl: cannot be read");
    expect(noNumber.stderr).toContain("--resamples");
    expect(noCard.stderr).toContain("CARD.md");
    expect(few.stderr).toContain("Leave-model-out in 5 folds wants 10 models");
  });
});
