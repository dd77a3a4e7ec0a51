/**
 * The list of data sets: where their files lie, what is refused in a list, and that a set ships only by
 * a plain `may_ship: true`.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, onTestFinished } from "vitest";
import { listOutcomeSets, listShippingSets } from "../../../scripts/dataset/sets.ts";

const LIST = "test/fixtures/outcomes/sets.json";

async function listOf(text: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-sets-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, "sets.json");
  await writeFile(path, text);
  return path;
}

describe("listOutcomeSets", () => {
  it("names the outcome sets, with paths beside the list", async ({ expect }) => {
    expect(await listOutcomeSets(LIST)).toEqual([
      {
        name: "quiz",
        path: join("test/fixtures/outcomes", "quiz.jsonl"),
        mayShip: true,
        licence: "made for tests",
      },
      {
        name: "bare",
        path: join("test/fixtures/outcomes", "bare.jsonl"),
        mayShip: false,
        licence: "not stated",
      },
    ]);
  });

  it("says what is wrong with a list", async ({ expect }) => {
    await expect(listOutcomeSets("test/nowhere.json")).rejects.toThrow(
      /nowhere\.json: cannot be read/,
    );
    const path = await listOf('{"quiz": {"kind": "outcomes"}}');
    await expect(listOutcomeSets(path)).rejects.toThrow(/sets\.json: quiz\.file: /);
    const loose = await listOf('{"quiz": {"kind": "outcomes", "file": "f", "may_ship": "yes"}}');
    await expect(listOutcomeSets(loose)).rejects.toThrow(/quiz\.may_ship: /);
  });
});

describe("listShippingSets", () => {
  it("takes only sets that say plainly that they may ship", async ({ expect }) => {
    const names = (await listShippingSets(LIST)).map(({ name }) => name);
    expect(names).toEqual(["quiz"]);
    const path = await listOf('{"quiz": {"kind": "outcomes", "file": "f"}}');
    await expect(listShippingSets(path)).rejects.toThrow(/no outcome set with "may_ship": true/);
  });
});
