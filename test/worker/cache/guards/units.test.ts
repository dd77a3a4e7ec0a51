/** Which units and currencies are one, and who asks for which. */
import { unitsDiffer } from "../../../../worker/cache/guards/units.ts";
import { describeGuard } from "../../../contract/guard-contract.ts";

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

describeGuard("units", unitsDiffer, { apart: APART, alike: ALIKE });
