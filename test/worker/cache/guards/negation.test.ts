/** What denies, and what is the opposite of what. */
import { negationsDiffer } from "../../../../worker/cache/guards/negation.ts";
import { describeGuard } from "../../../contract/guard-contract.ts";

/** Pairs that may not share an answer. */
const APART = [
  ["is it safe", "is it not safe"],
  ["with sugar", "without sugar"],
  ["why does it work", "why doesn't it work"],
  ["is it legal", "is it illegal"],
  ["a reversible change", "an irreversible change"],
  ["increase the volume", "decrease the volume"],
  ["turn on the light", "turn off the light"],
  ["before lunch", "after lunch"],
  ["the pros of tea", "the pros and cons of tea"],
  ["the best one", "the worst one"],
  ["enable it", "disable it"],
  ["it works", "it fails to work"],
  ["よく眠れる", "よく眠れない"],
] as const;

/** Pairs of which this guard has nothing to say. */
const ALIKE = [
  ["don't go", "do not go"],
  ["I cant see", "I cannot see"],
  ["is it impossible", "is it not possible"],
  ["is it good or not", "is it good"],
  ["look no. 5 up", "look no. 5 up please"],
  ["turn off the light on my phone", "turn off the phone's light"],
  ["raising prices", "increased prices"],
  ["at least three", "three or more"],
  ["what can I find out", "what can I find"],
] as const;

describeGuard("negation", negationsDiffer, { apart: APART, alike: ALIKE });
