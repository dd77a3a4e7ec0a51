/** Which rows become one file, and what it is called. */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import {
  cut,
  FILE_BYTES,
  FILE_ROWS,
  fileOf,
  HOUR_MS,
  hourOf,
  keyOf,
  type SizedRow,
} from "../../../../worker/learning/journal/tickets.ts";
import { NOON_MS } from "./made-up-records.ts";

function row(number: number, more: Partial<SizedRow> = {}): SizedRow {
  return { number, keptMs: NOON_MS, bytes: 1, ...more };
}

describe("a file", () => {
  it("has the rows of one hour, a number of rows and of bytes, and one row at least", ({
    expect,
  }) => {
    const next = row(3, { keptMs: hourOf(NOON_MS) + HOUR_MS });
    expect(cut([row(1), row(2), next])).toEqual({ hourMs: hourOf(NOON_MS), first: 1, last: 2 });
    const large = { bytes: FILE_BYTES };
    expect(cut([row(1, large), row(2, large)])).toMatchObject({ first: 1, last: 1 });
    expect(cut([row(1, { bytes: 2 * FILE_BYTES }), row(2)])).toMatchObject({ last: 1 });
    expect(cut([row(4, { bytes: 1 }), row(7, { bytes: FILE_BYTES - 1 })])).toMatchObject({
      last: 7,
    });
    const many = Array.from({ length: FILE_ROWS + 1 }, (_, at) => row(at + 2));
    expect(cut([row(1), ...many])).toMatchObject({ first: 1, last: FILE_ROWS });
  });

  it("says in its name when it ends and with which row", ({ expect }) => {
    fc.assert(
      fc.property(
        fc.nat({ max: 1e6 }),
        fc.nat({ max: 1e9 }),
        fc.nat({ max: 1e5 }),
        (hour, first, more) => {
          const hourMs = hour * HOUR_MS;
          const key = keyOf({ tenant: "shop", hourMs, first, last: first + more });
          expect(fileOf(key)).toEqual({ endMs: hourMs + HOUR_MS, last: first + more });
        },
      ),
    );
    expect(fileOf("events/v1/shop/readme.txt")).toBeUndefined();
  });
});
