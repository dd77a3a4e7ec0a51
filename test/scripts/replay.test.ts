/** Replay as its users run it: a log of hour files, a tiny release, the graph on the WebAssembly of the edge. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, it } from "vitest";
import { openRelease } from "../../router-models/release.ts";
import { openGraph } from "../../scripts/evaluation/onnx-graph.ts";
import { readOptions } from "../../scripts/replaying/options.ts";
import type { LogRecord } from "../../worker/domain/event.ts";
import { tinyRelease } from "../support/tiny-release.ts";
import { MODELS } from "../worker/fixture/models.ts";
import { ranCommand, type Ended } from "./ran-command.ts";
import { madeRecords, madeWorld } from "./replaying/made-log.ts";

let folder: string;
let records: LogRecord[];

async function writeReleaseFolder(name: string, seed: number): Promise<void> {
  const files = await tinyRelease({ seed });
  await mkdir(join(folder, "weights", name), { recursive: true });
  await writeFile(join(folder, "weights", name, "manifest.json"), files.manifest);
  await writeFile(join(folder, "weights", name, "golden.json"), files.golden);
  await writeFile(join(folder, "weights", name, "model.onnx"), files.model);
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-replay-"));
  await writeReleaseFolder("one", 1);
  await writeReleaseFolder("two", 2);
  const graph = await openGraph((await openRelease(await tinyRelease({ seed: 1 }))).model);
  const made = await madeRecords(await madeWorld(1, graph), 25);
  await graph.release();
  records = [
    ...made,
    { kind: "feedback", id: made[0]!.id, tenant: "acme", atMs: 1, source: "user", score: 0.5 },
  ];
  const [early, late] = [records.slice(0, 10), records.slice(10)].map((part) =>
    part.map((record) => JSON.stringify(record)).join("\n"),
  );
  await mkdir(join(folder, "events", "acme", "2026-11-23"), { recursive: true });
  await writeFile(join(folder, "events", "acme", "2026-11-23", "a.ndjson.gz"), gzipSync(early!));
  await writeFile(join(folder, "events", "acme", "2026-11-23", "b.ndjson"), late!);
  const catalog = { version: "2026-11-21", currency: "USD", models: MODELS };
  await writeFile(join(folder, "catalog.json"), JSON.stringify(catalog));
});
afterAll(() => rm(folder, { recursive: true }));

function replay(...args: readonly string[]): Promise<Ended> {
  const places = { events: "events", catalog: "catalog.json", releases: "weights" };
  const own = Object.entries(places).flatMap(([flag, name]) => [`--${flag}`, join(folder, name)]);
  return ranCommand("scripts/replay.ts", ...own, ...args);
}

describe("npm run replay", () => {
  it("finds every decision equal, on the edge's WebAssembly", async ({ expect }) => {
    const { code, stdout } = await replay("--weights", "0.0.1");
    expect(code).toBe(0);
    const all = records.length - 1;
    expect(stdout).toContain(`${all} made again, 100.00 % of these equal to the last bit.`);
    expect(stdout).not.toContain("With ");
  });

  it("compares with other weights, and writes what it found", async ({ expect }) => {
    const report = join(folder, "report");
    const { code, stdout } = await replay("--weights", "two", "--report", report, "--json");
    expect(code).toBe(0);
    const found: unknown = JSON.parse(stdout);
    expect(found).toMatchObject({
      replay: { differing: 0 },
      diff: {
        next: expect.stringMatching(/^weights 0\.0\.2@/),
        total: { decisions: records.length - 1 },
      },
    });
    expect(JSON.parse(await readFile(join(report, "report.json"), "utf8"))).toEqual(found);
    expect(await readFile(join(report, "report.md"), "utf8")).toContain(
      "![Where the requests go](traffic.svg)",
    );
    expect(await readFile(join(report, "traffic.svg"), "utf8")).toContain("</svg>");
  });

  it("tells before a release is published what it would change", async ({ expect }) => {
    const [events, release] = [join(folder, "events"), join(folder, "weights", "two")];
    const args = ["--dry-run", "--release", release, "--events", events];
    const { code, stderr } = await ranCommand("scripts/publish.ts", ...args);
    expect(code).toBe(0);
    // The log was made with another catalogue than the one that publishing speaks of.
    expect(stderr).toMatch(/another catalogue/u);
    expect(stderr).toContain("golden vectors within");
  });

  it("fails where a decision came out otherwise", async ({ expect }) => {
    const path = join(folder, "wrong.ndjson");
    const [first] = records;
    if (first?.kind !== "decision") throw new Error("no decision");
    const wrong = { ...first, decision: { ...first.decision, lambda: 7 } };
    await writeFile(path, JSON.stringify(wrong));
    const { code, stdout } = await replay("--events", path, "--out", join(folder, "out.json"));
    expect(code).toBe(1);
    expect(stdout).toContain(`${first.id}: decision.lambda was 7, is ${first.decision.lambda}`);
    const out: unknown = JSON.parse(await readFile(join(folder, "out.json"), "utf8"));
    expect(out).toMatchObject({ replay: { differing: 1 } });
  });

  it("fails where nothing could be made again", async ({ expect }) => {
    const { code, stdout } = await replay("--catalog", "router-models/catalog.json");
    expect(code).toBe(1);
    expect(stdout).toMatch(/not made again: another catalogue, [0-9a-f]{12}/);
    expect((await replay("--tenant", "nobody")).code).toBe(1);
  });

  it("says in one line what is wrong with a call or a log", async ({ expect }) => {
    for (const [args, why] of [
      [["--events", join(folder, "nowhere")], "there is no such file or folder"],
      [["--weights", "8.8.8"], "No weights 8.8.8 are at hand"],
      [["--policy", "{"], "--policy is no JSON"],
      [["--policy", '{"quality":2}'], "--policy: quality"],
      [["--policy", '{"speed":2}'], "--policy: policy"],
      [["--diff"], "--diff needs something to compare with"],
    ] as const) {
      const { code, stderr } = await replay(...args);
      expect(code).toBe(1);
      expect(stderr).toMatch(/^replay: /m);
      expect(stderr).toContain(why);
    }
    const bad = join(folder, "bad.ndjson");
    await writeFile(bad, '{"kind":"decision"}\n');
    expect((await replay("--events", bad)).stderr).toContain(`${bad}:1: `);
  });
});

describe("readOptions", () => {
  it("takes of a policy only what was given", ({ expect }) => {
    const read = readOptions(["--events", "e", "--policy", '{"quality":0.9}']);
    expect(read).toMatchObject({ knobs: { quality: 0.9 }, isDiff: true });
    if (read !== "help") expect(Object.keys(read.knobs!)).toEqual(["quality"]);
  });

  it("explains itself, and asks for events", ({ expect }) => {
    expect(readOptions(["--help"])).toBe("help");
    expect(() => readOptions([])).toThrow("--events is needed");
  });
});
