/**
 * RouteLLM's evaluation files, as its repository keeps them below routellm/evals.
 *
 * - mmlu/responses/mmlu_<domain>.csv and gsm8k/gsm8k_responses.csv: columns `prompt`, one for each model
 *   with True or False, and `<model>_response`, which is left unread. All domains make one set, mmlu.
 * - mt_bench: judgements.jsonl `{question_id, model, score 1..10, turn}` and FastChat's question.jsonl
 *   `{question_id, category, turns}`. Only the first turn is routed on, both are graded; the set's quality
 *   is (mean mark − 1) / 9, which leaves every share of a gap as it is.
 * - contaminated_prompts.jsonl `{eval_prompt}`: questions that RouteLLM found among its own training
 *   prompts and left out of its tables. Given one, the same rows are left out here.
 *
 * Source: lm-sys/RouteLLM, routellm/evals/benchmarks.py.
 */
import { basename } from "node:path";
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

const judgementSchema = z.object({
  question_id: z.number(),
  model: z.string().min(1),
  score: z.number().min(1).max(10),
});
const questionSchema = z.object({
  question_id: z.number(),
  category: z.string().optional(),
  turns: z.array(z.string()).min(1),
});
const contaminatedSchema = z.object({ eval_prompt: z.string() });

type Judgement = z.infer<typeof judgementSchema>;
type Question = z.infer<typeof questionSchema>;

/** The rows of all files together. Throws OutcomeFileError, with file and line, for what it cannot read. */
export function parseRouteLlm(files: readonly SourceText[]): ImportedRow[] {
  const rows: ImportedRow[] = [];
  const judgements: { judgement: Judgement; place: string }[] = [];
  const questions: Question[] = [];
  const contaminated = new Set<string>();
  for (const file of files) {
    if (file.path.endsWith(".csv")) rows.push(...answersOf(file));
    else
      for (const { value, place } of jsonLines(file)) {
        const [judgement, question, prompt] = [
          judgementSchema.safeParse(value),
          questionSchema.safeParse(value),
          contaminatedSchema.safeParse(value),
        ];
        if (question.success) questions.push(question.data);
        else if (judgement.success) judgements.push({ judgement: judgement.data, place });
        else if (prompt.success) contaminated.add(prompt.data.eval_prompt);
        else throw new OutcomeFileError(`${place}: no judgement, question or contaminated prompt`);
      }
  }
  const kept = questions.filter(({ turns }) => !turns.some((turn) => contaminated.has(turn)));
  const known = new Set(questions.map(({ question_id: id }) => id));
  const orphan = judgements.find(({ judgement }) => !known.has(judgement.question_id));
  if (orphan !== undefined)
    throw new OutcomeFileError(
      `${orphan.place}: question_id: no question ${orphan.judgement.question_id}; give question.jsonl too`,
    );
  return [
    ...rows.filter(({ prompt }) => !contaminated.has(prompt)),
    ...kept.map((question) => dialogueRow(question, judgements)).filter((row) => row !== undefined),
  ];
}

function answersOf({ path, text }: SourceText): ImportedRow[] {
  const [, domain] = /^mmlu_(.+)\.csv$/u.exec(basename(path)) ?? [];
  const name = domain ?? basename(path).replace(/(_responses)?\.csv$/u, "");
  const dataset = domain === undefined ? name : "mmlu";
  return parseCsv(text, path).map(({ line, cells }) => {
    const place = `${path}:${line}`;
    const prompt = cells.get("prompt");
    if (prompt === undefined) throw new OutcomeFileError(`${place}: no column "prompt"`);
    const scores: Record<string, number> = {};
    for (const [column, value] of cells)
      if (column !== "prompt" && column !== "" && !column.endsWith("_response"))
        scores[column] = truthAt(value, `${place}: ${column}`);
    if (Object.keys(scores).length < 2)
      throw new OutcomeFileError(`${place}: fewer than two columns of models`);
    const id = `${dataset}/${name}/${line}`;
    return importedRow(
      { id, dataset, prompt, scores, ...(domain === undefined ? {} : { category: domain }) },
      "routellm",
    );
  });
}

function truthAt(value: string, place: string): number {
  if (value === "True") return 1;
  if (value === "False") return 0;
  return numberAt(value, place);
}

function dialogueRow(
  { question_id: id, category, turns }: Question,
  judgements: readonly { readonly judgement: Judgement }[],
): ImportedRow | undefined {
  const marks = Map.groupBy(
    judgements.map(({ judgement }) => judgement).filter((mark) => mark.question_id === id),
    ({ model }) => model,
  );
  if (marks.size === 0) return undefined;
  const scores = Object.fromEntries(
    [...marks].map(([model, given]) => [
      model,
      (given.reduce((sum, { score }) => sum + score, 0) / given.length - 1) / 9,
    ]),
  );
  return importedRow(
    {
      id: `mt_bench/${id}`,
      dataset: "mt_bench",
      prompt: turns[0]!,
      scores,
      ...(category === undefined ? {} : { category }),
    },
    "routellm",
  );
}
