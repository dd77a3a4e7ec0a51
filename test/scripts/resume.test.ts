/**
 * A training that is killed without warning and started again: every file of its release is byte for byte
 * that of a training that nobody disturbed. Which also shows that the same seed gives the same bytes.
 * checkpoint.test.ts stops a run at several steps.
 */
import { spawn } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, watch, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import { ranCommand } from "./ran-command.ts";
import { twoKinds } from "./training/two-kinds.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-resume-"));
  // One question: nothing can be held out, so the training is two runs and not five.
  const rows = twoKinds(24, 1).map((row) => JSON.stringify({ ...row, gid: "one" }));
  await writeFile(join(folder, "rows.jsonl"), rows.join("\n"));
});
afterAll(() => rm(folder, { recursive: true }));

function args(): string[] {
  const paths = { data: "rows.jsonl", out: "out", checkpoint: "work" };
  const flags = Object.entries(paths).flatMap(([flag, name]) => [`--${flag}`, join(folder, name)]);
  return [...flags, "--seed", "3", "--checkpoint-every", "0.05", "--budget-minutes", "0"];
}

/** Starts the training and kills it as soon as the checkpoint has this file. */
async function killedAt(file: string): Promise<void> {
  await mkdir(join(folder, "work"), { recursive: true });
  const changes = watch(join(folder, "work"))[Symbol.asyncIterator]();
  let next = changes.next();
  const child = spawn(process.execPath, ["scripts/train.ts", ...args()], { stdio: "ignore" });
  const ended = new Promise<string | null>((done) => {
    child.once("exit", (_, signal) => done(signal));
  });
  for (;;) {
    const change = await Promise.race([next, ended]);
    if (change === null || typeof change === "string") throw new Error("It ended by itself");
    if (change.value?.filename === file) break;
    next = changes.next();
  }
  child.kill("SIGKILL");
  if ((await ended) !== "SIGKILL") throw new Error("It was not killed");
  await changes.return?.();
}

async function releasedFiles(): Promise<Record<string, Buffer>> {
  const names = (await readdir(join(folder, "out"))).toSorted();
  const bytes = await Promise.all(names.map((name) => readFile(join(folder, "out", name))));
  return Object.fromEntries(names.map((name, i) => [name, bytes[i]!]));
}

describe("a training that is killed", () => {
  it("resumes with the same release, byte for byte", { timeout: 120_000 }, async ({ expect }) => {
    const undisturbed = await ranCommand("scripts/train.ts", ...args());
    expect(undisturbed.code, undisturbed.stderr).toBe(0);
    const expected = await releasedFiles();
    expect(Object.keys(expected)).toHaveLength(4);
    await rm(join(folder, "out"), { recursive: true });

    await killedAt("run-1.bin"); // In the midst of the second run.
    expect(await readdir(join(folder, "out"))).toEqual([]);

    const resumed = await ranCommand("scripts/train.ts", ...args());
    expect(resumed.code, resumed.stderr).toBe(0);
    expect(await releasedFiles()).toEqual(expected);
    expect(await readdir(folder)).toEqual(["out", "rows.jsonl"]);
  });
});
