/** Which words have exchanged their places. */
import { directionsDiffer } from "../../../../worker/cache/guards/direction.ts";
import { describeGuard } from "../../../contract/guard-contract.ts";

/** Pairs that may not share an answer. */
const APART = [
  ["from Paris to Rome", "from Rome to Paris"],
  ["is a lion stronger than a tiger", "is a tiger stronger than a lion"],
  ["the dog bit the man", "the man bit the dog"],
  ["convert grams to cups", "convert cups to grams"],
  ["lunch before sport", "sport before lunch"],
  ["replace tabs with spaces", "replace spaces with tabs"],
  ["who killed Caesar", "who did Caesar kill"],
  ["can I sue my landlord", "can my landlord sue me"],
] as const;

/** Pairs of which this guard has nothing to say. */
const ALIKE = [
  ["from Paris to Rome", "to Rome from Paris"],
  ["cats and dogs", "dogs and cats"],
  ["TCP vs UDP", "UDP vs TCP"],
  ["why Oslo is cold", "why is Oslo cold"],
  ["In Python, sort a list", "sort a list in Python"],
] as const;

describeGuard("directions", directionsDiffer, { apart: APART, alike: ALIKE });
