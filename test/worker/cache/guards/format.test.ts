/** Which form of answer is asked for. */
import { formatsDiffer } from "../../../../worker/cache/guards/format.ts";
import { describeGuard } from "../../../contract/guard-contract.ts";

/** Pairs that may not share an answer. */
const APART = [
  ["as JSON", "as YAML"],
  ["write a poem", "write an essay"],
  ["explain it to a child", "explain it to an expert"],
  ["explain briefly", "explain in detail"],
  ["is it wet, yes or no", "is it wet"],
  ["in one sentence", "in one paragraph"],
  ["write me a letter", "write me an email"],
  ["explain it", "explain it step by step"],
] as const;

/** Pairs of which this guard has nothing to say. */
const ALIKE = [
  ["sort a list", "sort the list"],
  ["summarise it", "a summary of it"],
  ["explain briefly", "a brief explanation"],
  ["my story is sad", "my tale is sad"],
] as const;

describeGuard("formats", formatsDiffer, { apart: APART, alike: ALIKE });
