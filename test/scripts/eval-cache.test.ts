/** The evaluation of the semantic cache as its users run it, on two dozen pairs of our own. */
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import { ranCommand, type Ended } from "./ran-command.ts";

const PAIRS = "test/fixtures/pairs/questions.jsonl";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-eval-cache-"));
});
afterAll(() => rm(folder, { recursive: true }));

function evaluate(...args: readonly string[]): Promise<Ended> {
  const few = ["--resamples", "20", "--orders", "3", "--requests", "500"];
  return ranCommand("scripts/eval.ts", "--cache", ...args, ...few);
}

describe("eval --cache", () => {
  it("writes tables, numbers and pictures, and the same ones again", async ({ expect }) => {
    const report = join(folder, "report");
    const ended = await evaluate(PAIRS, "--report", report);
    expect(ended).toMatchObject({ code: 0 });
    expect(ended.stderr).toMatch(/cache .* (\d+)\/\1 /);
    expect(ended.stdout).toContain("### questions: 24 pairs, 11 equivalent");
    expect(ended.stdout).toContain("| questions | 1 of 1 (100.0 %) |");
    expect(ended.stdout).toMatch(/\| guards alone \|( 0 \|)+ \*\*0\*\* \| 142 \|/);
    expect(ended.stdout).not.toMatch(/NaN|undefined|Infinity/);
    expect((await readdir(report)).toSorted()).toEqual([
      "false-hits-questions-guarded.svg",
      "false-hits-questions.svg",
      "precision-questions-guarded.svg",
      "precision-questions.svg",
      "report.json",
      "report.md",
      "stream-questions.svg",
    ]);
    for (const name of await readdir(report)) {
      if (!name.endsWith(".svg")) continue;
      const svg = await readFile(join(report, name), "utf8");
      expect(svg).not.toMatch(/NaN|undefined|Infinity/);
      expect(svg.match(/<path class="line/g)!.length).toBeGreaterThan(3);
    }
    expect(await readFile(join(report, "report.md"), "utf8")).toBe(ended.stdout.trimEnd() + "\n");
    expect((await evaluate(PAIRS, "--report", report)).stdout).toBe(ended.stdout);
  });

  it("prints JSON, of the split that is asked for", async ({ expect }) => {
    const ended = await evaluate(PAIRS, "--json", "--split", "train", "--questions", "0");
    expect(ended.stderr).toMatch(/cache .* (\d+)\/\1 /);
    const evaluation: unknown = JSON.parse(ended.stdout);
    expect(evaluation).toMatchObject({
      protocol: "cache",
      split: "train",
      budget: 0.01,
      sets: [{ name: "questions", pairs: 6, equivalent: 3, noise: { equal: 1 } }],
    });
    expect(evaluation).not.toHaveProperty("sets.0.stream");
  });

  it("explains itself, and what was wrong with a call", async ({ expect }) => {
    expect((await evaluate("--help")).stdout).toContain("--adversarial");
    const [nothing, nowhere, budget, split, misleading] = await Promise.all([
      evaluate(),
      evaluate("nowhere.jsonl"),
      evaluate(PAIRS, "--budget", "2"),
      evaluate(PAIRS, "--split", "test"),
      evaluate(PAIRS, "--adversarial", PAIRS),
    ]);
    const all = [nothing, nowhere, budget, split, misleading];
    expect(all.map(({ code }) => code)).toEqual([1, 1, 1, 1, 1]);
    expect(nothing.stderr).toContain("--cache wants a file of pairs");
    expect(nowhere.stderr).toContain("nowhere.jsonl: cannot be read");
    expect(budget.stderr).toContain("--budget");
    expect(split.stderr).toContain("--split");
    expect(misleading.stderr).toContain(PAIRS);
  });
});
