/** Score as its users run it, on a small release with made-up weights. */
import { execFileSync } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, it } from "vitest";
import { z } from "zod";
import shipped from "../../router-models/catalog.json" with { type: "json" };
import { promptOfText } from "../../router-models/features/prompt.ts";
import { trainedPanel } from "../../router-models/placement.ts";
import { openRelease } from "../../router-models/release.ts";
import { Scorer } from "../../router-models/scorer.ts";
import { tinyGraph, tinyRelease } from "../support/tiny-release.ts";
import { ranCommand, type Ended } from "./ran-command.ts";

const MODELS = ["alpha/large", "alpha/small", "beta/medium"];
const LONG = "word ".repeat(30_000);
/** Id and prompt; the blank ones are blank lines. */
const INPUT: readonly (Record<string, unknown> | "")[] = [
  { id: "plain", prompt: "Is 51 a prime number?" },
  "",
  { id: 17, prompt: "" },
  { id: "plain", prompt: "🙂🙂 \ud83d 漢字" },
  "",
  { id: "asked", messages: [{ role: "user", content: "Is 51 a prime number?" }] },
  {
    id: "told",
    messages: [
      { role: "system", content: "Answer with yes or no." },
      { role: "user", content: [{ type: "text", text: "Is 51 a prime number?" }] },
    ],
    unknown: { field: true },
  },
  { id: "long", prompt: LONG },
];

const rowSchema = z.strictObject({
  id: z.union([z.string(), z.number()]),
  scores: z.record(z.string(), z.number().min(0).max(1)),
  cost_usd: z.record(z.string(), z.number().positive()),
  choice: z.string(),
});

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-score-"));
  const { manifest, golden, model } = await tinyRelease();
  await writeFile(join(folder, "manifest.json"), manifest);
  await writeFile(join(folder, "golden.json"), golden);
  await writeFile(join(folder, "model.onnx"), model);
  const text = INPUT.map((row) => (row === "" ? "" : JSON.stringify(row))).join("\n");
  await writeFile(join(folder, "in.jsonl"), text);
  await writeFile(join(folder, "in.jsonl.gz"), gzipSync(`${text}\n\n`));
});
afterAll(() => rm(folder, { recursive: true }));

function score(...args: readonly string[]): Promise<Ended> {
  return ranCommand("scripts/score.ts", "--model", folder, ...args);
}

/** Scores the rows of `name` to standard output. */
async function rowsOf(name: string, ...args: readonly string[]) {
  const ended = await score("--in", join(folder, name), "--out", "-", ...args);
  if (ended.code !== 0) throw new Error(ended.stderr);
  return parsedRows(ended.stdout);
}

function parsedRows(text: string): z.output<typeof rowSchema>[] {
  const lines = text.split("\n");
  if (lines.pop() !== "") throw new Error("The last line does not end");
  return lines.map((line) => rowSchema.parse(JSON.parse(line)));
}

function costOf(row: z.output<typeof rowSchema>): number {
  return row.cost_usd[row.choice]!;
}

