/** The compact memory of ids answers as a map of texts does. */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import { SeenIds } from "../../../scripts/dataset/seen-ids.ts";

describe("SeenIds", () => {
  it("knows the row of every id that came before, and no other", ({ expect }) => {
    const id = fc.oneof(fc.string({ maxLength: 3 }), fc.nat(2_000).map(String));
    fc.assert(
      fc.property(fc.array(id, { maxLength: 400 }), (ids) => {
        const [seen, rows] = [new SeenIds(), new Map<string, number>()];
        ids.forEach((text, i) => {
          expect(seen.rowOrRemember(text, i + 1)).toBe(rows.get(text));
          if (!rows.has(text)) rows.set(text, i + 1);
        });
      }),
    );
  });

  it("grows beyond its first slots", ({ expect }) => {
    const seen = new SeenIds();
    for (let row = 1; row <= 20_000; row++) seen.rowOrRemember(`id ${row}`, row);
    for (let row = 1; row <= 20_000; row += 7)
      expect(seen.rowOrRemember(`id ${row}`, 99_999)).toBe(row);
    expect(seen.rowOrRemember("id 20001", 20_001)).toBeUndefined();
  });
});
