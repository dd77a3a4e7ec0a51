/** `npm run publish` says what stands in its way; that it publishes is shown in test/e2e/hot-swap.test.ts. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, it, onTestFinished } from "vitest";
import { tinyRelease } from "../support/tiny-release.ts";
import { ranCommand } from "./ran-command.ts";

const SCRIPT = fileURLToPath(new URL("../../scripts/publish.ts", import.meta.url));

describe("npm run publish", () => {
  it("warns of a release that knows none of the catalogue's models", async ({ expect }) => {
    const folder = await mkdtemp(join(tmpdir(), "sluice-publish-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    const { manifest, golden, model } = await tinyRelease();
    await writeFile(join(folder, "manifest.json"), manifest);
    await writeFile(join(folder, "golden.json"), golden);
    await writeFile(join(folder, "model.onnx"), model);
    const [strange, own] = await Promise.all([
      ranCommand(SCRIPT, "--dry-run", "--release", folder),
      ranCommand(SCRIPT, "--dry-run"),
    ]);
    expect([strange.code, own.code]).toEqual([0, 0]);
    expect(strange.stderr).toMatch(/Warning: nothing is known .* learnt were alpha\/large/);
    expect(own.stderr).not.toContain("Warning");
  });

  it("names a folder that cannot be written, before wrangler has to find out", async ({
    expect,
  }) => {
    const { code, stdout, stderr } = await ranCommand(
      SCRIPT,
      "--local",
      "--persist-to",
      `${SCRIPT}/state`,
    );
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(/^\S+publish\.ts\/state cannot be written: /);
    expect(stderr).toContain("Give another folder with --persist-to DIR.");
    expect(stderr).not.toContain("wrangler");
  });
});
