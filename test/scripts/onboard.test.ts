/** Onboard as its users run it, on a small release with made-up weights and a copy of the catalogue. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import { z } from "zod";
import shipped from "../../router-models/catalog.json" with { type: "json" };
import { parseCatalog } from "../../router-models/catalog.ts";
import { tinyRelease } from "../support/tiny-release.ts";
import { ranCommand, type Ended } from "./ran-command.ts";

const ID = "xai/grok-4.7";
const PROMPTS = Array.from({ length: 30 }, (_, k) => `What is ${k} times ${k + 7}, and why?`);
const URL_OF_SCORE = "https://example.com/scores";

const standing = { quality: z.number(), low: z.number(), high: z.number() };
const reportSchema = z.looseObject({
  evidence: z.string(),
  stages: z.array(z.looseObject({ name: z.string(), ...standing })),
  probed: z.looseObject({ probes: z.number(), scored: z.number() }).optional(),
  choices: z.record(z.string(), z.looseObject({ own: z.record(z.string(), z.number()) })),
  narrowing: z.array(z.strictObject({ probes: z.number(), width: z.number() })),
  suggested: z.array(z.string()).optional(),
});

let folder: string;
let catalog: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-onboard-"));
  catalog = join(folder, "catalog.json");
  const { manifest, golden, model } = await tinyRelease({
    changeManifest: (m) => ({
      ...m,
      placement: {
        ...m.placement,
        anchors: {
          mmlu_pro: { intercept: 0, gradient: m.placement.demand, deviation: 0.1, models: 9 },
        },
      },
    }),
  });
  await writeFile(join(folder, "manifest.json"), manifest);
  await writeFile(join(folder, "golden.json"), golden);
  await writeFile(join(folder, "model.onnx"), model);
  await writeFile(catalog, JSON.stringify(shipped));
  const rows = PROMPTS.map((prompt) => ({ prompt, score: 1 }));
  await writeFile(join(folder, "won.jsonl"), rows.map((row) => JSON.stringify(row)).join("\n"));
});
afterAll(() => rm(folder, { recursive: true }));

function onboard(...args: readonly string[]): Promise<Ended> {
  return ranCommand("scripts/onboard.ts", "--model-dir", folder, "--catalog", catalog, ...args);
}

async function reportOf(...args: readonly string[]) {
  const ended = await onboard("--model", ID, "--json", ...args);
  if (ended.code !== 0) throw new Error(ended.stderr);
  return reportSchema.parse(JSON.parse(ended.stdout));
}

describe("onboard", () => {
  it("shows the whole catalogue with what each place rests on", async ({ expect }) => {
    const { code, stdout } = await onboard();
    expect(code).toBe(0);
    for (const { id } of shipped.models) expect(stdout).toContain(id);
    expect(stdout).toContain("by public scores");
    expect(stdout).toContain("mmlu_pro 0.91  https://huggingface.co/deepseek-ai/DeepSeek-V4-Pro");
    expect(stdout).toMatch(/expected by gpqa_diamond of \d+ models, which miss by 0\.\d\d logits/);
  });

  it("moves a model by a score and by probes, and writes both down", async ({ expect }) => {
    const quoted = ["--anchors", "mmlu_pro=0.4", "--source", URL_OF_SCORE];
    const file = join(folder, "won.jsonl");
    const { evidence, stages, probed, narrowing, choices } = await reportOf(
      ...quoted,
      "--probes",
      file,
      "--write",
    );
    expect(evidence).toBe("ability");
    expect(stages.map(({ name }) => name)).toEqual([
      "nothing known",
      "anchors: mmlu_pro 0.4",
      "and 30 probes",
    ]);
    const [prior, anchored, placed] = stages;
    expect(anchored!.high - anchored!.low).toBeLessThan(prior!.high - prior!.low);
    expect(placed!.quality).toBeGreaterThan(anchored!.quality);
    expect(probed).toMatchObject({ probes: 30, scored: 1 });
    const widths = narrowing.map(({ width }) => width);
    expect(widths).toEqual(widths.toSorted((a, b) => b - a));
    expect(Object.keys(choices)).toEqual(["cost", "balanced", "quality", "fast"]);

    const { models } = parseCatalog(JSON.parse(await readFile(catalog, "utf8")));
    const entry = models.find(({ id }) => id === ID)!;
    const score = { benchmark: "mmlu_pro", score: 0.4, source: URL_OF_SCORE };
    expect(entry.anchors).toContainEqual(score);
    expect(entry.ability).toMatchObject({ probes: 30, source: file });
    expect(entry.ability!.row).toHaveLength(4);
    const { stdout } = await onboard();
    expect(stdout).toContain(`by its own outcomes`);
  });

  it("says what to ask first, without repeating what was asked", async ({ expect }) => {
    const asked = join(folder, "asked.jsonl");
    await writeFile(asked, `${JSON.stringify({ prompt: PROMPTS[0], score: 0 })}\n`);
    const out = join(folder, "ask.jsonl");
    const { suggested } = await reportOf(
      "--probes",
      asked,
      "--suggest",
      "40",
      "--data",
      join(folder, "won.jsonl"),
      "--out",
      out,
    );
    expect(suggested!.toSorted()).toEqual(PROMPTS.slice(1).toSorted());
    const rows = (await readFile(out, "utf8")).trim().split("\n");
    expect(
      rows.map((row) => z.object({ prompt: z.string() }).parse(JSON.parse(row)).prompt),
    ).toEqual(suggested);
  });

  it.for([
    ["an unknown model", ["--model", "a/b"], "the catalogue has no a/b"],
    [
      "a score out of range",
      ["--model", ID, "--anchors", "mmlu_pro=81", "--source", URL_OF_SCORE, "--write"],
      "give an accuracy as a fraction",
    ],
  ] as const)("refuses %s and changes nothing", async ([, args, complaint], { expect }) => {
    const before = await readFile(catalog, "utf8");
    const { code, stderr } = await onboard(...args);
    expect(code).toBe(1);
    expect(stderr).toContain(complaint);
    expect(await readFile(catalog, "utf8")).toBe(before);
  });

  it("explains itself", async ({ expect }) => {
    const { code, stdout } = await onboard("--help");
    expect(code).toBe(0);
    expect(stdout).toContain("--suggest N");
  });
});
