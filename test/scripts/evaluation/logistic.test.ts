/** The fit gives back the curve that made its labels, and stays finite on data that leave it undetermined. */
import { describe, it } from "vitest";
import { fitLogistic } from "../../../scripts/evaluation/logistic.ts";

describe("fitLogistic", () => {
  it("finds the curve that made soft labels", ({ expect }) => {
    const points = Array.from({ length: 200 }, (_, i) => {
      const x = i / 20;
      return { x, y: 1 / (1 + Math.exp(-(0.9 * x - 4))) };
    });
    const curve = fitLogistic(points);
    for (const { x, y } of points) expect(curve(x)).toBeCloseTo(y, 1);
    expect(curve(4 / 0.9)).toBeCloseTo(0.5, 2);
  });

  it("stays finite where a threshold separates the labels", ({ expect }) => {
    const curve = fitLogistic([0, 1, 2, 3].map((x) => ({ x, y: x < 2 ? 0 : 1 })));
    expect(curve(0)).toBeLessThan(0.1);
    expect(curve(3)).toBeGreaterThan(0.9);
  });

  it("answers the mean where there is only one abscissa, and 0.5 for no points", ({ expect }) => {
    const labels = [1, 1, 1, 0];
    expect(fitLogistic(labels.map((y) => ({ x: 3, y })))(3)).toBeCloseTo(0.75, 2);
    expect(fitLogistic([])(1)).toBe(0.5);
  });
});
