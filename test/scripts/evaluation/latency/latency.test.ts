/** The latency evaluation: traces as they are read, played again without hindsight, and judged. */
import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import { CONTENDERS, LEARNER } from "../../../../scripts/evaluation/latency/contenders.ts";
import { limitRows } from "../../../../scripts/evaluation/latency/limits.ts";
import { scoreReplay } from "../../../../scripts/evaluation/latency/measures.ts";
import { replay, type Replay } from "../../../../scripts/evaluation/latency/replay.ts";
import type { Series } from "../../../../scripts/evaluation/latency/series.ts";
import { readTrace } from "../../../../scripts/evaluation/latency/traces.ts";
import { normalFrom, randomFrom } from "../../../../worker/lib/prng.ts";
import { ranCommand } from "../../ran-command.ts";

const PRIOR = { ttftMs: 500, outputTokensPerSecond: 100 };
const READING = { prior: PRIOR, seed: 7 };

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-latency-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function traceOf(name: string, ...lines: readonly string[]): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, `${lines.join("\n")}\n`);
  return path;
}

const MEASURED = "dataset,model,prompt_chars,output_tokens,latency_s,timestamp";

/** A model at half the catalogue's speed whose times scatter by a fifth. */
function madeSeries(count: number): Series {
  const random = randomFrom(1);
  const normal = normalFrom(random);
  const calls = Array.from({ length: count }, (_, k) => {
    const outputTokens = 20 + Math.floor(random() * 300);
    const totalMs = (1_000 + 20 * outputTokens) * Math.exp(0.2 * normal());
    const startMs = k * 20_000;
    return { startMs, inputTokens: 500, outputTokens, expectedTokens: outputTokens, totalMs };
  });
  return { name: "made", isMeasured: true, prior: PRIOR, calls };
}

describe("a trace", () => {
  it("of measured calls becomes a series for each model, one call after another", async ({
    expect,
  }) => {
    const stamp = '"07/02/2023, 21:28:40"';
    const path = await traceOf(
      "measured.csv",
      MEASURED,
      `a,m1,40,10,2,${stamp}`,
      `a,m2,40,30,1,${stamp}`,
      `a,m1,80,20,3,${stamp}`,
    );
    const [m1, m2] = await readTrace(path, READING);
    const startMs = Date.UTC(2023, 6, 2, 21, 28, 40);
    expect(m1).toEqual({
      name: "m1",
      isMeasured: true,
      prior: PRIOR,
      calls: [
        { startMs, inputTokens: 10, outputTokens: 10, expectedTokens: 250, totalMs: 2_000 },
        {
          startMs: startMs + 2_000,
          inputTokens: 20,
          outputTokens: 20,
          expectedTokens: 10,
          totalMs: 3_000,
        },
      ],
    });
    expect(m2?.calls).toHaveLength(1);
  });

  it("of arrivals gets its times from the simulated vendor, the same for a seed", async ({
    expect,
  }) => {
    const arrivals = Array.from({ length: 200 }, (_, k) => `${k * 500},${100 + k},${k % 40}`);
    const path = await traceOf("busy.csv", "arrival_ms,input_tokens,output_tokens", ...arrivals);
    const [series] = await readTrace(path, READING);
    expect(series).toMatchObject({ name: "busy", isMeasured: false });
    for (const { ttftMs, totalMs } of series!.calls) {
      expect(ttftMs).toBeGreaterThan(0);
      expect(totalMs).toBeGreaterThanOrEqual(ttftMs!);
    }
    expect(await readTrace(path, READING)).toEqual([series]);
    expect(await readTrace(path, { ...READING, seed: 8 })).not.toEqual([series]);
  });

  it("without times is refused, and so is a row that is none", async ({ expect }) => {
    const costs = await traceOf("costs.csv", "model,cost_usd", "m,1");
    await expect(readTrace(costs, READING)).rejects.toThrow("neither latencies");
    const bad = await traceOf("bad.csv", MEASURED, 'a,m,4,1,fast,"07/02/2023, 21:28:40"');
    await expect(readTrace(bad, READING)).rejects.toThrow("bad.csv:2: latency_s");
  });
});

