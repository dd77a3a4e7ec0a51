/**
 * A run that goes on from its checkpoint ends with the bits of one that was never stopped; a checkpoint
 * of another training is refused, and one of another run is not used.
 */
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, onTestFinished } from "vitest";
import {
  Checkpoints,
  removeCheckpoint,
  type Identity,
} from "../../../scripts/training/checkpoint.ts";
import { examplesOf } from "../../../scripts/training/examples.ts";
import { groundOf } from "../../../scripts/training/ground.ts";
import { TrainingRun } from "../../../scripts/training/run.ts";
import { MODELS, SMALL_SETTINGS, twoKinds } from "./two-kinds.ts";

const EXAMPLES = examplesOf(twoKinds(90, 1), {
  models: MODELS,
  tableRows: SMALL_SETTINGS.shape.tableRows,
});
const HYPERPARAMETERS = { ...SMALL_SETTINGS, batchSize: 32, epochs: 3 }; // Nine steps.
const STEPS = 9;

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-checkpoint-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

function checkpointsIn(folder: string, identity: Identity = { seed: 1 }): Promise<Checkpoints> {
  return Checkpoints.open(folder, { identity, everyMs: 0, nowMs: () => 0 });
}

/** A run up to `steps`, as a process does that is killed then. */
async function runTo(steps: number, checkpoints?: Checkpoints) {
  const run = await TrainingRun.start({
    examples: EXAMPLES,
    ground: groundOf(EXAMPLES, SMALL_SETTINGS, 5),
    models: MODELS.length,
    hyperparameters: HYPERPARAMETERS,
    seed: 5,
    runtime: { device: "cpu", checkpoints },
  });
  let [left, told] = [steps, 0];
  const losses: number[] = [];
  while (left > 0) {
    losses.push(await run.epoch(() => told++, left));
    left -= run.stepsPerEpoch;
  }
  const result = { parameters: await run.parameters(), losses, told };
  await run.release();
  return result;
}

describe("a training run", () => {
  it("goes on from wherever it was stopped, to the same bits", async ({ expect }) => {
    const folder = await newFolder();
    const whole = await runTo(STEPS);
    for (const stop of [1, 4, 6, 8]) {
      await removeCheckpoint(folder);
      await runTo(stop, await checkpointsIn(folder));
      const resumed = await runTo(STEPS, await checkpointsIn(folder));
      expect(resumed.parameters).toEqual(whole.parameters);
      expect(resumed.told).toBe(STEPS);
      // What lay behind the checkpoint was not done again.
      expect(resumed.losses.filter(Number.isNaN)).toHaveLength(Math.floor(stop / 3));
    }
    const again = await runTo(STEPS, await checkpointsIn(folder));
    expect(again.parameters).toEqual(whole.parameters);
    expect(again.losses.every(Number.isNaN)).toBe(true);
  });

  it("saves no oftener than it is told", async ({ expect }) => {
    const folder = await newFolder();
    let nowMs = 0;
    const identity = { seed: 1 };
    const checkpoints = await Checkpoints.open(folder, {
      identity,
      everyMs: 30,
      nowMs: () => (nowMs += 10),
    });
    const run = await checkpoints.nextRun("key");
    const asked: number[] = [];
    for (let step = 1; step <= 9; step++)
      await run.offer(step, () => {
        asked.push(step);
        return Promise.resolve({ w: Float32Array.of(step, -0, 1e-42) });
      });
    expect(asked).toEqual([3, 6, 9]);
    const saved = (await (await checkpointsIn(folder)).nextRun("key")).saved;
    expect(saved).toEqual({ step: 9, state: { w: Float32Array.of(9, -0, 1e-42) } });
  });
});

describe("checkpoints", () => {
  it("of another training are refused, with what differs", async ({ expect }) => {
    const folder = await newFolder();
    await checkpointsIn(folder, { seed: 9 }); // Nothing came of it.
    const ours = await checkpointsIn(folder, { seed: 1, data: "a" });
    await (await ours.nextRun("key")).save(1, {});
    await expect(checkpointsIn(folder, { seed: 2, data: "a" })).rejects.toThrow(
      `${folder} holds the checkpoint of another training (seed: 1, now 2)`,
    );
    await expect(checkpointsIn(folder, { seed: 1 })).rejects.toThrow("data: a, now undefined");
    await checkpointsIn(folder, { data: "a", seed: 1 });
  });

  it("of another run are not used", async ({ expect }) => {
    const folder = await newFolder();
    const state = { w: Float32Array.of(1) };
    await (await (await checkpointsIn(folder)).nextRun("one")).save(3, state);
    expect((await (await checkpointsIn(folder)).nextRun("two")).saved).toBeUndefined();
    expect((await (await checkpointsIn(folder)).nextRun("one")).saved).toEqual({ step: 3, state });
  });

  it("that no training answers for are dropped", async ({ expect }) => {
    const folder = await newFolder();
    await (await (await checkpointsIn(folder)).nextRun("key")).save(3, {});
    await rm(join(folder, "training.json"));
    expect((await (await checkpointsIn(folder)).nextRun("key")).saved).toBeUndefined();
  });

  it("leave with the training, and leave alone what is not theirs", async ({ expect }) => {
    const folder = await newFolder();
    const checkpoints = await checkpointsIn(folder);
    await (await checkpoints.nextRun("key")).save(1, {});
    await writeFile(join(folder, "notes.txt"), "mine");
    await writeFile(`${checkpoints.storePath}.json.part`, "");
    await checkpoints.remove();
    expect(await readdir(folder)).toEqual(["notes.txt"]);
    await rm(join(folder, "notes.txt"));
    await removeCheckpoint(folder);
    await expect(readdir(folder)).rejects.toThrow("ENOENT");
  });
});
