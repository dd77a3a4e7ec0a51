/**
 * Which questions are held back. A question in other clothes must land on the same side (a property), and
 * on the side where earlier versions put it (snapshots), or a router is tested on what it has learnt.
 */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import { gidOfPrompt, splitOfGid } from "../../../scripts/dataset/split.ts";

describe("splitOfGid", () => {
  it("holds back about 13 in 100 questions", ({ expect }) => {
    const gids = Array.from({ length: 20_000 }, (_, i) => gidOfPrompt(`question ${i}`));
    const share = gids.filter((gid) => splitOfGid(gid) === "valid").length / gids.length;
    expect(share).toBeGreaterThan(0.12);
    expect(share).toBeLessThan(0.14);
  });

  it("never changes its mind between versions", ({ expect }) => {
    const words = ["a", "b", "c", "d", "e", "f", "g", "h"];
    const sides = words.map((word) => splitOfGid(gidOfPrompt(word)));
    expect(sides.join(" ")).toMatchInlineSnapshot(
      `"train train train valid train train train train"`,
    );
    expect(gidOfPrompt("Why?")).toMatchInlineSnapshot(`"f5b2b98bf44b"`);
  });
});

describe("gidOfPrompt", () => {
  it("sees through case, width and spacing", ({ expect }) => {
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[a-z0-9]+$/u), { minLength: 1 }), (words) => {
        const plain = gidOfPrompt(words.join(" "));
        expect(gidOfPrompt(`\n ${words.join(" \t\n ").toUpperCase()} `)).toBe(plain);
        expect(gidOfPrompt(`${words.join(" ")} x`)).not.toBe(plain);
      }),
    );
    expect(gidOfPrompt("ＡＢＣ")).toBe(gidOfPrompt("abc"));
  });
});
