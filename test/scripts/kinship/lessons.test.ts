/** Lessons out of the real phrasebook: whole, of distinct texts, and the same for a seed. */
import { describe, it } from "vitest";
import { drawLesson, lessonSource } from "../../../scripts/kinship/lessons.ts";
import { readPhrasebook, readTriples } from "../../../scripts/kinship/phrasebook.ts";
import { randomFrom } from "../../../worker/lib/prng.ts";

const PROMPTS = [
  "The tide rises twice a day. How high does the water stand at noon?\nA. two metres\nB. three metres",
  "Solve $x^2 = 4$ for x.\nName the strait between the two northern islands.",
];
const source = lessonSource(await readPhrasebook(), PROMPTS);

describe("lessonSource", () => {
  it("takes sentences that can be reworded: no options, formulas or fragments", ({ expect }) => {
    expect(source.sentences).toEqual([
      "The tide rises twice a day.",
      "How high does the water stand at noon?",
      "Name the strait between the two northern islands.",
    ]);
    expect(source.words).toContain("strait");
    expect(source.phrases).toContain("two northern islands");
  });
});

describe("drawLesson", () => {
  it("leaves no gap unfilled and gives no stranger for kin", ({ expect }) => {
    const random = randomFrom(7);
    for (let i = 0; i < 2_000; i++) {
      const { kin, strangers } = drawLesson(source, random);
      for (const text of [...kin, ...strangers]) expect(text).not.toMatch(/\{\w\}|undefined|^$/);
      for (const stranger of strangers) expect(kin).not.toContain(stranger);
    }
  });

  it("draws the same for a seed", ({ expect }) => {
    const [one, two] = [randomFrom(3), randomFrom(3)];
    for (let i = 0; i < 50; i++) expect(drawLesson(source, one)).toEqual(drawLesson(source, two));
  });
});

describe("the triples", () => {
  it("are held out: no frame around a filler is one of their texts", async ({ expect }) => {
    const random = randomFrom(11);
    const drawn = new Set<string>();
    for (let i = 0; i < 5_000; i++) {
      const { kin, strangers } = drawLesson(source, random);
      for (const text of [...kin, ...strangers]) drawn.add(plain(text));
    }
    const pairs = (await readTriples()).filter(
      ({ text, kin }) => drawn.has(plain(text)) && drawn.has(plain(kin)),
    );
    expect(pairs).toEqual([]);
  });
});

function plain(text: string): string {
  return text.toLowerCase().replaceAll(/[^\p{L}\p{N} ]/gu, "");
}
