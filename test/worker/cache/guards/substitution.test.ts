/** Which prompts are the same but for what they are about. */
import { subjectsDiffer } from "../../../../worker/cache/guards/substitution.ts";
import { describeGuard } from "../../../contract/guard-contract.ts";

/** Pairs that may not share an answer. */
const APART = [
  ["how to cook rice", "how to cook pasta"],
  ["who is brad pitt", "who is tom cruise"],
  ["how do plants make sugar", "how do bees make honey"],
  ["red wine stains", "coffee stains"],
  ["法国的首都", "德国的首都"],
] as const;

/** Pairs of which this guard has nothing to say. */
const ALIKE = [
  ["how do I fix a tap", "how can I repair a tap"],
  ["learn guitar", "learn guitar quickly as an adult"],
  ["explain recursion", "what is recursion?"],
  ["give 3 ideas", "give three ideas"],
  ["stopping trains", "the train stops"],
] as const;

describeGuard("substitution", subjectsDiffer, { apart: APART, alike: ALIKE });
