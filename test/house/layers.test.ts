/**
 * Proves that the layer rules of oxlint.config.ts bite. A layer check that silently checks nothing
 * passes every real build, so the rule itself is tested: in a copy of the tree's skeleton one file is
 * planted for every conceivable import, the whole is linted once, and what was flagged is compared with
 * the table below. The table is written here a second time by hand: expectations taken from the
 * configuration would prove nothing.
 */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, posix } from "node:path";
import { describe, it } from "vitest";
import { z } from "zod";

const reportSchema = z.object({
  diagnostics: z.array(z.object({ code: z.string(), filename: z.string() })),
});

const ROOT = join(import.meta.dirname, "..", "..");
const EVERYTHING = ["router-models", "router-models/graph"];
/** What scripts may take from the service. */
const OF_THE_SERVICE = [
  "worker/lib",
  "worker/domain",
  "worker/routing",
  "worker/cache/guards",
  "worker/cache/trust",
  "worker/learning/detectors",
  "worker/learning/lifts",
];
/** Folders whose subfolders see one another. */
const ROOMS = ["worker/http", "worker/cache", "worker/learning"];

/** Folder → [folders it may import, packages it may import]. A subfolder obeys the row of its folder. */
const ALLOWED: Record<string, [readonly string[], readonly string[]]> = {
  "router-models": [EVERYTHING, ["zod"]],
  "router-models/graph": [EVERYTHING, ["zod"]],
  "worker/lib": [[], []],
  "worker/domain": [["worker/lib"], ["zod"]],
  "worker/routing": [["worker/lib", "worker/domain", ...EVERYTHING], []],
  "worker/inference": [
    ["worker/lib", "worker/domain", ...EVERYTHING],
    ["zod", "onnxruntime-web"],
  ],
  "worker/providers": [["worker/lib", "worker/domain"], ["zod"]],
  "worker/privacy": [["worker/lib", "worker/domain"], ["zod"]],
  "worker/tenants": [
    ["worker/lib", "worker/domain"],
    ["zod", "jose", "cloudflare:workers"],
  ],
  "worker/telemetry": [["worker/lib", "worker/domain"], ["zod"]],
  "worker/cache": [
    ["worker/lib", "worker/domain"],
    ["zod", "@upstash/redis/cloudflare", "cloudflare:workers"],
  ],
  "worker/cache/guards": [
    ["worker/lib", "worker/domain"],
    ["zod", "@upstash/redis/cloudflare", "cloudflare:workers"],
  ],
  "worker/cache/trust": [
    ["worker/lib", "worker/domain"],
    ["zod", "@upstash/redis/cloudflare", "cloudflare:workers"],
  ],
  "worker/budget": [
    ["worker/lib", "worker/domain"],
    ["zod", "@upstash/redis/cloudflare", "cloudflare:workers"],
  ],
  "worker/learning": [
    ["worker/lib", "worker/domain", ...EVERYTHING],
    ["zod", "@upstash/redis/cloudflare", "cloudflare:workers"],
  ],
  "worker/learning/detectors": [
    ["worker/lib", "worker/domain", ...EVERYTHING],
    ["zod", "@upstash/redis/cloudflare", "cloudflare:workers"],
  ],
  "worker/learning/lifts": [
    ["worker/lib", "worker/domain", ...EVERYTHING],
    ["zod", "@upstash/redis/cloudflare", "cloudflare:workers"],
  ],
  "worker/vitals": [
    ["worker/lib", "worker/domain", "worker/routing"],
    ["zod", "cloudflare:workers"],
  ],
  "worker/strategies": [["worker/lib", "worker/domain", "worker/routing"], []],
  "worker/pipeline": [["worker/lib", "worker/domain", "worker/routing"], ["tokenx"]],
  "worker/http": [
    ["worker/lib", "worker/domain", "worker/pipeline"],
    ["zod", "hono"],
  ],
  "worker/http/routes": [
    ["worker/lib", "worker/domain", "worker/pipeline"],
    ["zod", "hono"],
  ],
  "worker/http/wire": [
    ["worker/lib", "worker/domain", "worker/pipeline"],
    ["zod", "hono"],
  ],
  "worker/http/wire/anthropic": [
    ["worker/lib", "worker/domain", "worker/pipeline"],
    ["zod", "hono"],
  ],
  "worker/console": [["worker/lib", "worker/domain", "worker/pipeline"], ["hono"]],
  scripts: [
    [...OF_THE_SERVICE, ...EVERYTHING, "scripts/training"],
    ["zod", "hono", "tokenx", "onnxruntime-web", "@upstash/redis/cloudflare", "jose", "node:fs"],
  ],
  "scripts/training": [
    [...OF_THE_SERVICE, ...EVERYTHING, "scripts"],
    ["zod", "hono", "tokenx", "onnxruntime-web", "@upstash/redis/cloudflare", "jose", "node:fs"],
  ],
};

