/**
 * Every Worker that is started with the deployment's bindings, the deployment's own and those of tests and benches,
 * must have every class that they name: workerd starts none without.
 */
import { globSync, readFileSync } from "node:fs";
import { describe, it } from "vitest";

const ROOT = new URL("../../", import.meta.url);

function read(path: string): string {
  return readFileSync(new URL(path, ROOT), "utf8");
}

const CLASSES = [...read("wrangler.toml").matchAll(/^class_name = "(\w+)"$/gm)].map(
  ([, name]) => name!,
);

describe("a Worker with the deployment's bindings", () => {
  it("exports all of their classes", ({ expect }) => {
    expect(CLASSES.length).toBeGreaterThan(0);
    const workers = globSync("test/{bench,support}/*-worker.ts", { cwd: ROOT });
    expect(workers.length).toBeGreaterThan(1);
    for (const worker of ["worker/index.ts", ...workers]) {
      const exports = /^export (?:class (\w+)|\{([^}]*)\} from "[./a-z]*\/objects\.ts";$)/gm;
      const names = [...read(worker).matchAll(exports)].flatMap(([, name, list]) => [
        ...(name === undefined ? [] : [name]),
        ...(list?.match(/\w+/g) ?? []),
      ]);
      expect([worker, names.toSorted(byName)]).toEqual([worker, CLASSES.toSorted(byName)]);
    }
  });
});

function byName(a: string, b: string): number {
  return a.localeCompare(b);
}
