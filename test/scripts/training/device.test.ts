/**
 * A run on a device: the state goes round and comes back, on the CPU bit by bit as before, on WebGPU (where
 * there is an adapter; else skipped) to the same numbers within rounding.
 */
import { describe, it } from "vitest";
import type { Device } from "../../../scripts/training/device.ts";
import { examplesOf } from "../../../scripts/training/examples.ts";
import { groundOf } from "../../../scripts/training/ground.ts";
import { TrainingRun } from "../../../scripts/training/run.ts";
import { relativeError } from "../../router-models/graph/finite-differences.ts";
import { hasWebGpu } from "../../router-models/graph/web-gpu.ts";
import { MODELS, SMALL_SETTINGS, twoKinds } from "./two-kinds.ts";

const EXAMPLES = examplesOf(twoKinds(90, 1), {
  models: MODELS,
  tableRows: SMALL_SETTINGS.shape.tableRows,
});
const IS_GPU_THERE = await hasWebGpu();

async function runOn(device: Device) {
  const run = await TrainingRun.start({
    examples: EXAMPLES,
    ground: groundOf(EXAMPLES, SMALL_SETTINGS, 5),
    models: MODELS.length,
    hyperparameters: { ...SMALL_SETTINGS, batchSize: 32, epochs: 2 },
    seed: 5,
    runtime: { device },
  });
  const losses = [await run.epoch(), await run.epoch()];
  const logits = await run.logits(EXAMPLES.slice(0, 40));
  const parameters = await run.parameters();
  const again = await run.parameters();
  await run.release();
  return { losses, logits, parameters, again };
}

describe("a training run on a device", () => {
  it("is the same bits every time on the CPU, and reading changes nothing", async ({ expect }) => {
    const one = await runOn("cpu");
    expect(one.again).toEqual(one.parameters);
    expect(await runOn("cpu")).toEqual(one);
    expect(one.losses[1]).toBeLessThan(one.losses[0]!);
  });

  it.skipIf(!IS_GPU_THERE)(
    "is the same within rounding on WebGPU (skipped without an adapter)",
    { timeout: 600_000 }, // A software adapter compiles shaders for minutes.
    async ({ expect }) => {
      const [cpu, gpu] = [await runOn("cpu"), await runOn("webgpu")];
      expect(gpu.again).toEqual(gpu.parameters);
      expect(relativeError(gpu.losses, cpu.losses)).toBeLessThan(1e-5);
      expect(relativeError(gpu.logits, cpu.logits, 1)).toBeLessThan(1e-3);
      for (const [name, data] of Object.entries(cpu.parameters))
        expect(relativeError(gpu.parameters[name]!, data, 0.1), name).toBeLessThan(1e-2);
    },
  );

  it.skipIf(IS_GPU_THERE)("says what is missing where there is no adapter", async ({ expect }) => {
    await expect(runOn("webgpu")).rejects.toThrow(
      /no GPU adapter was found.*Vulkan.*--device cpu/s,
    );
  });
});
