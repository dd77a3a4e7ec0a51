/** The released head as a similarity. */
import { describe, it } from "vitest";
import { openHead } from "../../../../scripts/evaluation/cache/head.ts";

describe("openHead", () => {
  it("finds a rephrasing nearer than another question", async ({ expect }) => {
    const head = await openHead("router-models/released/confluence");
    const texts = ["How do I boil an egg?", "How can one boil eggs?", "Who painted this ceiling?"];
    const compare = await head.read(texts);
    expect(head.name).toBe("head");
    expect(compare(0, 0)).toBeCloseTo(1, 9);
    expect(compare(0, 1)).toBeGreaterThan(compare(0, 2) + 0.3);
  });

  it("refuses a folder without one", async ({ expect }) => {
    await expect(openHead("test/fixtures")).rejects.toThrow("test/fixtures is not a release");
  });
});
