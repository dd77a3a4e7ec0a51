/** Bets: no growth on average while the claim is true, growth where it is not. */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import { bet, betAnew, LEAST, logMean, unbet } from "../../../../worker/learning/detectors/bets.ts";
import { randomFrom } from "../../../../worker/lib/prng.ts";

describe("bets on a claim that holds", () => {
  it("reach 20 in less than a twentieth of all streams, whenever one looks", ({ expect }) => {
    const random = randomFrom(1);
    let won = 0;
    for (let run = 0; run < 1_000; run++) {
      let logs = unbet();
      for (let n = 0; n < 200 && logMean(logs) < Math.log(20); n++)
        logs = bet(logs, random() < 0.5 ? 1 : -1);
      if (logMean(logs) >= Math.log(20)) won++;
    }
    expect(won).toBeGreaterThan(0);
    expect(won).toBeLessThan(50);
  });

  it("that begin anew reach 50 no sooner than after 50 numbers on average", ({ expect }) => {
    const random = randomFrom(2);
    let numbers = 0;
    for (let run = 0; run < 200; run++) {
      let logs = unbet();
      while (logMean(logs) < Math.log(50)) {
        logs = betAnew(logs, random() < 0.2 ? 0.8 : -0.2);
        numbers++;
      }
    }
    expect(numbers / 200).toBeGreaterThan(50);
  });
});

describe("bets", () => {
  it("are never ruined, and are moved by a number of little weight only a little", ({ expect }) => {
    const number = fc.double({ min: LEAST, max: 2, noNaN: true });
    const weight = fc.double({ min: 1e-3, max: 5, noNaN: true });
    fc.assert(
      fc.property(fc.array(fc.tuple(number, weight), { maxLength: 50 }), (numbers) => {
        let logs = unbet();
        for (const [x, heft] of numbers) {
          const [light, heavy] = [bet(logs, x, Math.min(heft, 1)), bet(logs, x)];
          for (const [k, log] of light.entries())
            expect(Math.abs(log - logs[k]!)).toBeLessThanOrEqual(
              Math.abs(heavy[k]! - logs[k]!) + 1e-12,
            );
          logs = betAnew(logs, x, heft);
          expect(Number.isFinite(logMean(logs))).toBe(true);
        }
      }),
    );
  });

  it("that begin anew forget what was lost, and others do not", ({ expect }) => {
    const lost = Array.from({ length: 100 }, () => -0.5);
    const [kept, anew] = [
      lost.reduce((a, x) => bet(a, x), unbet()),
      lost.reduce((a, x) => betAnew(a, x), unbet()),
    ];
    expect(logMean(kept)).toBeLessThan(-3);
    expect(logMean(anew)).toBeGreaterThan(-1);
  });
});
