/** The same bits come back. */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import {
  packFloats,
  packInts,
  unpackFloats,
  unpackInts,
} from "../../../worker/lib/packed-numbers.ts";

describe("packed numbers", () => {
  it("are the same numbers, to the last bit", ({ expect }) => {
    fc.assert(
      fc.property(fc.float32Array(), fc.int32Array(), (floats, ints) => {
        expect(unpackFloats(packFloats(floats))).toEqual(Float32Array.from(floats));
        expect(unpackInts(packInts(ints))).toEqual(Int32Array.from(ints));
      }),
    );
  });

  it("have the lowest byte first", ({ expect }) => {
    expect(packInts(Int32Array.of(1))).toBe("AQAAAA==");
    expect(packFloats(Float32Array.of(1))).toBe("AACAPw==");
  });

  it("come in fours", ({ expect }) => {
    expect(() => unpackInts("AQ==")).toThrow("1 bytes are no multiple of 4");
    expect(() => unpackFloats("AQIDBAU=")).toThrow("5 bytes are no multiple of 4");
  });
});
