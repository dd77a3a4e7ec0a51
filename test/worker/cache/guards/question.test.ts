/** Which kind of thing is asked for. */
import { questionsDiffer } from "../../../../worker/cache/guards/question.ts";
import { describeGuard } from "../../../contract/guard-contract.ts";

/** Pairs that may not share an answer. */
const APART = [
  ["when was he born", "where was he born"],
  ["who built it", "why was it built"],
  ["how many are there", "how old are they"],
  ["how come it fell", "when did it fall"],
] as const;

/** Pairs of which this guard has nothing to say. */
const ALIKE = [
  ["when was he born", "what year was he born"],
  ["why is it so", "how come it is so"],
  ["how much water", "how many litres of water"],
  ["what should I do when it rains", "what should I do if it rains"],
  ["how do I learn", "where can I learn"],
  ["how much time is left", "how long is left"],
] as const;

describeGuard("questions", questionsDiffer, { apart: APART, alike: ALIKE });
