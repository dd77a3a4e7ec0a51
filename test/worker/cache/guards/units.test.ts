/** Which units and currencies are one, and who asks for which. */
import { describe, it } from "vitest";
import { readText } from "../../../../worker/cache/guards/text.ts";
import { unitsDiffer } from "../../../../worker/cache/guards/units.ts";

/** Pairs that may not share an answer. */
const APART = [
  ["5 km", "5 miles"],
  ["how many miles", "how many kilometres"],
  ["5 km to miles", "5 miles to km"],
  ["20 °C", "20 °F"],
  ["$50", "€50"],
  ["in Celsius", "in Fahrenheit"],
  ["10 minutes", "10 hours"],
  ["500mg", "500 ml"],
  ["8 glasses a day", "8 glasses a week"],
  ["km to miles", "miles to km"],
] as const;

/** Pairs of which this guard has nothing to say. */
const ALIKE = [
  ["5 km", "five kilometres"],
  ["convert 10 km to miles", "how many miles is 10 km?"],
  ["$50", "50 dollars"],
  ["20 °C", "20 degrees Celsius"],
  ["a one-minute speech", "a 1 minute speech"],
  ["twice a day", "twice per day"],
  ["these days", "nowadays"],
  ["what is in 5", "what is 5"],
  ["Is 17 a prime?", "Is the number 17 prime?"],
] as const;

function objection([a, b]: readonly [string, string]): string | undefined {
  return unitsDiffer(readText(a), readText(b));
}

describe("units", () => {
  it("refuses what differs, whichever comes first", ({ expect }) => {
    for (const [a, b] of APART) {
      expect.soft(objection([a, b]), `${a} | ${b}`).toBeDefined();
      expect.soft(objection([b, a]), `${b} | ${a}`).toBeDefined();
    }
  });

  it("lets pass what is only said otherwise", ({ expect }) => {
    for (const [a, b] of ALIKE) expect.soft(objection([a, b]), `${a} | ${b}`).toBeUndefined();
  });
});
