/** A table at a terminal: what stands below one another belongs together. */
import { describe, it } from "vitest";
import { textTable } from "../../../scripts/report/text-table.ts";

describe("textTable", () => {
  it("makes each column as wide as its widest cell, and leaves no blanks at a line's end", ({
    expect,
  }) => {
    const rows = [
      ["one", "1", ""],
      ["a longer name", "22", "x"],
    ];
    expect(textTable(["", "value", "note"], rows).split("\n")).toEqual([
      "               value  note",
      "one            1",
      "a longer name  22     x",
    ]);
  });
});
