/** A rollout in words. */
import { describe, it } from "vitest";
import { published } from "../../../scripts/releasing/changes.ts";
import { described } from "../../../scripts/releasing/described.ts";

const [A, B] = ["a", "b"].map((digit) => ({ id: digit.repeat(64), version: `1.${digit}` }));

describe("described", () => {
  it("says all of it", ({ expect }) => {
    const bare = { ...published(undefined, A!, 0), serial: 4 };
    expect(described(bare, []).split("\n")).toEqual([
      "serial    4, of 1970-01-01T00:00:00.000Z, not signed",
      "serving   1.a@aaaaaaaaaaaa",
      "previous  unknown",
      "trial     none",
    ]);
    const trial = { ...B!, serial: 3, share: 0.125, tenants: { bank: 0 } };
    const text = described({ ...bare, previous: B!, trial, pins: { shop: B! } }, ["0123"]);
    expect(text.split("\n")).toEqual([
      "serial    4, of 1970-01-01T00:00:00.000Z, signed by 0123",
      "serving   1.a@aaaaaaaaaaaa",
      "previous  1.b@bbbbbbbbbbbb",
      "trial     1.b@bbbbbbbbbbbb for 12.5 %, since 3",
      "          for 0 % of bank",
      "pin       shop to 1.b@bbbbbbbbbbbb",
    ]);
  });
});
