/**
 * Comma-separated values as programs write them: line breaks, commas and quotes within cells, places by
 * line, and files that are not whole. What is written by the rules is read back, whatever the cells.
 */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import { parseCsv } from "../../../../scripts/dataset/importers/csv.ts";

describe("parseCsv", () => {
  it("reads quoted cells, and counts their lines", ({ expect }) => {
    const text = '\uFEFFprompt,a\n"one, ""two""\nthree",True\r\nplain,\n';
    expect(parseCsv(text, "x.csv")).toEqual([
      {
        line: 2,
        cells: new Map([
          ["prompt", 'one, "two"\nthree'],
          ["a", "True"],
        ]),
      },
      {
        line: 4,
        cells: new Map([
          ["prompt", "plain"],
          ["a", ""],
        ]),
      },
    ]);
  });

  it("says where a record is not whole", ({ expect }) => {
    expect(() => parseCsv("", "x.csv")).toThrow("x.csv:1: no line of column names");
    expect(() => parseCsv("a,b\n1\n", "x.csv")).toThrow("x.csv:2: 1 cells, not 2");
    expect(() => parseCsv('a,b\n1,2\n"open,3\n', "x.csv")).toThrow("x.csv:3: a quoted cell");
    expect(() => parseCsv('a,b\n1,x"y"\n', "x.csv")).toThrow("x.csv:2: a quoted cell");
  });

  it("reads back what is written", ({ expect }) => {
    const table = fc
      .integer({ min: 2, max: 4 })
      .chain((width) =>
        fc.array(fc.array(fc.string(), { minLength: width, maxLength: width }), { maxLength: 5 }),
      );
    fc.assert(
      fc.property(table, (rows) => {
        const names = Array.from({ length: rows[0]?.length ?? 1 }, (_, c) => `c${c}`);
        const text = [names, ...rows]
          .map((row) => row.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(","))
          .join("\n");
        const cells = parseCsv(text, "x.csv").map((record) => [...record.cells.values()]);
        expect(cells).toEqual(rows);
      }),
    );
  });
});
