/**
 * What the features of some prompts are, bit for bit, so that their digest can stand in a manifest.
 *
 * FEATURE_VERSION is raised by whoever changes a feature and thinks of it. The digest shows a change that nobody has
 * thought of, another Unicode table or another logarithm included, before weights are run on features that they were
 * not trained on. It says nothing of prompts that are not among those it was made of.
 */
import { extractFeatures } from "./extract.ts";
import { promptOfText } from "./prompt.ts";

/**
 * For each prompt: the number of its grams (uint32); row (uint32) and weight (float32) of each gram, in order of rows;
 * its statistics (float32). Little-endian. @param rows Rows of the router's table, a power of two.
 */
export function featureBytes(prompts: readonly string[], rows: number): Uint8Array<ArrayBuffer> {
  const all = prompts.map((prompt) => extractFeatures(promptOfText(prompt), rows));
  const words = all.map(({ ids, statistics }) => 1 + 2 * ids.length + statistics.length);
  const view = new DataView(new ArrayBuffer(4 * words.reduce((a, b) => a + b, 0)));
  let at = 0;
  function write(value: number, kind: "Uint32" | "Float32"): void {
    if (kind === "Uint32") view.setUint32(at, value, true);
    else view.setFloat32(at, value, true);
    at += 4;
  }
  for (const { ids, weights, statistics } of all) {
    write(ids.length, "Uint32");
    const grams = Array.from(ids, (id, i) => ({ id, weight: weights[i]! }));
    for (const { id, weight } of grams.toSorted((a, b) => a.id - b.id || a.weight - b.weight)) {
      write(id, "Uint32");
      write(weight, "Float32");
    }
    for (const statistic of statistics) write(statistic, "Float32");
  }
  return new Uint8Array(view.buffer);
}
