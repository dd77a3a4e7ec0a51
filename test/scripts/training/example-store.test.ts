/** What a store gives back is what was put in, bit for bit, in any order and from any chunk. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, it } from "vitest";
import { ExampleStore, ExampleWriter } from "../../../scripts/training/example-store.ts";
import { examplesOf, type Example } from "../../../scripts/training/examples.ts";
import { CHUNK_ROWS, WINDOW_CHUNKS } from "../../../scripts/training/order.ts";
import { MODELS, twoKinds } from "./two-kinds.ts";

const folder = mkdtempSync(join(tmpdir(), "sluice-store-"));
afterAll(() => rmSync(folder, { recursive: true }));

const SHAPE = { tableRows: 65_536, models: 3 };
const EXAMPLES: Example[] = [
  ...examplesOf(twoKinds(60, 1), { models: MODELS, tableRows: SHAPE.tableRows }),
].map((example, i) => ({
  ...example,
  logTokens: i % 3 === 0 ? [] : [[2, Math.log(i + 1)]],
  ...(i % 5 === 0 && { weight: i / 7 }),
  ...(i % 4 === 0 && { guesses: Array.from({ length: 1 + (i % 3) }, (_, m) => [m, 0.1 * m, i]) }),
}));

/** As many as fill more chunks than stay open, each told apart by a number. */
function manyExamples(): Example[] {
  return Array.from({ length: CHUNK_ROWS * (WINDOW_CHUNKS + 1) + 5 }, (_, i) => ({
    ...EXAMPLES[i % EXAMPLES.length]!,
    inputTokens: i,
  }));
}

function stored(name: string, examples: readonly Example[]): ExampleStore {
  const writer = new ExampleWriter(join(folder, name), SHAPE);
  for (const example of examples) writer.add(example);
  writer.finish();
  return ExampleStore.open(join(folder, name))!;
}

describe("ExampleStore", () => {
  it("gives back every example as it was", ({ expect }) => {
    const store = stored("few", EXAMPLES);
    expect(store.length).toBe(EXAMPLES.length);
    expect([...store]).toEqual(EXAMPLES);
    expect([store.at(-1), store.at(store.length)]).toEqual([undefined, undefined]);
    store.close();
  });

  it("finds any row, however many chunks were opened before", ({ expect }) => {
    const examples = manyExamples();
    const store = stored("many", examples);
    const last = examples.length - 1;
    for (const index of [last, 0, CHUNK_ROWS, CHUNK_ROWS - 1, 17 * CHUNK_ROWS, 1, last - 5])
      expect(store.at(index)).toEqual(examples[index]);
    let at = 0;
    for (const { inputTokens } of store) if (inputTokens !== at++) throw new Error(`Row ${at}`);
    expect(at).toBe(examples.length);
    store.close();
  });

  it("does not exist before it is finished", ({ expect }) => {
    const path = join(folder, "half");
    stored("half", EXAMPLES).close();
    const writer = new ExampleWriter(path, SHAPE);
    writer.add(EXAMPLES[0]!);
    expect(ExampleStore.open(path)).toBeUndefined();
    writer.finish();
    const store = ExampleStore.open(path)!;
    expect(store.length).toBe(1);
    store.close();
    expect(ExampleStore.open(join(folder, "nowhere"))).toBeUndefined();
  });

  it("refuses more than it can number", ({ expect }) => {
    const path = join(folder, "never");
    expect(() => new ExampleWriter(path, { tableRows: 1 << 17, models: 1 })).toThrow("131072");
  });
});
