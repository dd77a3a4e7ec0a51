/**
 * `npm ci` refuses a lock file in which a package's optional dependency has no entry. An install against
 * a mirror that lacks other platforms' binaries writes such a file, and it works until somebody starts
 * from nothing. So every optional dependency must be locked, at the very version that is asked for.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "vitest";
import { z } from "zod";

const lockSchema = z.object({
  packages: z.record(
    z.string(),
    z.object({
      version: z.string().optional(),
      optionalDependencies: z.record(z.string(), z.string()).optional(),
    }),
  ),
});

describe("package-lock.json", () => {
  it("has an entry for every platform's packages", ({ expect }) => {
    const path = join(import.meta.dirname, "..", "..", "package-lock.json");
    const { packages } = lockSchema.parse(JSON.parse(readFileSync(path, "utf8")));
    const missing = Object.entries(packages).flatMap(([at, { optionalDependencies = {} }]) =>
      Object.entries(optionalDependencies).flatMap(([name, version]) => {
        const entry = packages[`${at}/node_modules/${name}`] ?? packages[`node_modules/${name}`];
        const isLocked = entry !== undefined && (!/^\d/.test(version) || entry.version === version);
        return isLocked ? [] : [`${name}@${version}`];
      }),
    );
    expect(missing).toEqual([]);
    expect(Object.keys(packages).length).toBeGreaterThan(200);
  });
});
