/** The pairs made to mislead, under the guards that serve and under similarities alone. */
import { describe, it } from "vitest";
import {
  adversarialReport,
  readAdversarial,
} from "../../../../scripts/evaluation/cache/adversarial.ts";
import { similarities } from "../../../../scripts/evaluation/cache/contenders.ts";
import { always } from "../../../../scripts/evaluation/cache/similarity.ts";

const FILE = "test/fixtures/cache-adversarial.json";

describe("adversarialReport", () => {
  it("has no false hit behind the guards, whatever the similarity says", async ({ expect }) => {
    const report = await adversarialReport(await readAdversarial(FILE), (words) =>
      similarities(always, words),
    );
    const [guardsAlone] = report.rows;
    expect(guardsAlone).toMatchObject({ similarity: undefined, guarded: true });
    expect(Object.keys(guardsAlone!.falseHits)).toEqual(Object.keys(report.different));
    for (const { guarded, falseHits } of report.rows)
      if (guarded) expect(Object.values(falseHits).every((count) => count === 0)).toBe(true);
    expect(guardsAlone!.rephrasings).toBeGreaterThan(0.8 * report.rephrasings);
  });

  it("would have them all without", async ({ expect }) => {
    const report = await adversarialReport(
      { different: { number: [["Add 1", "Add 2"]] }, same: [["Add 1", "Add 1, please"]] },
      () => [always],
    );
    expect(report.rows.filter(({ guarded }) => !guarded)).toEqual(
      [0.8, 0.9].map((threshold) => ({
        similarity: "always",
        threshold,
        guarded: false,
        falseHits: { number: 1 },
        rephrasings: 1,
      })),
    );
  });

  it("refuses a file that is none", async ({ expect }) => {
    await expect(readAdversarial("test/fixtures/outcomes/sets.json")).rejects.toThrow("different");
  });
});
