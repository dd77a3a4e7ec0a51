/**
 * Parquet files give the rows that the same data gives as JSON lines, however they are coded; the files
 * were written by another implementation (fixtures/outcomes/make-parquet.py).
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, onTestFinished } from "vitest";
import { loadOutcomes } from "../../../scripts/dataset/outcome-file.ts";

const FIXTURES = "test/fixtures/outcomes";

describe("outcome rows in Parquet", () => {
  it.for([
    ["maps, Zstandard, several row groups", "quiz.parquet", "quiz"],
    ["JSON text, Snappy, a column that nobody knows", "quiz-text.parquet", "quiz-text"],
  ] as const)("are those of the JSON lines: %s", async ([, file, dataset], { expect }) => {
    const expected = await loadOutcomes([`${FIXTURES}/quiz.jsonl`]);
    const rows = await loadOutcomes([`${FIXTURES}/${file}`]);
    expect(rows).toEqual(expected.map((row) => ({ ...row, dataset })));
  });

  it("are refused by file, row and field", async ({ expect }) => {
    const path = `${FIXTURES}/quiz-bad.parquet`;
    await expect(loadOutcomes([path])).rejects.toThrow(`${path}: row 3: scores.alpha/large: `);
    const bad: string[] = [];
    const rows = await loadOutcomes([path], { onBadRow: ({ message }) => bad.push(message) });
    expect([rows.length, bad.length]).toEqual([9, 1]);
  });

  it("are not looked for in what is no Parquet file", async ({ expect }) => {
    const folder = await mkdtemp(join(tmpdir(), "sluice-parquet-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    const path = join(folder, "rows.parquet");
    await writeFile(path, '{"id":"a"}\n');
    await expect(loadOutcomes([path])).rejects.toThrow(`${path}: cannot be read: `);
  });
});
