/**
 * RouterBench's rows, exported from its pickle to JSON Lines or CSV with the columns as they are:
 *
 *     python -c "import pandas as pd; pd.read_pickle('routerbench_0shot.pkl').to_json('routerbench_0shot.jsonl', orient='records', lines=True)"
 *
 * A row has `sample_id`, `prompt`, `eval_name`, for each model a column of its name with a score of 0..1,
 * `<model>|total_cost` in USD and `<model>|model_response`, which is left unread. The prompt is a list of
 * messages as Python prints lists. The many subjects of mmlu, and the kinds of mtbench, make one set each.
 *
 * A pickle itself is a program and is not read.
 *
 * Source: withmartian/routerbench, convertors/common.py, and the data set's own columns.
 */
import { z } from "zod";
import { OutcomeFileError } from "../outcome-file.ts";
import { parseCsv } from "./csv.ts";
import {
  importedRow,
  jsonLines,
  numberAt,
  type ImportedRow,
  type SourceText,
} from "./imported-row.ts";
import { pythonStrings } from "./python-strings.ts";

const COST = "|total_cost";
const FAMILIES = ["mmlu", "mtbench"];

const rowSchema = z.looseObject({
  sample_id: z.union([z.string(), z.number()]).transform(String),
  prompt: z.string(),
  eval_name: z.string().min(1),
});

/** The rows of all files together. Throws OutcomeFileError, with file and line, for what it cannot read. */
export function parseRouterBench(files: readonly SourceText[]): ImportedRow[] {
  return files.flatMap((file) => cellsOf(file).map(({ value, place }) => rowOf(value, place)));
}

function cellsOf(file: SourceText): { place: string; value: unknown }[] {
  if (/\.pkl(\.gz)?$/u.test(file.path))
    throw new OutcomeFileError(
      `${file.path}: a pickle is not read; export it: python -c "import pandas as pd; ` +
        `pd.read_pickle('in.pkl').to_json('out.jsonl', orient='records', lines=True)"`,
    );
  if (!file.path.endsWith(".csv")) return jsonLines(file);
  return parseCsv(file.text, file.path).map(({ line, cells }) => ({
    place: `${file.path}:${line}`,
    value: Object.fromEntries(cells),
  }));
}

function rowOf(value: unknown, place: string): ImportedRow {
  const parsed = rowSchema.safeParse(value);
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!;
    throw new OutcomeFileError(`${place}: ${path.map(String).join(".") || "row"}: ${message}`);
  }
  const { sample_id: id, prompt, eval_name: category, ...columns } = parsed.data;
  const scores: Record<string, number> = {};
  const costs: Record<string, number> = {};
  for (const name of Object.keys(columns)) {
    if (!name.endsWith(COST)) continue;
    const model = name.slice(0, -COST.length);
    costs[model] = numberAt(columns[name], `${place}: ${name}`, Infinity);
    scores[model] = numberAt(columns[model], `${place}: ${model}`);
  }
  if (Object.keys(scores).length === 0)
    throw new OutcomeFileError(`${place}: no column "<model>${COST}"`);
  const family = FAMILIES.find((name) => category === name || category.startsWith(`${name}-`));
  return importedRow(
    {
      id,
      dataset: family ?? category,
      category,
      prompt: pythonStrings(prompt)?.join("\n\n") ?? prompt,
      scores,
      cost_usd: costs,
    },
    "routerbench",
  );
}
