/**
 * LLMRouterBench's result files: one JSON file for each data set, split and model, with `dataset_name`,
 * `split`, `model_name` and `records` of `{index, origin_query, prompt, score, prompt_tokens,
 * completion_tokens, cost}`.
 *
 * Records of equal index in one data set and split ask the same question of different models and become
 * one row. Of two files of the same model the one with the later time in its name counts, and trial runs
 * (`demo`) do not, as in the project's own loader. A missing score counts 0, also as there. A cost of 0 is
 * none: the models run at home have no price.
 *
 * Source: ynulihao/LLMRouterBench, baselines/data_loader.py and README.md.
 */
import { basename } from "node:path";
import { z } from "zod";
import { OutcomeFileError } from "../outcome-file.ts";
import {
  importedRow,
  parseJson,
  type Imported,
  type ImportedRow,
  type SourceText,
} from "./imported-row.ts";

const text = z.union([z.string(), z.unknown().transform((value) => JSON.stringify(value ?? ""))]);
const recordSchema = z.object({
  index: z.union([z.number(), z.string()]).transform(String),
  origin_query: text.optional(),
  prompt: text.optional(),
  score: z
    .number()
    .min(0)
    .max(1)
    .nullish()
    .transform((score) => score ?? 0),
  prompt_tokens: z.number().nonnegative().nullish(),
  completion_tokens: z.number().nonnegative().nullish(),
  cost: z.number().nonnegative().nullish(),
});
const fileSchema = z.object({
  dataset_name: z.string().min(1),
  split: z.string().default(""),
  model_name: z.string().min(1),
  demo: z.boolean().default(false),
  records: z.array(recordSchema),
});

type ResultFile = z.infer<typeof fileSchema> & { readonly path: string };
type ResultRecord = z.infer<typeof recordSchema>;

/** The rows of all files together. Throws OutcomeFileError, with file and record, for what it cannot read. */
export function parseLlmRouterBench(files: readonly SourceText[]): ImportedRow[] {
  const latest = new Map<string, ResultFile>();
  for (const file of files.map(resultFile).toSorted((a, b) => timeOf(a) - timeOf(b)))
    if (!file.demo) latest.set([file.dataset_name, file.split, file.model_name].join("\n"), file);
  const rows = new Map<string, Imported>();
  for (const file of latest.values())
    file.records.forEach((record, r) => {
      const id = [file.dataset_name, file.split, record.index].filter(Boolean).join("/");
      const prompt = [record.origin_query, record.prompt].find((query) => query?.trim()) ?? "";
      const before = rows.get(id);
      if (before !== undefined && before.prompt !== prompt)
        throw new OutcomeFileError(
          `${file.path}: records.${r}: asks another question than index ${record.index} of another model`,
        );
      const empty = { id, dataset: file.dataset_name, prompt, scores: {} };
      rows.set(id, withRecord(before ?? empty, file.model_name, record));
    });
  return [...rows.values()].map((row) => importedRow(row, "llmrouterbench"));
}

function resultFile(source: SourceText): ResultFile {
  const parsed = fileSchema.safeParse(parseJson(source.text, source.path));
  if (parsed.success) return { ...parsed.data, path: source.path };
  const { path, message } = parsed.error.issues[0]!;
  throw new OutcomeFileError(`${source.path}: ${path.map(String).join(".") || "file"}: ${message}`);
}

function withRecord(row: Imported, model: string, record: ResultRecord): Imported {
  const { score, cost, prompt_tokens: inTokens, completion_tokens: outTokens } = record;
  function added(amounts: Record<string, number> | undefined, amount: number | null | undefined) {
    return { ...amounts, ...(amount ? { [model]: amount } : {}) };
  }
  return {
    ...row,
    scores: { ...row.scores, [model]: score },
    cost_usd: added(row.cost_usd, cost),
    in_tokens: added(row.in_tokens, inTokens),
    out_tokens: added(row.out_tokens, outTokens),
  };
}

/** Digits of a time such as 20250930_142501 at the end of the name; 0 without one. */
function timeOf({ path }: ResultFile): number {
  const [, day, time] = /(\d{8})_(\d{6})\.json$/u.exec(basename(path)) ?? [];
  return day === undefined ? 0 : Number(`${day}${time}`);
}
