/** The count of broken promises: on a made-up set the order of the rules is known. */
import { describe, it } from "vitest";
import { violationPictures, violationTable } from "../../../scripts/certification/report.ts";
import { countViolations } from "../../../scripts/certification/violations.ts";
import { randomFrom } from "../../../worker/lib/prng.ts";
import { testedRows } from "./made-rows.ts";

const CLAIM = { floor: 0.9, confidence: 0.9 };

function panelOf(count: number, name = "made") {
  const price = { inputUsdPerMTok: 1, outputUsdPerMTok: 1 };
  const data = { name, sha256: "", rows: count, reference: "a", models: { a: price, b: price } };
  return { data, rows: testedRows(count, 1) };
}

describe("violations over draws", () => {
  it("are within δ for the certificate, beyond it for the plug-in, none for Hoeffding at its price", ({
    expect,
  }) => {
    let drawn = 0;
    const { rules, path, rows, needed } = countViolations(panelOf(400), CLAIM, {
      draws: 150,
      random: randomFrom(1),
      onDraw: () => drawn++,
    });
    expect(drawn).toBe(150);
    expect(rows).toBe(400);
    expect(needed).toBeLessThan(400);
    const { certificate, plugIn, hoeffding } = rules!;
    expect(certificate.violations).toBeLessThanOrEqual(0.1);
    expect(plugIn.violations).toBeGreaterThan(0.2);
    expect(plugIn.violationsLeftOut).toBeGreaterThan(0.4);
    expect(certificate.violationsLeftOut).toBeGreaterThan(0.1); // Rows drawn would hide the noise.
    expect(hoeffding.violations).toBe(0);
    expect(certificate.referenceShare).toBeGreaterThan(plugIn.referenceShare);
    expect(hoeffding.referenceShare).toBeGreaterThan(certificate.referenceShare);
    expect(certificate.keptQuality).toBeGreaterThan(0.9);
    expect(path[0]).toEqual({ keptQuality: 1, referenceShare: 1 });
    expect(path.at(-1)!.referenceShare).toBe(0);
  });

  it("are the same again for a seed", ({ expect }) => {
    const runs = [7, 7, 8].map((seed) =>
      countViolations(panelOf(200), CLAIM, { draws: 20, random: randomFrom(seed) }),
    );
    expect(runs[1]).toEqual(runs[0]);
    expect(runs[2]).not.toEqual(runs[0]);
  });

  it("are not counted on a set that is too small", ({ expect }) => {
    const small = countViolations(panelOf(20), CLAIM, { draws: 5, random: randomFrom(1) });
    expect(small.rules).toBeNull();
    expect(small.needed).toBeGreaterThan(20);
  });

  it("are reported in a table and in pictures without a hole", ({ expect }) => {
    const drawing = { draws: 5, random: randomFrom(1) };
    const pairs = [panelOf(200), panelOf(20, "small")].map((panel) =>
      countViolations(panel, CLAIM, drawing),
    );
    const head = { router: "1.0.0@abc", claim: CLAIM, draws: 5, seed: 1 };
    const report = { ...head, pairs, panels: pairs, skipped: ["odd: no strong model"] };
    const table = violationTable(report);
    expect(table).not.toMatch(/NaN|undefined|Infinity/);
    expect(table).toContain("Not examined: odd: no strong model.");
    const lengths = table
      .split("\n")
      .filter((line) => line.startsWith("|"))
      .map((line) => line.split("|").length);
    expect(new Set(lengths).size).toBe(1);
    const pictures = violationPictures(report);
    expect(pictures.map(({ name }) => name)).toEqual([
      "violations-pairs.svg",
      "violations-panels.svg",
      "pair-made.svg",
      "pair-small.svg",
      "panel-made.svg",
      "panel-small.svg",
    ]);
    for (const { svg } of pictures) expect(svg).not.toMatch(/NaN|undefined|Infinity/);
    expect(violationPictures({ ...report, pairs: [], panels: [] })).toEqual([]);
  });
});
