/** What can be asked of onboard, and how it says that a call makes no sense. */
import { describe, it } from "vitest";
import { readOptions } from "../../../scripts/onboarding/options.ts";

const MODEL = ["--model", "a/b"];
const SOURCE = "https://example.com/scores";

describe("readOptions", () => {
  it("reads scores with where and how they were taken", ({ expect }) => {
    const anchors = ["--anchors", "mmlu_pro=0.8, arena_elo=1400", "--source", SOURCE];
    expect(readOptions([...MODEL, ...anchors, "--setting", "high effort"])).toMatchObject({
      model: "a/b",
      anchors: [
        { benchmark: "mmlu_pro", score: 0.8, setting: "high effort", source: SOURCE },
        { benchmark: "arena_elo", score: 1400, setting: "high effort", source: SOURCE },
      ],
      isToWrite: false,
    });
  });

  it("needs nothing to show the catalogue", ({ expect }) => {
    expect(readOptions([])).toMatchObject({ model: undefined, anchors: [], suggest: 0 });
    expect(readOptions(["--help"])).toBe("help");
  });

  it.for([
    [[...MODEL, "--anchors", "mmlu_pro=0.5"], "--anchors wants --source"],
    [[...MODEL, "--anchors", "iq=130", "--source", SOURCE], 'no benchmark "iq"'],
    [[...MODEL, "--anchors", "mmlu_pro=high", "--source", SOURCE], "write mmlu_pro=SCORE"],
    [[...MODEL, "--anchors", "mmlu_pro", "--source", SOURCE], "write mmlu_pro=SCORE"],
    [[...MODEL, "--source", SOURCE], "--source is for --anchors"],
    [[...MODEL, "--write"], "nothing to write"],
    [["--probes", "x.jsonl"], "--model says which"],
    [[...MODEL, "--suggest", "3"], "go together"],
    [[...MODEL, "--data", "x.jsonl"], "go together"],
    [
      [...MODEL, "--suggest", "some", "--data", "x.jsonl"],
      '--suggest "some" must be a whole number from 1.',
    ],
    [[...MODEL, "--out", "x.jsonl"], "--out is for"],
    [["--modle", "a/b"], "--modle"],
  ] as const)("refuses %s", ([args, complaint], { expect }) => {
    expect(() => readOptions(args)).toThrow(complaint);
  });
});
