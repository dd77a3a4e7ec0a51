/** What `npm run train` understands, and what it says of what it does not. */
import { resolve } from "node:path";
import { describe, it } from "vitest";
import { readOptions } from "../../../scripts/training/options.ts";

describe("readOptions", () => {
  it("fills in what is not said", ({ expect }) => {
    expect(readOptions([])).toMatchObject({
      data: undefined,
      models: undefined,
      prices: "../shared/data/prices.json",
      family: "mf",
      name: "headgate",
      seed: 1,
      device: "cpu",
      budgetMs: Infinity,
      checkpoint: resolve("router-models/released/.headgate.checkpoint"),
      checkpointEveryMs: 20_000,
      isRestart: false,
    });
  });

  it("takes lists apart, and prices only where they are named", ({ expect }) => {
    const args = ["--data", "a,b", "--data", "c", "--models", "m,n", "--out", "x/y", "--restart"];
    expect(readOptions(args)).toMatchObject({
      data: ["a", "b", "c"],
      models: new Set(["m", "n"]),
      prices: undefined,
      name: "y",
      checkpoint: resolve("x/.y.checkpoint"),
      isRestart: true,
    });
    expect(readOptions(["--family", "length"])).toMatchObject({ family: "length", name: "length" });
    expect(readOptions(["--help", "--seed", "x"])).toBe("help");
    expect(readOptions(["--data", "a, b,", "c"])).toMatchObject({ data: ["a", "b", "c"] });
  });

  it.for([
    [["--device", "gpu"], '--device "gpu" must be one of cpu, webgpu.'],
    [["--family", "oracle"], "--family oracle: oracle is a control without weights"],
    [["--seed", "1.5"], '--seed "1.5" must be a whole number from 0.'],
    [["--release-version", "point oh"], "--release-version"],
    [["--budget-minutes", "soon"], '--budget-minutes "soon" must be a number from 0.'],
    [["--checkpoint-every", ""], '--checkpoint-every "" must be a number from 0.'],
    [["--dta", "x"], "--dta"],
    [["x"], "x"],
  ] as const)("refuses %s", ([args, message], { expect }) => {
    expect(() => readOptions(args)).toThrow(message);
  });
});
