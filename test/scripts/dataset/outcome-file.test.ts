/**
 * Files of outcomes from disk to rows: what is read, what is filled in, and how gzip is taken. A bad row
 * must be named by file, line and field, so each way to be wrong stands on a line that is not the first.
 */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, it } from "vitest";
import { loadOutcomes, readOutcomes } from "../../../scripts/dataset/outcome-file.ts";

const FIXTURES = "test/fixtures/outcomes";
const GOOD = '{"id":"a","prompt":"x","scores":{"m":1}}';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-outcomes-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function fileOf(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

describe("readOutcomes", () => {
  it("reads every known field of a row, and no other", async ({ expect }) => {
    const rows = await loadOutcomes([`${FIXTURES}/quiz.jsonl`]);
    expect(rows).toHaveLength(10);
    expect(rows[1]).toEqual({
      id: "quiz/1",
      dataset: "quiz",
      category: "sums",
      prompt: "Add 7, 19 and 230, then halve the result and say it in words.",
      scores: { "alpha/large": 1, "alpha/small": 0, "beta/medium": 1 },
      cost_usd: { "alpha/large": 0.03, "alpha/small": 0.002, "beta/medium": 0.006 },
      gid: "q01",
      split: "train",
    });
  });

  it("fills in what a row leaves out", async ({ expect }) => {
    const [a, b, c] = await loadOutcomes([`${FIXTURES}/bare.jsonl`]);
    expect([a!.dataset, c!.dataset]).toEqual(["bare", "drawings"]);
    expect(a!.gid).toMatch(/^[0-9a-f]{12}$/);
    expect(b!.gid).toBe(a!.gid); // The same question in other spacing and case.
    expect(c!.gid).not.toBe(a!.gid);
    expect(b!.split).toBe(a!.split);
    expect(a).not.toHaveProperty("colour");
  });

  it("reads gzip as it reads text, however lines fall on chunks", async ({ expect }) => {
    const plain = `${FIXTURES}/quiz.jsonl`;
    const long = JSON.stringify({ id: "z", prompt: "ü€".repeat(90_000), scores: { m: 0.5 } });
    const text = `${await readFile(plain, "utf8")}${long}`;
    const path = await fileOf("quiz.jsonl.gz", gzipSync(text));
    const rows = await loadOutcomes([path]);
    expect(rows.slice(0, 10)).toEqual(await loadOutcomes([plain]));
    expect(rows[10]).toMatchObject({ dataset: "quiz", prompt: "ü€".repeat(90_000) });
  });

  it.each([
    ["no object", "[]", "row: Invalid input"],
    ["no JSON", "{", "row: not a JSON object"],
    ["no prompt", '{"id":"b","scores":{"m":1}}', "prompt: "],
    ["a blank prompt", '{"id":"b","prompt":" \\n","scores":{"m":1}}', "prompt: is blank"],
    ["an empty id", '{"id":"","prompt":"x","scores":{"m":1}}', "id: "],
    ["no scores", '{"id":"b","prompt":"x","scores":{}}', "scores: name at least one model"],
    ["a score out of range", '{"id":"b","prompt":"x","scores":{"m":7}}', "scores.m: "],
    ["a score as text", '{"id":"b","prompt":"x","scores":{"m":"1"}}', 'scores.m: .* \\(is "1"\\)'],
    ["a score of null", '{"id":"b","prompt":"x","scores":{"m":null}}', "scores.m: "],
    ["a wrong split", '{"id":"b","prompt":"x","scores":{"m":1},"split":"test"}', "split: "],
    [
      "a negative cost",
      '{"id":"b","prompt":"x","scores":{"m":1},"cost_usd":{"m":-1}}',
      "cost_usd.m: ",
    ],
    ["an id twice", GOOD, 'id: "a" is taken by .*bad.jsonl:1'],
  ])("names file, line and field of %s", async (_, line, message) => {
    const path = await fileOf("bad.jsonl", `${GOOD}\n\n${line}\n`);
    await expectRefusal(loadOutcomes([path]), `bad.jsonl:3: ${message}`);
  });

  it("names the row of a model that is not in the list", async () => {
    const path = await fileOf(
      "listed.jsonl",
      `${GOOD}\n{"id":"b","prompt":"x","scores":{"n":1}}\n`,
    );
    await expectRefusal(
      loadOutcomes([path], { models: new Set(["m"]) }),
      "listed.jsonl:2: scores.n: not in the list of models",
    );
  });

  it("counts bad rows instead, when told to", async ({ expect }) => {
    const path = await fileOf("mixed.jsonl", `${GOOD}\nnonsense\n{"id":"b"}\n${GOOD}\n`);
    const bad: string[] = [];
    const rows = await loadOutcomes([path], { onBadRow: (error) => bad.push(error.message) });
    expect(rows.map(({ id }) => id)).toEqual(["a"]);
    expect(bad.map((message) => /:\d+: \w+/u.exec(message)?.[0])).toEqual([
      ":2: row",
      ":3: prompt",
      ":4: id",
    ]);
  });

  it("says which file is missing, cut short or empty", async () => {
    const whole = gzipSync(`${GOOD}\n`.repeat(50));
    const cut = await fileOf("cut.jsonl.gz", whole.subarray(0, whole.length - 12));
    const empty = await fileOf("empty.jsonl", "\n");
    await expectRefusal(
      loadOutcomes([join(folder, "nowhere.jsonl.gz")]),
      "nowhere.jsonl.gz: .*ENOENT",
    );
    await expectRefusal(
      loadOutcomes([cut], { onBadRow: () => undefined }),
      "cut.jsonl.gz: cannot be read",
    );
    await expectRefusal(loadOutcomes([empty]), "empty.jsonl: no usable outcome row");
  });

  it("hands out rows before the file is read to its end", async ({ expect }) => {
    const path = await fileOf("late.jsonl", `${GOOD}\nbroken\n`);
    for await (const { id } of readOutcomes(path)) {
      expect(id).toBe("a");
      break; // The broken row comes later and is never reached.
    }
  });
});

async function expectRefusal(promise: Promise<unknown>, pattern: string): Promise<void> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof Error && new RegExp(pattern, "u").test(error.message)) return;
  throw new Error(`Wanted a refusal like "${pattern}", got: ${String(error)}`);
}
