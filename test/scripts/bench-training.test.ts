/** `npm run bench:training` refuses what it cannot measure before it makes any rows. */
import { fileURLToPath } from "node:url";
import { describe, it } from "vitest";
import { ranCommand } from "./ran-command.ts";

const SCRIPT = fileURLToPath(new URL("../../scripts/bench-training.ts", import.meta.url));

describe("npm run bench:training", () => {
  it("refuses a device that there is not", async ({ expect }) => {
    const args = ["--rows", "10", "--steps", "1", "--device", "nonsense"];
    expect(await ranCommand(SCRIPT, ...args)).toEqual({
      code: 1,
      stdout: "",
      stderr: 'bench:training: --device "nonsense" must be one of cpu, webgpu.\n',
    });
  });
});
