/** The flags of eval: defaults, lists, and what is refused before anything is read. */
import { describe, it } from "vitest";
import { readOptions } from "../../../scripts/evaluation/options.ts";

describe("readOptions", () => {
  it("takes files in either way, and groups of sets to leave out", ({ expect }) => {
    expect(readOptions([])).toMatchObject({ protocol: "id", files: [], resamples: 1_000, seed: 7 });
    const words = ["--data", "a,b", "c", "--protocol", "leave-dataset", "--leave", "x,y+z"];
    expect(readOptions(words)).toMatchObject({
      files: ["a", "b", "c"],
      protocol: "leave-dataset",
      leave: [["x"], ["y", "z"]],
    });
  });

  it.for([
    ["stray.jsonl", 'Unknown argument "stray.jsonl"; files are given with --data'],
    ["--protocol none", '--protocol "none" must be one of id, cross, leave-dataset, leave-model'],
    ["--protocol cross --folds 1", "--folds"],
    ["--protocol cross --folds 2.5", "--folds"],
    ["--protocol cross --family none", "--family none"],
    ["--family length", "--family has no effect with --protocol id"],
    ["--folds 3", "--folds has no effect with --protocol id"],
    ["--keep dir", "--keep has no effect with --protocol id"],
    ["--format routellm --data a --skip-bad-rows", "--skip-bad-rows has no effect with --format"],
    ["--format none", '--format "none" must be one of routellm, routerbench, llmrouterbench'],
    ["--format routellm", "--format wants --data"],
    ["--protocol leave-dataset --write-card", "--write-card has no effect"],
    [
      "--protocol leave-model --format routellm --data a",
      "--format has no effect with --protocol leave-model",
    ],
    ["--protocol cross --leave x", "--leave has no effect with --protocol cross"],
    ["--resamples 0", "--resamples"],
    ["--unknown", "--unknown"],
  ] as const)("refuses %s", ([words, message], { expect }) => {
    expect(() => readOptions(words.split(" "))).toThrow(message);
  });
});
