/** The price of money: how it answers to money, time and traffic, and that it always is a price. */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import { upperHull, type Point } from "../../../worker/routing/hull.ts";
import { DEAREST_MONEY, PaceBook, type PaceFacts } from "../../../worker/routing/pace.ts";

const HOUR_MS = 3_600_000;

const offers: fc.Arbitrary<Point[]> = fc
  .array(
    fc.record({ cost: fc.nat(100_000), quality: fc.double({ min: 0, max: 1, noNaN: true }) }),
    { minLength: 1, maxLength: 6 },
  )
  .map((points) => upperHull(points));

const facts: fc.Arbitrary<PaceFacts> = fc.record({
  remainingMicroUsd: fc.oneof(fc.constant(0), fc.nat(1_000_000_000), fc.integer({ max: 0 })),
  requests: fc.nat(100_000),
  elapsedMs: fc.oneof(fc.constant(0), fc.nat(40 * 24 * HOUR_MS)),
  leftMs: fc.oneof(fc.constant(0), fc.constant(-5), fc.nat(40 * 24 * HOUR_MS)),
  before: fc.oneof(fc.constant([]), fc.array(fc.nat(100_000), { minLength: 1, maxLength: 50 })),
});

const HALFWAY: PaceFacts = {
  remainingMicroUsd: 500_000,
  requests: 1_000,
  elapsedMs: 12 * HOUR_MS,
  leftMs: 12 * HOUR_MS,
};

/** A book that has seen these requests, all with the same facts. */
function bookOf(requests: readonly Point[][], seen: PaceFacts = HALFWAY): PaceBook {
  const book = new PaceBook();
  for (const request of requests) book.observe("b", request, seen);
  return book;
}

function priceOf(book: PaceBook, changes: Partial<PaceFacts> = {}): number {
  return priceAt(book, { ...HALFWAY, ...changes });
}

function priceAt(book: PaceBook, moment: PaceFacts): number {
  return book.paceFor("b", moment)!.qualityPerUsd;
}

/** Mean of the next fifty requests, which all find the same facts. */
function meanPriceOf(book: PaceBook, changes: Partial<PaceFacts> = {}): number {
  let sum = 0;
  for (let request = 0; request < 50; request++) {
    book.observe("b", TWO, HALFWAY);
    sum += priceOf(book, changes);
  }
  return sum / 50;
}

/** A cheap model, and a better one for ten times the money. */
const TWO: Point[] = [
  { cost: 100, quality: 0.5 },
  { cost: 1_000, quality: 0.8 },
];

describe("the price of money, for any requests and any facts", () => {
  const requests = fc.array(offers, { minLength: 1, maxLength: 20 });

  it("is a number from 0 to the dearest", ({ expect }) => {
    fc.assert(
      fc.property(requests, fc.array(facts, { minLength: 1 }), (seen, moments) => {
        const book = new PaceBook();
        for (const [k, moment] of moments.entries()) {
          book.observe("b", seen[k % seen.length]!, moment);
          const price = priceAt(book, moment);
          expect(price).toBeGreaterThanOrEqual(0);
          expect(price).toBeLessThanOrEqual(DEAREST_MONEY);
        }
      }),
    );
  });

  it("never rises with money that remains", ({ expect }) => {
    fc.assert(
      fc.property(requests, facts, fc.nat(1_000_000_000), (seen, moment, more) => {
        const book = bookOf(seen, moment);
        const price = priceAt(book, moment);
        const remainingMicroUsd = moment.remainingMicroUsd + more;
        expect(priceAt(book, { ...moment, remainingMicroUsd })).toBeLessThanOrEqual(price);
      }),
    );
  });
});

function takenAt(points: readonly Point[], qualityPerUsd: number): Point {
  function utility({ cost, quality }: Point): number {
    return quality - (qualityPerUsd * cost) / 1e6;
  }
  return points.reduce((best, point) => (utility(point) > utility(best) ? point : best));
}

