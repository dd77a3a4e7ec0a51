/** A catalogue that a command has changed: what it changed, and nothing else. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import shipped from "../../../router-models/catalog.json" with { type: "json" };
import { parseCatalog } from "../../../router-models/catalog.ts";
import {
  changedCatalog,
  readCatalogFile,
  textOf,
  writeCatalogFile,
} from "../../../scripts/onboarding/catalog-file.ts";

const CATALOG = parseCatalog(shipped);
const ID = "together/gemma-4-31b-it";
const ANCHOR = { benchmark: "mmlu_pro", score: 0.5, source: "https://example.com/x" } as const;
const ABILITY = {
  graph: "0123456789ab",
  row: Array.from({ length: 17 }, (_, k) => Number((Math.sin(k) / 3).toPrecision(6))),
  standingDeviation: 0.21,
  probes: 25,
  source: "probes.jsonl",
  placed: "2026-11-22",
};

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-catalog-"));
});
afterAll(() => rm(folder, { recursive: true }));

describe("textOf", () => {
  it("gives the shipped file back as it is", async ({ expect }) => {
    const path = new URL("../../../router-models/catalog.json", import.meta.url);
    expect(textOf(CATALOG)).toBe(await readFile(path, "utf8"));
  });

  it("fills lines with numbers, and loses none", ({ expect }) => {
    const changed = changedCatalog(CATALOG, ID, { anchors: [], ability: ABILITY });
    const text = textOf(changed);
    expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(changed)));
    const lines = text.split("\n");
    const from = lines.findIndex((line) => line.includes('"row": ['));
    const to = lines.findIndex((line, at) => at > from && line.trim() === "],");
    expect(to - from).toBeLessThan(5);
    expect(Math.max(...lines.slice(from, to).map(({ length }) => length))).toBeLessThanOrEqual(100);
  });
});

describe("changedCatalog", () => {
  it("replaces what is quoted of the same benchmark and keeps the rest", ({ expect }) => {
    const changed = changedCatalog(CATALOG, ID, { anchors: [ANCHOR], ability: ABILITY });
    const [before, after] = [CATALOG, changed].map(({ models }) =>
      models.find(({ id }) => id === ID),
    );
    expect(after!.ability).toEqual(ABILITY);
    const others = before!.anchors.filter(({ benchmark }) => benchmark !== "mmlu_pro");
    expect(after!.anchors).toEqual([...others, ANCHOR]);
    const { anchors: _, ability: __, ...facts } = after!;
    expect(before).toMatchObject(facts);
    expect(changed.models.filter(({ id }) => id !== ID)).toEqual(
      CATALOG.models.filter(({ id }) => id !== ID),
    );
  });

  it("keeps an ability that nobody replaced", ({ expect }) => {
    const once = changedCatalog(CATALOG, ID, { anchors: [], ability: ABILITY });
    const twice = changedCatalog(once, ID, { anchors: [ANCHOR] });
    expect(twice.models.find(({ id }) => id === ID)!.ability).toEqual(ABILITY);
  });

  it("refuses what no catalogue may say", ({ expect }) => {
    const wrong = { ...ANCHOR, score: 81 };
    expect(() => changedCatalog(CATALOG, ID, { anchors: [wrong] })).toThrow(/fraction in 0\.\.1/u);
  });
});

describe("readCatalogFile", () => {
  it("reads what was written, and names a file that is none", async ({ expect }) => {
    const path = join(folder, "catalog.json");
    await writeCatalogFile(path, CATALOG);
    expect(await readCatalogFile(path)).toEqual(CATALOG);
    await writeFile(path, "{}");
    await expect(readCatalogFile(path)).rejects.toThrow(`${path}: cannot be used as a catalogue`);
  });
});