const PACKAGES = [
  "zod",
  "hono",
  "tokenx",
  "onnxruntime-web",
  "@upstash/redis/cloudflare",
  "jose",
  "cloudflare:workers",
  "node:fs",
];

/** Packages whose import elsewhere in scripts/ is none of the layer check's business. */
const UNJUDGED = new Set(["scripts cloudflare:workers", "scripts/training cloudflare:workers"]);

interface Edge {
  readonly file: string;
  readonly label: string;
  readonly isAllowed: boolean;
}

interface PlantedImport {
  readonly from: string;
  readonly to: string;
  readonly isAllowed: boolean;
}

function sameRoom(from: string, to: string): boolean {
  return from === to || ROOMS.some((room) => from.startsWith(room) && to.startsWith(room));
}

function plantEdges(root: string): Edge[] {
  const edges: Edge[] = [];
  function plant(text: string, { from, to, isAllowed }: PlantedImport): void {
    const file = `${from}/zz-${edges.length}.ts`;
    writeFileSync(join(root, file), text);
    edges.push({ file, label: `${from} -> ${to}`, isAllowed });
  }
  const folders = Object.keys(ALLOWED);
  for (const folder of [...folders, "test"]) {
    mkdirSync(join(root, folder), { recursive: true });
    writeFileSync(join(root, folder, "target.ts"), "export const target = 1;\n");
  }
  for (const from of folders) {
    const [allowedFolders, allowedPackages] = ALLOWED[from]!;
    for (const to of [...folders, "test"]) {
      const specifier = posix.relative(from, `${to}/target.ts`);
      const path = specifier.startsWith(".") ? specifier : `./${specifier}`;
      const isAllowed = sameRoom(from, to) || allowedFolders.includes(to);
      const byValue = `import { target } from "${path}";\n\nexport const t = target;\n`;
      const byType = `import type { target } from "${path}";\n\nexport type T = typeof target;\n`;
      plant(byValue, { from, to, isAllowed });
      plant(byType, { from, to: `type ${to}`, isAllowed });
    }
    for (const name of PACKAGES)
      if (!UNJUDGED.has(`${from} ${name}`))
        plant(`import * as t from "${name}";\n\nexport const u = t;\n`, {
          from,
          to: name,
          isAllowed: allowedPackages.includes(name),
        });
  }
  return edges;
}

function flaggedFiles(root: string): Set<string> {
  const oxlint = join(ROOT, "node_modules", "oxlint", "bin", "oxlint");
  // Not execFileSync: it throws on the exit code that says that something was found.
  const { stdout } = spawnSync(process.execPath, [oxlint, "-f", "json", "."], {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 1e9,
  });
  const { diagnostics } = reportSchema.parse(JSON.parse(stdout));
  return new Set(
    diagnostics
      .filter(({ code }) => code.includes("no-restricted-imports"))
      .map(({ filename }) => filename),
  );
}

describe("the layer check", () => {
  it("flags every forbidden import and no allowed one", ({ expect, onTestFinished }) => {
    const root = mkdtempSync(join(tmpdir(), "layers-"));
    onTestFinished(() => rmSync(root, { recursive: true }));
    cpSync(join(ROOT, "oxlint.config.ts"), join(root, "oxlint.config.ts"));
    writeFileSync(join(root, "package.json"), '{"type":"module"}');
    writeFileSync(join(root, ".gitignore"), "node_modules\n");
    symlinkSync(join(ROOT, "node_modules"), join(root, "node_modules"), "dir");
    const edges = plantEdges(root);
    const flagged = flaggedFiles(root);
    const misjudged = edges
      .filter(({ file, isAllowed }) => flagged.has(file) === isAllowed)
      .map(({ label, isAllowed }) => `${label} should be ${isAllowed ? "allowed" : "forbidden"}`);
    expect(misjudged).toEqual([]);
    expect(edges.filter(({ isAllowed }) => !isAllowed).length).toBeGreaterThan(600);
    expect(dirname(edges[0]!.file)).toBe("router-models");
  });
});
