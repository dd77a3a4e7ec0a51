/** The bytes of features: all of the features, and nothing else, is in them. */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import { extractFeatures } from "../../../router-models/features/extract.ts";
import { featureBytes } from "../../../router-models/features/feature-bytes.ts";
import { promptOfText } from "../../../router-models/features/prompt.ts";

const ROWS = 1024;

describe("featureBytes", () => {
  it("are each prompt's count, grams in order, and statistics", ({ expect }) => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 80 }), { maxLength: 4 }), (prompts) => {
        const view = new DataView(featureBytes(prompts, ROWS).buffer);
        let at = 0;
        function next(kind: "Uint32" | "Float32"): number {
          at += 4;
          return kind === "Uint32" ? view.getUint32(at - 4, true) : view.getFloat32(at - 4, true);
        }
        for (const prompt of prompts) {
          const { ids, weights, statistics } = extractFeatures(promptOfText(prompt), ROWS);
          expect(next("Uint32")).toBe(ids.length);
          const grams = Array.from(ids, () => [next("Uint32"), next("Float32")] as const);
          expect(grams.map(([id]) => id)).toEqual([...ids].toSorted((a, b) => a - b));
          const expected = Array.from(ids, (id, i) => `${id} ${weights[i]}`);
          expect(grams.map(([id, weight]) => `${id} ${weight}`).toSorted()).toEqual(
            expected.toSorted(),
          );
          expect(Array.from(statistics, () => next("Float32"))).toEqual([...statistics]);
        }
        expect(at).toBe(view.byteLength);
      }),
    );
  });
});
