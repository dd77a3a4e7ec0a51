/** Words and letters as rows: what is read alike, what is not, and that nothing is ever out of bounds. */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import { isWhole, MAX_CHARS, readText, stem, wordsOf } from "../../../router-models/kin/tokens.ts";

const ROWS = { wordRows: 4096, letterRows: 1024 };

function bagOf(text: string): Map<number, number> {
  const { ids, weights } = readText(text, ROWS);
  return new Map([...ids].map((id, i) => [id, weights[i]!]));
}

/** Rows that two texts have in common. */
function shared(a: string, b: string): number {
  const rows = bagOf(b);
  return [...bagOf(a).keys()].filter((id) => rows.has(id)).length;
}

describe("readText", () => {
  it("stays within the table whatever the text, each row once", ({ expect }) => {
    const texts = fc.oneof(fc.string({ unit: "binary" }), fc.string({ unit: "grapheme" }));
    fc.assert(
      fc.property(texts, (text) => {
        const { ids, weights } = readText(text, ROWS);
        expect(new Set(ids).size).toBe(ids.length);
        expect(weights).toHaveLength(ids.length);
        for (const id of ids) expect(id).toBeLessThan(ROWS.wordRows + ROWS.letterRows);
        for (const weight of weights) expect(weight).toBeGreaterThan(0);
      }),
    );
  });

  it("remembers nothing of the text before", ({ expect }) => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (before, text) => {
        const fresh = readText(text, ROWS);
        readText(before, ROWS);
        expect(readText(text, ROWS)).toEqual(fresh);
      }),
    );
  });

  it("does not care for order, case, accents and width", ({ expect }) => {
    const bag = bagOf("What does a café in Zürich cost");
    expect(bagOf("cost CAFE in zurich, a: does WHAT?")).toEqual(bag);
    expect(bagOf("Ｗｈａｔ does a café in Zürich cost")).toEqual(bag);
  });

  it("gives a repeated word more weight, and less than twice as much", ({ expect }) => {
    const [once, twice] = [bagOf("tide"), bagOf("tide tide")];
    expect([...twice.keys()]).toEqual([...once.keys()]);
    for (const [id, weight] of twice) {
      expect(weight).toBeGreaterThan(once.get(id)!);
      expect(weight).toBeLessThan(2 * once.get(id)!);
    }
  });

  it("gives kindred forms and typos some rows in common, and strangers none", ({ expect }) => {
    expect(shared("merging", "merged")).toBeGreaterThanOrEqual(4);
    expect(shared("photosynthesis", "fotosynthesis")).toBeGreaterThan(4);
    expect(shared("merging", "photosynthesis")).toBe(0);
    expect(shared("东京的天气", "东京的人口")).toBeGreaterThanOrEqual(2);
  });

  it("has no rows for a text without words, and few for the longest word", ({ expect }) => {
    expect(readText("", ROWS).ids).toHaveLength(0);
    expect(readText(" \n?!… ", ROWS).ids).toHaveLength(0);
    expect(readText("x".repeat(MAX_CHARS), ROWS).ids.length).toBeLessThan(60);
  });
});

describe("wordsOf", () => {
  it("spells out what a border of opposite questions hangs on", ({ expect }) => {
    expect(wordsOf("Why can't I, and won't he?")).toEqual(wordsOf("why can not i and will not he"));
    expect(wordsOf("It doesn’t")).toEqual(["it", "does", "not"]);
    expect(wordsOf("What's Mary's?")).toEqual(["what", "mary"]);
  });

  it("keeps the signs that tell languages and amounts apart", ({ expect }) => {
    expect(wordsOf("C++ or C#, 5 % of $3").join(" ")).toBe("c + + or c # 5 % of $ 3");
  });
});

describe("stem", () => {
  it.for([
    [["stop", "stops", "stopped", "stopping"]],
    [["bake", "bakes", "baked", "baking"]],
    [["city", "cities"]],
  ])("is the same for %j", ([forms], { expect }) => {
    expect(new Set(forms!.map(stem)).size).toBe(1);
  });

  it("leaves short words and words in -ss alone", ({ expect }) => {
    expect(["is", "bus", "gas", "class"].map(stem)).toEqual(["is", "bus", "gas", "class"]);
  });
});

describe("isWhole", () => {
  it("says where reading ends", ({ expect }) => {
    const text = "word ".repeat(MAX_CHARS / 4).slice(0, MAX_CHARS);
    expect(isWhole(text)).toBe(true);
    expect(isWhole(`${text} end`)).toBe(false);
    expect(readText(`${text} end`, ROWS)).toEqual(readText(text, ROWS));
  });
});
