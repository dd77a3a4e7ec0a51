/**
 * Small samples of three published formats, written for this test: what becomes of a row, that each row is
 * marked and of no use for training, and how a wrong one is refused.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, it } from "vitest";
import { importFiles } from "../../../../scripts/dataset/importers/import-files.ts";
import { parseLlmRouterBench } from "../../../../scripts/dataset/importers/llmrouterbench.ts";
import { parseRouteLlm } from "../../../../scripts/dataset/importers/routellm.ts";
import { parseRouterBench } from "../../../../scripts/dataset/importers/routerbench.ts";

const WEAK = "mixtral-8x7b-instruct-v0.1";
const STRONG = "gpt-4-1106-preview";

function lines(...values: readonly unknown[]): string {
  return values.map((value) => JSON.stringify(value)).join("\n");
}

function refuse(path: string, text: string): () => unknown {
  return () => parseRouteLlm([{ path, text }]);
}

describe("parseRouteLlm", () => {
  const mmlu = {
    path: "responses/mmlu_tiny_law.csv",
    text: `prompt,${WEAK},${STRONG}\n"Which?\nA. one\nAnswer:",False,True\nSecond?,True,True\n`,
  };
  const gsm8k = {
    path: "gsm8k/gsm8k_responses.csv",
    text: `prompt,${WEAK},${STRONG},${WEAK}_response,${STRONG}_response\n"1, 2?",True,False,"so, 3",4\n`,
  };

  it("reads domains as one set, and leaves the answers unread", ({ expect }) => {
    const rows = parseRouteLlm([mmlu, gsm8k]);
    expect(rows).toMatchObject([
      { dataset: "mmlu", category: "tiny_law", scores: { [WEAK]: 0, [STRONG]: 1 } },
      { dataset: "mmlu", prompt: "Second?", id: "mmlu/tiny_law/5" },
      { dataset: "gsm8k", prompt: "1, 2?", scores: { [WEAK]: 1, [STRONG]: 0 } },
    ]);
    expect(Object.keys(rows[2]!.scores)).toEqual([WEAK, STRONG]);
    for (const row of rows) expect(row).toMatchObject({ split: "valid", imported: "routellm" });
  });

  it("joins judgements and questions, and leaves out what was contaminated", ({ expect }) => {
    const questions = {
      path: "question.jsonl",
      text: lines(
        { question_id: 81, category: "writing", turns: ["Write.", "Shorter."] },
        { question_id: 82, category: "math", turns: ["Count.", "Again."] },
        { question_id: 83, category: "math", turns: ["Nobody was asked."] },
      ),
    };
    const judgements = {
      path: "judgements.jsonl",
      text: lines(
        { question_id: 81, model: STRONG, score: 10, turn: 1 },
        { question_id: 81, model: STRONG, score: 9.5, turn: 2 },
        { question_id: 81, model: WEAK, score: 1, turn: 1 },
        { question_id: 81, model: WEAK, score: 1, turn: 2 },
        { question_id: 82, model: WEAK, score: 5, turn: 1 },
      ),
    };
    const contaminated = {
      path: "contaminated_prompts.jsonl",
      text: lines({ eval_prompt: "Again.", train_idx: 3 }, { eval_prompt: "Second?" }),
    };
    const rows = parseRouteLlm([judgements, questions, contaminated, mmlu]);
    expect(rows.map(({ prompt }) => prompt)).toEqual(["Which?\nA. one\nAnswer:", "Write."]);
    expect(rows[1]!.scores[STRONG]).toBeCloseTo((9.75 - 1) / 9, 12);
    expect(rows[1]!.scores[WEAK]).toBe(0);
    expect(() => parseRouteLlm([judgements])).toThrow(
      "judgements.jsonl:1: question_id: no question 81; give question.jsonl too",
    );
  });

  it("refuses with file and line", ({ expect }) => {
    expect(refuse("mmlu_x.csv", "prompt,a,b\nWhy?,True,Yes\n")).toThrow(
      'mmlu_x.csv:2: b: must be a number from 0 to 1 (is "Yes")',
    );
    expect(refuse("mmlu_x.csv", "prompt,a\nWhy?,True\n")).toThrow("mmlu_x.csv:2: fewer than two");
    expect(refuse("mmlu_x.csv", "question,a,b\nWhy?,True,True\n")).toThrow('no column "prompt"');
    expect(refuse("j.jsonl", '\n{"a":1}')).toThrow("j.jsonl:2: no judgement");
    expect(refuse("j.jsonl", "{")).toThrow("j.jsonl:1: not JSON");
    expect(refuse("j.jsonl", lines({ question_id: 1, model: "m", score: 11, turn: 1 }))).toThrow(
      "j.jsonl:1: no judgement",
    );
  });
});

describe("parseRouterBench", () => {
  const row = {
    sample_id: "mmlu-law.val.1",
    prompt: `['Choose.', "It's A or B?"]`,
    eval_name: "mmlu-law",
    cheap: 0.25,
    dear: 1,
    "cheap|model_response": "['B']",
    "cheap|total_cost": 0.00001,
    "dear|total_cost": 0.002,
    oracle_model_to_route_to: "dear",
  };

  it("reads JSON Lines and CSV alike", ({ expect }) => {
    const names = Object.keys(row);
    const cells = Object.values(row).map((value) => `"${String(value).replaceAll('"', '""')}"`);
    const [json, csv] = [
      parseRouterBench([{ path: "r.jsonl", text: `${lines(row)}\n` }]),
      parseRouterBench([{ path: "r.csv", text: `${names.join(",")}\n${cells.join(",")}\n` }]),
    ];
    expect(json).toEqual([
      {
        id: "mmlu-law.val.1",
        dataset: "mmlu",
        category: "mmlu-law",
        prompt: "Choose.\n\nIt's A or B?",
        scores: { cheap: 0.25, dear: 1 },
        cost_usd: { cheap: 0.00001, dear: 0.002 },
        gid: expect.stringMatching(/^[0-9a-f]{12}$/),
        split: "valid",
        imported: "routerbench",
      },
    ]);
    expect(csv).toEqual(json);
  });

  it("keeps sets by their names, and a prompt that is no list as it is", ({ expect }) => {
    const other = { ...row, eval_name: "mmlupro", prompt: "plain [1]" };
    expect(parseRouterBench([{ path: "r.jsonl", text: lines(other) }])).toMatchObject([
      { dataset: "mmlupro", prompt: "plain [1]" },
    ]);
  });

  it("refuses with file and line, and a pickle with a way out", ({ expect }) => {
    for (const [change, message] of [
      [{ dear: 7 }, "r.jsonl:2: dear: must be a number from 0 to 1 (is 7)"],
      [{ "dear|total_cost": -1 }, "r.jsonl:2: dear|total_cost"],
      [{ "new|total_cost": 1 }, "r.jsonl:2: new: must be"],
      [{ prompt: 3 }, "r.jsonl:2: prompt:"],
    ] as const) {
      const text = lines(row, { ...row, ...change });
      expect(() => parseRouterBench([{ path: "r.jsonl", text }])).toThrow(message);
    }
    expect(() =>
      parseRouterBench([
        { path: "r.jsonl", text: lines({ sample_id: 1, prompt: "x", eval_name: "y" }) },
      ]),
    ).toThrow("r.jsonl:1: no column");
    expect(() => parseRouterBench([{ path: "r.pkl", text: "" }])).toThrow("read_pickle('in.pkl')");
  });
});

describe("parseLlmRouterBench", () => {
  const record = { index: 1, origin_query: "2+2?", prompt: "Q: 2+2?", score: 1, cost: 0.01 };
  function result(model: string, change: object = {}, path = `${model}/20250101_000000.json`) {
    const file = { dataset_name: "sums", split: "test", model_name: model, records: [record] };
    return { path, text: JSON.stringify({ ...file, ...change }) };
  }

  it("joins the models of a question", ({ expect }) => {
    const free = { ...record, score: null, cost: 0, prompt_tokens: 9, completion_tokens: 3 };
    const rows = parseLlmRouterBench([result("dear"), result("home", { records: [free] })]);
    expect(rows).toEqual([
      {
        id: "sums/test/1",
        dataset: "sums",
        prompt: "2+2?",
        scores: { dear: 1, home: 0 },
        cost_usd: { dear: 0.01 },
        in_tokens: { home: 9 },
        out_tokens: { home: 3 },
        gid: expect.any(String),
        split: "valid",
        imported: "llmrouterbench",
      },
    ]);
  });

  it("takes the latest file of a model, and no trial run", ({ expect }) => {
    const wrong = [{ ...record, score: 0 }];
    const rows = parseLlmRouterBench([
      result("dear", {}, "dear/20250102_000000.json"),
      result("dear", { records: wrong }, "dear/20250101_235959.json"),
      result("dear", { records: wrong, demo: true }, "dear/20260101_000000.json"),
    ]);
    expect(rows).toMatchObject([{ scores: { dear: 1 } }]);
  });

  it("refuses with file and record", ({ expect }) => {
    expect(() => parseLlmRouterBench([{ path: "x.json", text: "[" }])).toThrow("x.json: not JSON");
    expect(() => parseLlmRouterBench([result("m", { dataset_name: "" })])).toThrow(
      "m/20250101_000000.json: dataset_name:",
    );
    expect(() =>
      parseLlmRouterBench([result("m", { records: [record, { ...record, score: 3 }] })]),
    ).toThrow("m/20250101_000000.json: records.1.score:");
    const other = { ...record, origin_query: "3+3?" };
    expect(() => parseLlmRouterBench([result("a"), result("b", { records: [other] })])).toThrow(
      "b/20250101_000000.json: records.0: asks another question than index 1",
    );
  });
});

describe("importFiles", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "sluice-import-"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it("makes a set of each data set, of packed files too", async ({ expect }) => {
    const [law, sums] = [join(folder, "mmlu_law.csv.gz"), join(folder, "gsm8k_responses.csv")];
    await writeFile(law, gzipSync("prompt,a,b\nWhy?,True,False\n"));
    await writeFile(sums, "prompt,a,b\n1+1?,True,False\n2+2?,False,False\n");
    const sets = await importFiles("routellm", [law, sums]);
    expect(sets.map(({ name, rows }) => [name, rows.length])).toEqual([
      ["mmlu", 1],
      ["gsm8k", 2],
    ]);
    const empty = join(folder, "empty.csv");
    await writeFile(empty, "prompt,a,b\n");
    await expect(importFiles("routellm", [empty])).rejects.toThrow("empty.csv: no row");
    await expect(importFiles("routellm", [join(folder, "none.csv")])).rejects.toThrow("none.csv");
  });
});
