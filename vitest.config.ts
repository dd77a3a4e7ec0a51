/**
 * Two test projects over one tree: plain Node, and workerd through the Cloudflare plugin. A test file
 * is placed by what it tests, not by what runs it. What scripts/ share with the service must behave
 * the same in both, so it is run by both; a name that ends in `.node.test.ts` needs Node.
 */
import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

const SHARED = ["test/worker/{lib,domain,routing}/**/*.test.ts", "test/router-models/**/*.test.ts"];

/** Tries of every property; see test/support/property-runs.ts. */
const RUNS = Number(process.env["FC_RUNS"] ?? 100);
const PROPERTIES = {
  setupFiles: ["test/support/property-runs.ts"],
  provide: { propertyRuns: RUNS },
};
/** What a test may take longer so that each of its tries has time enough. */
const PROPERTIES_MS = 30 * RUNS;

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...PROPERTIES,
          name: "node",
          include: [
            "test/{scripts,e2e,house}/**/*.test.ts",
            "test/worker/**/*.node.test.ts",
            ...SHARED,
          ],
          sequence: { shuffle: true },
          restoreMocks: true,
          retry: 0,
          testTimeout: 60_000 + PROPERTIES_MS,
          hookTimeout: 60_000,
        },
      },
      {
        plugins: [cloudflareTest({ wrangler: { configPath: "./wrangler.toml" } })],
        test: {
          ...PROPERTIES,
          name: "workerd",
          include: ["test/worker/**/*.test.ts", "test/router-models/**/*.test.ts"],
          exclude: ["**/*.node.test.ts", "**/node_modules/**"],
          sequence: { shuffle: true },
          restoreMocks: true,
          retry: 0,
          testTimeout: 30_000 + PROPERTIES_MS,
        },
      },
    ],
  },
});