describe("the price of money", () => {
  it("is none for a budget that nobody has drawn on", ({ expect }) => {
    expect(new PaceBook().paceFor("b", HALFWAY)).toBeUndefined();
    expect(bookOf([TWO]).paceFor("other", HALFWAY)).toBeUndefined();
  });

  it("is 0 where the best model for everybody can be paid, and takes the cheapest where not even that can", ({
    expect,
  }) => {
    const book = bookOf([TWO]);
    expect(priceOf(book, { remainingMicroUsd: 10_000_000 })).toBe(0);
    const price = priceOf(book, { remainingMicroUsd: 50_000 });
    expect(takenAt(TWO, price)).toBe(TWO[0]);
    expect(priceOf(book, { remainingMicroUsd: -1 })).toBe(price);
  });

  it("rises with the time that is left, and with the rate of requests", ({ expect }) => {
    const spread = Array.from({ length: 20 }, (_, k): Point[] => [
      TWO[0]!,
      { cost: 1_000, quality: 0.5 + k / 50 },
    ]);
    const book = bookOf(spread);
    const prices = [6, 9, 12].map((hours) => priceOf(book, { leftMs: hours * HOUR_MS }));
    expect(prices).toEqual(prices.toSorted((a, b) => a - b));
    expect(prices[0]).toBeLessThan(prices[2]!);
    expect(priceOf(book, { requests: 1_500 })).toBeGreaterThan(priceOf(book));
  });

  it("comes with what one request may hold: half of what is not kept back for the others", ({
    expect,
  }) => {
    const book = bookOf([TWO]);
    function mostOf(remainingMicroUsd: number): number {
      return book.paceFor("b", { ...HALFWAY, remainingMicroUsd })!.mostMicroUsd;
    }
    expect(mostOf(50_000)).toBe(0);
    const [some, more] = [mostOf(500_000), mostOf(700_000)];
    expect(some).toBeGreaterThan(100_000);
    expect(some).toBeLessThan(200_000);
    expect(more - some).toBeCloseTo(100_000, 6);
  });

  it("is now one, now another where like requests change their model at once, so that the mean is the target", ({
    expect,
  }) => {
    const book = bookOf(Array.from({ length: 100 }, () => TWO));
    const paces = Array.from({ length: 200 }, () => {
      book.observe("b", TWO, HALFWAY);
      return takenAt(TWO, priceOf(book, { remainingMicroUsd: 550_000 })).cost;
    });
    const dear = paces.filter((cost) => cost === 1_000).length;
    expect(dear).toBeGreaterThan(80);
    expect(dear).toBeLessThan(140);
    const runs = paces.filter((cost, at) => cost !== paces[at - 1]).length;
    expect(runs).toBeGreaterThan(60);
  });

  it("splits like requests where money is between two models", ({ expect }) => {
    const even = Array.from({ length: 100 }, (_, k): Point[] => [
      { cost: 100, quality: 0.5 },
      { cost: 1_000, quality: 0.5 + k / 250 },
    ]);
    const price = priceOf(bookOf(even), { remainingMicroUsd: 700_000 });
    const dear = even.filter((points) => takenAt(points, price).cost === 1_000).length;
    expect(dear).toBeGreaterThan(50);
    expect(dear).toBeLessThan(90);
  });

  it("believes bills more than forecasts", ({ expect }) => {
    const [right, wrong] = [bookOf([TWO]), bookOf([TWO])];
    for (let k = 0; k < 200; k++) {
      right.settle("b", { expectedMicroUsd: 100, usedMicroUsd: 100 });
      wrong.settle("b", { expectedMicroUsd: 100, usedMicroUsd: 300 });
    }
    expect(meanPriceOf(wrong)).toBeGreaterThan(meanPriceOf(right));
    wrong.settle("unheard of", { expectedMicroUsd: 1, usedMicroUsd: 1 });
    expect(wrong.paceFor("unheard of", HALFWAY)).toBeUndefined();
  });

  it("expects of the rest of a day what yesterday saw of it, however busy either is", ({
    expect,
  }) => {
    const book = bookOf([TWO]);
    const unknown = meanPriceOf(book);
    for (const level of [0.3, 1, 3]) {
      const [calm, busy] = [1_600 * level, 400 * level];
      expect(meanPriceOf(book, { before: [calm, busy] })).toBeLessThan(unknown);
      expect(meanPriceOf(book, { before: [busy, calm] })).toBeGreaterThan(unknown);
    }
  });

  it("keeps to an even rhythm as to none", ({ expect }) => {
    const even = Array.from({ length: 48 }, () => 40);
    expect(meanPriceOf(bookOf([TWO]), { before: even })).toBe(meanPriceOf(bookOf([TWO])));
  });

  it("goes by time where yesterday had no requests, or by now less than a tenth or more than ten times today's", ({
    expect,
  }) => {
    const unknown = meanPriceOf(bookOf([TWO]));
    for (const before of [
      [0, 0],
      [40, 3_000],
      [11_000, 1],
    ])
      expect(meanPriceOf(bookOf([TWO]), { before })).toBe(unknown);
    for (const before of [
      [70, 3_000],
      [9_000, 1],
    ])
      expect(meanPriceOf(bookOf([TWO]), { before })).not.toBe(unknown);
  });

  it("is lower late in a window whose traffic came in bursts: less can be counted on", ({
    expect,
  }) => {
    const nearlyFree = [{ cost: 1, quality: 0.5 }, TWO[1]!];
    function after(share: (part: number) => number): number {
      const book = new PaceBook();
      let requests = 0;
      for (let part = 0; part <= 36; part++) {
        book.observe("b", nearlyFree, facts36(part, requests));
        requests += share(part);
      }
      return priceAt(book, { ...facts36(36, 720), remainingMicroUsd: 150_000 });
    }
    expect(after((part) => (part % 12 === 0 ? 240 : 0))).toBeLessThan(after(() => 20));
  });

  it("starts a new window without the last one's bursts", ({ expect }) => {
    const fresh = { ...facts36(2, 10), remainingMicroUsd: 150_000 };
    /** Mean of the new window's first prices, after 37 requests of an old one. */
    function after(share: (part: number) => number): number {
      const book = new PaceBook();
      let requests = 0;
      for (let part = 0; part <= 36; part++) {
        book.observe("b", TWO, facts36(part, requests));
        requests += share(part);
      }
      let sum = 0;
      for (let request = 0; request < 50; request++) {
        book.observe("b", TWO, fresh);
        sum += priceAt(book, fresh);
      }
      return sum;
    }
    expect(after((part) => (part % 12 === 0 ? 240 : 0))).toBe(after(() => 20));
  });

  it("forgets the budget unheard of for longest, after a thousand", ({ expect }) => {
    const book = bookOf([TWO]);
    for (let k = 0; k < 1_000; k++) book.observe(`b${k}`, TWO, HALFWAY);
    expect(book.paceFor("b", HALFWAY)).toBeUndefined();
    expect(book.paceFor("b0", HALFWAY)).toBeDefined();
  });
});

function facts36(part: number, requests: number): PaceFacts {
  const partMs = HOUR_MS / 2;
  return {
    remainingMicroUsd: 500_000,
    requests,
    elapsedMs: part * partMs,
    leftMs: (48 - part) * partMs,
  };
}
