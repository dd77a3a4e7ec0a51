/**
 * The bench starts a Worker of its own with the deployment's bindings. workerd wants every class that they
 * name from it, and a Worker that lacks one never becomes ready.
 */
import { readFileSync } from "node:fs";
import { describe, it } from "vitest";

function read(path: string): string {
  return readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
}

describe("the bench's Worker", () => {
  it("exports every Durable Object class of the deployment", ({ expect }) => {
    const named = [...read("wrangler.toml").matchAll(/^class_name = "(\w+)"$/gm)];
    expect(named.length).toBeGreaterThan(0);
    for (const [, name] of named)
      expect(read("test/bench/bench-worker.ts")).toMatch(
        new RegExp(`^export \\{ ${name} \\}`, "m"),
      );
  });
});
