/** Which entries a map without room for all of them keeps. */
import { describe, it } from "vitest";
import { BoundedMap } from "../../../worker/lib/bounded-map.ts";

describe("a bounded map", () => {
  it("keeps what was written last, and the last word on it", ({ expect }) => {
    const map = new BoundedMap<string, number>(2);
    map.set("a", 1);
    map.set("b", 2);
    map.set("a", 3);
    map.set("c", 4);
    expect(["a", "b", "c"].map((key) => map.get(key))).toEqual([3, undefined, 4]);
    map.delete("a");
    map.set("d", 5);
    expect(["a", "c", "d"].map((key) => map.get(key))).toEqual([undefined, 4, 5]);
    expect(map.size).toBe(2);
  });

  it("is not kept young by being read", ({ expect }) => {
    const map = new BoundedMap<string, number>(1);
    map.set("a", 1);
    map.get("a");
    map.set("b", 2);
    expect(map.get("a")).toBeUndefined();
  });
});
