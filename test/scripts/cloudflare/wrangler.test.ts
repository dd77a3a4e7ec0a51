/** How wrangler is started; what it does is shown where it is used. Node ends here before wrangler is loaded. */
import { describe, it, vi } from "vitest";
import { OFFLINE, runWrangler } from "../../../scripts/cloudflare/wrangler.ts";

/** The settings that wrangler would get, as its first process sees them. */
const REPORT = `
  const names = ${JSON.stringify(Object.keys(OFFLINE))};
  console.log(JSON.stringify(Object.fromEntries(names.map((name) => [name, process.env[name]]))));
  process.exit(1);
`;

describe("runWrangler", () => {
  it("is offline, whatever the environment says", async ({ expect }) => {
    for (const name of Object.keys(OFFLINE)) vi.stubEnv(name, "true");
    vi.stubEnv("NODE_OPTIONS", `--import data:text/javascript,${encodeURIComponent(REPORT)}`);
    try {
      await expect(runWrangler(["kv", "key", "put", "KEY", "--local"])).rejects.toThrow(
        `wrangler kv key put KEY failed.\n${JSON.stringify(OFFLINE)}`,
      );
    } finally {
      vi.unstubAllEnvs();
    }
  });

  it("has a time limit", async ({ expect }) => {
    await expect(runWrangler(["--version"], 1)).rejects.toThrow(
      "wrangler --version had not ended after 0.001 s and was stopped.",
    );
  });
});
