/**
 * The laws of an upper hull, on points with whole coordinates, where they hold without rounding; and that
 * rounding costs no more than a hair.
 */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import { upperHull, type Point } from "../../../worker/routing/hull.ts";

const wholePoint = fc.record({ cost: fc.nat(40), quality: fc.nat(40) });
const wholePoints = fc.array(wholePoint, { maxLength: 30 });
const share = fc.double({ min: 0, max: 1, noNaN: true });
const realPoints = fc.array(fc.record({ cost: fc.integer({ min: 0, max: 1e9 }), quality: share }), {
  minLength: 1,
  maxLength: 30,
});

/** The best quality that a mix of corners buys at `cost`; level beyond the last corner. */
function valueAt(corners: readonly Point[], cost: number): number {
  const next = corners.findIndex((corner) => corner.cost >= cost);
  if (next === -1) return corners.at(-1)!.quality;
  const right = corners[next]!;
  const left = corners[next - 1];
  if (left === undefined || right.cost === cost) return right.quality;
  const part = (cost - left.cost) / (right.cost - left.cost);
  return left.quality + part * (right.quality - left.quality);
}

function slopes(corners: readonly Point[]): number[] {
  return corners
    .slice(1)
    .map((b, i) => (b.quality - corners[i]!.quality) / (b.cost - corners[i]!.cost));
}

describe("upperHull", () => {
  it("ascends in cost and quality, ever less steeply", ({ expect }) => {
    fc.assert(
      fc.property(wholePoints, (points) => {
        const gains = slopes(upperHull(points));
        expect(gains.every((gain) => gain > 0 && gain < Infinity)).toBe(true);
        gains.slice(1).forEach((gain, i) => expect(gain).toBeLessThan(gains[i]!));
      }),
    );
  });

  it("lies on or above every point, from given points only", ({ expect }) => {
    fc.assert(
      fc.property(realPoints, (points) => {
        const corners = upperHull(points);
        expect(corners.every((corner) => points.includes(corner))).toBe(true);
        for (const { cost, quality } of points)
          expect(valueAt(corners, cost)).toBeGreaterThanOrEqual(quality - 1e-9);
      }),
    );
  });

  it("begins with the cheapest and ends with the best", ({ expect }) => {
    fc.assert(
      fc.property(realPoints, (points) => {
        const corners = upperHull(points);
        expect(corners[0]!.cost).toBe(Math.min(...points.map(({ cost }) => cost)));
        expect(corners.at(-1)!.quality).toBe(Math.max(...points.map(({ quality }) => quality)));
      }),
    );
  });

  it("is its own hull, in whatever order the points come", ({ expect }) => {
    fc.assert(
      fc.property(
        wholePoints.chain((points) =>
          fc.tuple(fc.constant(points), fc.shuffledSubarray(points, { minLength: points.length })),
        ),
        ([points, shuffled]) => {
          const corners = upperHull(points);
          expect(upperHull(corners)).toEqual(corners);
          expect(upperHull(shuffled)).toEqual(corners);
        },
      ),
    );
  });

  it("does not move when a point below it is added", ({ expect }) => {
    fc.assert(
      fc.property(
        wholePoints.filter((points) => points.length > 0),
        wholePoint,
        (points, one) => {
          const corners = upperHull(points);
          fc.pre(one.cost >= corners[0]!.cost && one.quality < valueAt(corners, one.cost));
          expect(upperHull([...points, one])).toEqual(corners);
        },
      ),
    );
  });

  it.for<{ what: string; points: [number, number][]; corners: number[] }>([
    { what: "nothing", points: [], corners: [] },
    { what: "one point", points: [[3, 4]], corners: [0] },
    {
      what: "equal points: the first",
      points: [
        [1, 1],
        [1, 1],
      ],
      corners: [0],
    },
    {
      what: "equal costs: the better",
      points: [
        [1, 1],
        [1, 2],
      ],
      corners: [1],
    },
    {
      what: "equal qualities: the cheaper",
      points: [
        [2, 5],
        [1, 5],
      ],
      corners: [1],
    },
    {
      what: "a dearer and worse point",
      points: [
        [1, 5],
        [2, 4],
      ],
      corners: [0],
    },
    {
      what: "three in a line: the ends",
      points: [
        [0, 0],
        [1, 1],
        [2, 2],
      ],
      corners: [0, 2],
    },
    {
      what: "a dent",
      points: [
        [0, 0],
        [1, 1],
        [2, 9],
      ],
      corners: [0, 2],
    },
    {
      what: "a bulge",
      points: [
        [0, 0],
        [1, 8],
        [2, 9],
      ],
      corners: [0, 1, 2],
    },
  ])("of $what", ({ points, corners }, { expect }) => {
    const given = points.map(([cost, quality]) => ({ cost, quality }));
    const hull = upperHull(given);
    expect(hull.map((point) => given.indexOf(point))).toEqual(corners);
  });
});