describe("score", () => {
  it("answers each row in its order, from plain and from packed files", async ({ expect }) => {
    const out = join(folder, "scores.jsonl");
    const [ended, packed] = await Promise.all([
      score("--in", join(folder, "in.jsonl"), "--out", out),
      rowsOf("in.jsonl.gz"),
    ]);
    expect(ended).toMatchObject({ code: 0, stdout: "" });
    expect(ended.stderr).toContain("6/6");
    const rows = parsedRows(await readFile(out, "utf8"));
    expect(rows.map(({ id }) => id)).toEqual(["plain", 17, "plain", "asked", "told", "long"]);
    expect(packed).toEqual(rows);
    for (const { scores, cost_usd: costs, choice } of rows) {
      expect(Object.keys(scores)).toEqual(MODELS);
      expect(Object.keys(costs)).toEqual(MODELS);
      expect(MODELS).toContain(choice);
    }
    const [plain, , , asked, told, long] = rows;
    expect(asked!.scores).toEqual(plain!.scores);
    expect(told!.scores).not.toEqual(plain!.scores);
    expect(long!.cost_usd["alpha/large"]).toBeGreaterThan(plain!.cost_usd["alpha/large"]!);
  });

  it("scores as the service would", async ({ expect }) => {
    const [first] = await rowsOf("in.jsonl");
    const { manifest } = await openRelease(await tinyRelease());
    const scorer = new Scorer(manifest, trainedPanel(manifest));
    const forecast = await scorer.score(promptOfText("Is 51 a prime number?"), tinyGraph());
    for (const { id, score: expected, outputTokensP50 } of forecast.models) {
      expect(first!.scores[id]).toBeCloseTo(expected, 5);
      const cost = (forecast.inputTokens * 1 + outputTokensP50 * 2) / 1e6;
      expect(first!.cost_usd[id]).toBeCloseTo(cost, 9);
    }
  });

  it("scores the models of a catalogue", async ({ expect }) => {
    const rows = await rowsOf("in.jsonl", "--catalog", "router-models/catalog.json");
    const ids = shipped.models.map(({ id }) => id);
    expect(rows).toHaveLength(6);
    for (const { scores, choice } of rows) {
      expect(Object.keys(scores)).toEqual(ids);
      expect(ids).toContain(choice);
    }
  });

  it("chooses by the preset and by the floor", async ({ expect }) => {
    const [quality, cost, floor] = await Promise.all([
      rowsOf("in.jsonl", "--preset", "quality"),
      rowsOf("in.jsonl", "--preset", "cost"),
      rowsOf("in.jsonl", "--preset", "cost", "--quality", "1"),
    ]);
    quality.forEach((row, i) => {
      expect(row.scores).toEqual(cost[i]!.scores);
      expect(costOf(row)).toBeGreaterThanOrEqual(costOf(cost[i]!) - 2e-6);
      expect(floor[i]!.scores[floor[i]!.choice]!).toBeGreaterThanOrEqual(
        Math.min(row.scores[row.choice]!, row.scores["alpha/large"]!),
      );
    });
  });

  it("stops at a bad row, and says where it stands", async ({ expect }) => {
    const cases = [
      ["{", "not JSON"],
      ['{"prompt":"x"}', "id: "],
      ['{"id":"a"}', 'give "prompt" or "messages"'],
      ['{"id":"a","messages":[{"role":"root","content":"x"}]}', "messages.0.role: "],
    ] as const;
    const ended = await Promise.all(
      cases.map(async ([bad], i) => {
        const path = join(folder, `bad-${i}.jsonl`);
        await writeFile(
          path,
          `{"id":"good","prompt":"x"}\n\n${bad}\n{"id":"later","prompt":"x"}\n`,
        );
        return score("--in", path, "--out", "-");
      }),
    );
    ended.forEach(({ code, stdout, stderr }, i) => {
      expect(code).toBe(1);
      expect(stderr).toContain(`score: ${join(folder, `bad-${i}.jsonl`)}:3: `);
      expect(stderr).toContain(cases[i]![1]);
      expect(parsedRows(stdout).map(({ id }) => id)).toEqual(["good"]);
    });
  });

  it("leaves the file as it was where a row is bad, or there is none", async ({ expect }) => {
    const [input, out] = [join(folder, "late.jsonl"), join(folder, "kept.jsonl")];
    await writeFile(out, "kept");
    await writeFile(input, '{"id":"good","prompt":"x"}\n{"id":"bad"}\n');
    const bad = await score("--in", input, "--out", out);
    expect(bad.code).toBe(1);
    expect(bad.stderr).toMatch(/^score: .*late\.jsonl:2: [^]*$/u);
    await writeFile(input, "\n");
    const empty = await score("--in", input, "--out", out);
    expect(empty.code).toBe(1);
    expect(empty.stderr).toContain("The input has no rows");
    expect(await readFile(out, "utf8")).toBe("kept");
    const beside = (await readdir(folder)).filter((name) => name.endsWith(".part"));
    expect(beside).toEqual([]);
  });

  it("writes into a pipe and leaves it one", async ({ expect }) => {
    const pipe = join(folder, "pipe");
    execFileSync("mkfifo", [pipe]);
    const [read, ended] = await Promise.all([
      readFile(pipe, "utf8"),
      score("--in", join(folder, "in.jsonl"), "--out", pipe),
    ]);
    expect(ended).toMatchObject({ code: 0 });
    expect(parsedRows(read)).toHaveLength(6);
    expect((await stat(pipe)).isFIFO()).toBe(true);
  });

  it("explains itself, and what was wrong with a call", async ({ expect }) => {
    const input = ["--in", join(folder, "in.jsonl")];
    const [help, bare, preset, quality, nowhere, closed, catalog, unmade] = await Promise.all([
      ranCommand("scripts/score.ts", "--help"),
      ranCommand("scripts/score.ts", "--model", folder),
      score(...input, "--out", "-", "--preset", "dearest"),
      score(...input, "--out", "-", "--quality", "high"),
      score("--in", join(folder, "nowhere.jsonl"), "--out", "-"),
      score(...input, "--out", join(folder, "missing", "scores.jsonl")),
      score(...input, "--out", "-", "--catalog", join(folder, "in.jsonl")),
      ranCommand("scripts/score.ts", "--model", "test", ...input, "--out", "-"),
    ]);
    expect(help).toMatchObject({ code: 0, stderr: "" });
    expect(help.stdout).toContain("--catalog FILE");
    for (const [ended, words] of [
      [bare, "--model, --in and --out are needed"],
      [preset, "--preset: "],
      [quality, "--quality: "],
      [nowhere, "nowhere.jsonl: cannot be read"],
      [closed, join("missing", "scores.jsonl")],
      [catalog, "in.jsonl: cannot be used as a catalogue"],
      [unmade, "test is not a release: it has no manifest.json"],
    ] as const) {
      expect(ended).toMatchObject({ code: 1, stdout: "" });
      expect(ended.stderr).toContain(words);
      expect(ended.stderr).not.toMatch(/^\s+at /m);
    }
  });
});
