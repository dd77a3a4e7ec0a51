/** What is a name, and when the other prompt says it too. */
import { entitiesDiffer } from "../../../../worker/cache/guards/entities.ts";
import { describeGuard } from "../../../contract/guard-contract.ts";

/** Pairs that may not share an answer. */
const APART = [
  ["Who was Ada Lovelace?", "Who was Grace Hopper?"],
  ["capital of france", "capital of germany"],
  ["the FBI", "the CIA"],
  ['What is "alpha"?', 'What is "beta"?'],
  ["read https://a.example/x", "read https://a.example/y"],
  ["mail bob@example.com", "mail amy@example.com"],
  ["open ./src/a.ts", "open ./src/b.ts"],
  ["Trip to New York", "Trip to Los Angeles"],
  ["Fly from Oslo", "Fly from Bergen"],
] as const;

/** Pairs of which this guard has nothing to say. */
const ALIKE = [
  ["What's France's capital?", "the capital of France"],
  ["Python is what?", "what is Python?"],
  ["WHAT IS NASA?", "what is nasa?"],
  ["the US election", "the American election"],
  ["New York City hotels", "hotels in NYC"],
  ['what does "gist" mean', "what does gist mean"],
  ["How To Cook Fresh Pasta Quickly", "how to cook fresh pasta quickly"],
  ["Open https://www.a.example/x/", "open (https://a.example/x)."],
] as const;

describeGuard("entities", entitiesDiffer, { apart: APART, alike: ALIKE });
