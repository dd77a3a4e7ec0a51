/** The evaluation of the switch as its users run it, with hardly any runs. */
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import { ranCommand, type Ended } from "./ran-command.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-eval-drift-"));
});
afterAll(() => rm(folder, { recursive: true }));

function evaluate(...args: readonly string[]): Promise<Ended> {
  return ranCommand("scripts/eval.ts", "--cache", "--drift", ...args);
}

describe("eval --cache --drift", () => {
  it("writes tables, numbers and a picture for each share", async ({ expect }) => {
    const report = join(folder, "report");
    const ended = await evaluate("--runs", "2", "--report", report);
    expect(ended).toMatchObject({ code: 0 });
    expect(ended.stderr).toMatch(/drift .* (\d+)\/\1 /);
    for (const title of ["Answers change", "Hits come back", "False alarms", "The promise"])
      expect(ended.stdout).toContain(`### ${title}`);
    expect(ended.stdout).toMatch(/\| 100 % \| .* \| 3 \(3\) \| 2\.6 \| /);
    expect(ended.stdout).not.toMatch(/NaN|undefined|Infinity/);
    expect(await readFile(join(report, "report.md"), "utf8")).toBe(ended.stdout.trimEnd() + "\n");
    expect((await readdir(report)).toSorted()).toEqual([
      "drift-10.svg",
      "drift-100.svg",
      "drift-5.svg",
      "drift-50.svg",
      "report.json",
      "report.md",
    ]);
    for (const name of await readdir(report)) {
      if (!name.endsWith(".svg")) continue;
      const svg = await readFile(join(report, name), "utf8");
      expect(svg).not.toMatch(/NaN|undefined|Infinity/);
      expect(svg.match(/<path class="band [^"]+" d="M[^"]+Z"/g)).toHaveLength(2);
    }
    const numbers: unknown = JSON.parse(await readFile(join(report, "report.json"), "utf8"));
    expect(numbers).toMatchObject({ protocol: "cache-drift", runs: 2, budget: 0.01 });
  });

  it("explains itself, and what was wrong with a call", async ({ expect }) => {
    expect((await evaluate("--help")).stdout).toContain("--runs N");
    const [pairs, runs, budget] = await Promise.all([
      evaluate("pairs.jsonl"),
      evaluate("--runs", "0"),
      evaluate("--budget", "0.5"),
    ]);
    expect([pairs, runs, budget].map(({ code }) => code)).toEqual([1, 1, 1]);
    expect(pairs.stderr).toContain("pairs.jsonl");
    expect(runs.stderr).toContain("--runs");
    expect(budget.stderr).toContain("--budget");
  });
});
