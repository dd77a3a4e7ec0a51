/** `npm run publish` says what stands in its way; that it publishes is shown in test/e2e/hot-swap.test.ts. */
import { fileURLToPath } from "node:url";
import { describe, it } from "vitest";
import { ranCommand } from "./ran-command.ts";

const SCRIPT = fileURLToPath(new URL("../../scripts/publish.ts", import.meta.url));

describe("npm run publish", () => {
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