describe("a replay", () => {
  it("shows nobody a call that has not ended", ({ expect }) => {
    const call = { inputTokens: 500, outputTokens: 100, expectedTokens: 100 };
    const calls = [
      { ...call, startMs: 0, totalMs: 9_000 },
      { ...call, startMs: 8_999, totalMs: 9_000 },
      { ...call, startMs: 9_000, totalMs: 9_000 },
    ];
    const series = { name: "made", isMeasured: true, prior: PRIOR, calls };
    const { forecasts } = replay(series, { target: "totalMs", length: "guessed" });
    const last = forecasts.get("last value")!.map(({ p50 }) => Math.round(p50));
    expect(last).toEqual([1_500, 1_500, 9_000]);
  });

  it("finds the learner ahead of every control where there is something to learn", ({ expect }) => {
    const played = replay(madeSeries(400), { target: "totalMs", length: "known" });
    const scores = scoreReplay(played, { resamples: 50, seed: 7 });
    expect(scores.map(({ contender }) => contender)).toEqual([...CONTENDERS.keys()]);
    const own = scores.find(({ contender }) => contender === LEARNER)!;
    expect(own.error.value).toBeLessThan(0.2);
    expect(own.behind.value).toBe(0);
    expect(own.coverage.p90.value).toBeGreaterThan(0.85);
    for (const name of ["catalogue", "all quantiles", "running mean", "last value"])
      expect(scores.find(({ contender }) => contender === name)!.behind.low).toBeGreaterThan(0);
  });
});

describe("limitRows", () => {
  it("counts what was let through, what broke the limit and what was turned away", ({ expect }) => {
    const own = [500, 800, 3_000].map((ms) => ({ p50: ms, p90: 2 * ms, p95: 3 * ms }));
    const played: Replay = {
      actualMs: Float64Array.of(700, 1_200, 900),
      forecasts: new Map([[LEARNER, own]]),
    };
    const [atMedian, atP90] = limitRows(played);
    expect(atMedian).toEqual({
      limitMs: 1_000,
      quantile: "p50",
      letThrough: 2 / 3,
      broken: 1 / 2,
      turnedAway: 1 / 2,
    });
    expect(atP90).toMatchObject({ quantile: "p90", letThrough: 1 / 3, broken: 0, turnedAway: 0.5 });
  });
});

describe("eval --latency", () => {
  it("writes tables, numbers and pictures", async ({ expect }) => {
    const rows = madeSeries(60).calls.map(({ outputTokens, totalMs }, k) => {
      const stamp = `"07/02/2023, 21:${String(k).padStart(2, "0")}:40"`;
      return `a,made,400,${outputTokens},${totalMs / 1_000},${stamp}`;
    });
    const path = await traceOf("whole.csv", MEASURED, ...rows);
    const report = join(folder, "report");
    const args = ["--latency", path, "--resamples", "20", "--report", report];
    const ended = await ranCommand("scripts/eval.ts", ...args);
    expect(ended).toMatchObject({ code: 0 });
    expect(ended.stdout).toContain("### made, whole answer: 60 calls, measured\n");
    expect(ended.stdout).toContain(`Made by \`npm run eval -- --latency ${path}`);
    expect((await readdir(report)).toSorted()).toEqual([
      "latency-made-total.svg",
      "report.json",
      "report.md",
    ]);
    const svg = await readFile(join(report, "latency-made-total.svg"), "utf8");
    expect(svg).not.toMatch(/NaN|undefined|Infinity/);
  });

  it("has help, and says what is missing", async ({ expect }) => {
    const [help, none] = await Promise.all([
      ranCommand("scripts/eval.ts", "--latency", "--help"),
      ranCommand("scripts/eval.ts", "--latency"),
    ]);
    expect(help.stdout).toContain("npm run eval -- --latency FILE...");
    expect(none).toMatchObject({ code: 1, stderr: "eval: --latency wants a trace\n" });
  });
});
