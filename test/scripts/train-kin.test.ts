/** train:kin as its users run it: from a list of sets to a release that opens, by the seed alone. */
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import { z } from "zod";
import { kinFailure, openKinRelease } from "../../router-models/kin/release.ts";
import { openKinGraph } from "../../scripts/kinship/kin-graph.ts";
import { ranCommand, type Ended } from "./ran-command.ts";

const summarySchema = z.object({
  rows: z.array(z.object({ name: z.string(), pairs: z.record(z.string(), z.unknown()) })),
});

let folder: string;
let trained: Ended;

function train(out: string, ...args: readonly string[]): Promise<Ended> {
  const sets = join(folder, "sets.json");
  const fixed = ["--sets", sets, "--out", join(folder, out), "--steps", "2"];
  return ranCommand("scripts/train-kin.ts", ...fixed, ...args);
}

function row(id: number, split: string): string {
  const prompt = `How high is tide number ${id} at noon?`;
  return JSON.stringify({ id: `${id}`, split, prompt, scores: { m: 1 } });
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-kin-"));
  await writeFile(
    join(folder, "tides.jsonl"),
    [row(1, "train"), row(2, "train"), row(3, "valid")].join("\n"),
  );
  await writeFile(join(folder, "secret.jsonl"), row(4, "train"));
  const list = {
    tides: { file: "tides.jsonl", kind: "outcomes", may_ship: true, licence: "MIT" },
    secret: { file: "secret.jsonl", kind: "outcomes", may_ship: false },
  };
  await writeFile(join(folder, "sets.json"), JSON.stringify(list));
  const pairs = [
    { a: "high tide", b: "tide that is high", equivalent: true },
    { a: "high tide", b: "low ebb", equivalent: false },
  ];
  await writeFile(
    join(folder, "pairs.jsonl"),
    pairs.map((pair) => JSON.stringify(pair)).join("\n"),
  );
  trained = await train("one", "--pairs", join(folder, "pairs.jsonl"), "--json");
});
afterAll(() => rm(folder, { recursive: true }));

async function releaseIn(out: string) {
  const [manifest, golden, model] = await Promise.all(
    ["manifest.json", "golden.json", "model.onnx"].map(
      async (name) => new Uint8Array(await readFile(join(folder, out, name))),
    ),
  );
  return openKinRelease({ manifest: manifest!, golden: golden!, model: model! });
}

describe("train:kin", () => {
  it("writes a release that opens and answers as it promised", async ({ expect }) => {
    expect(trained.code, trained.stderr).toBe(0);
    expect((await readdir(join(folder, "one"))).toSorted()).toEqual([
      "CARD.md",
      "golden.json",
      "manifest.json",
      "model.onnx",
    ]);
    const release = await releaseIn("one");
    const graph = await openKinGraph(release.model);
    expect(await kinFailure(release, graph.runner)).toBeUndefined();
    await graph.release();
  });

  it("says what it was made of: rows of `train`, of sets that may ship", async ({ expect }) => {
    const { manifest } = await releaseIn("one");
    const data = manifest.training.data.map(({ name, rows }) => [name, rows]);
    expect(data[0]).toEqual(["tides", 2]);
    expect(data.map(([name]) => name)).not.toContain("secret");
    expect(manifest.metrics["pairsArea"]).toBe(1);
  });

  it("reports likeness by words beside the head", ({ expect }) => {
    const { rows } = summarySchema.parse(JSON.parse(trained.stdout));
    expect(rows.map(({ name }) => name)).toContain("Jaccard of words");
    expect(rows[0]!.pairs).toEqual({ pairs: { area: 1, recall99: 1 } });
  });

  it("gives the same bytes for a seed, and others for another", async ({ expect }) => {
    await train("same");
    await train("other", "--seed", "2");
    const { model } = await releaseIn("one");
    expect((await releaseIn("same")).model).toEqual(model);
    expect((await releaseIn("other")).model).not.toEqual(model);
  });

  it("writes nothing where it is told so, and explains what it does not understand", async ({
    expect,
  }) => {
    const { code, stdout } = await train("dry", "--dry-run");
    expect(code).toBe(0);
    expect(stdout).toContain("| near | far |");
    expect(await readdir(folder)).not.toContain("dry");
    const { code: bad, stderr } = await train("bad", "--seed", "x");
    expect(bad).toBe(1);
    expect(stderr).toContain("train:kin: --seed");
    expect((await ranCommand("scripts/train-kin.ts", "--help")).stdout).toContain("--pairs");
  });
});
