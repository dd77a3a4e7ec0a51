/** What is code in a prompt, and which spellings of it are one. */
import { codeDiffers } from "../../../../worker/cache/guards/code.ts";
import { describeGuard } from "../../../contract/guard-contract.ts";

/** Pairs that may not share an answer. */
const APART = [
  ["what does `map` do?", "what does `filter` do?"],
  ["call getUser", "call getUsers"],
  ["sort in Python", "sort in Ruby"],
  ["a == b", "a === b"],
  ["x++ is", "++x is"],
  ["```x = 1```", "```X = 1```"],
  ["use --all", "use --quiet"],
  ["read it in C", "read it in C++"],
  ["git log", "svn log"],
  ["os.path.join", "os.path.split"],
  ["my_var is", "my_val is"],
] as const;

/** Pairs of which this guard has nothing to say. */
const ALIKE = [
  ["what does `useState` do?", "what does useState do?"],
  ["what is foo()", "what is foo"],
  ["JS closures", "JavaScript closures"],
  ["fix it in Python 3", "fix it in python 3"],
  ["run `npm`.", "run npm"],
  ["cats/dogs & birds", "cats dogs and birds"],
  ["``` x = 1 ```", "```x = 1```"],
] as const;

describeGuard("code", codeDiffers, { apart: APART, alike: ALIKE });
