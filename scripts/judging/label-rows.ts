/**
 * Rows to be judged, and rows that were: what `npm run label` reads and writes.
 *
 * A row with answers becomes an outcome row, the form that `npm run train` and `npm run eval` read: a
 * score for each model whose answer got a grade. A row without answers gets the expected quality of a
 * small model's answer. A row that got no grade at all is left out, so that the next run tries it again.
 */
import { z } from "zod";
import { qualityOfGrade, type Judged } from "../../router-models/families/judge.ts";
import { linesOf, rowOf } from "../dataset/lines.ts";

const rowSchema = z.object({
  id: z.union([z.string().min(1), z.number()]).transform(String),
  prompt: z.string(),
  answers: z.record(z.string().min(1), z.string()).optional(),
  dataset: z.string().optional(),
  category: z.string().optional(),
  gid: z.string().optional(),
  split: z.enum(["train", "valid"]).optional(),
});

export type LabelRow = z.output<typeof rowSchema>;

/** What a row became; undefined where nothing got a grade. */
export type Labelled = Readonly<Record<string, unknown>> | undefined;

type Grader = (judged: Judged) => Promise<number | undefined>;

/** Rows in file order. Throws an Error that names file and line of a bad one. */
export async function* readLabelRows(path: string): AsyncGenerator<LabelRow> {
  for await (const line of linesOf(path)) yield rowOf(line, rowSchema);
}

/** Has one row judged. @param judge Name of the model that grades. */
export async function labelRow(row: LabelRow, judge: string, grade: Grader): Promise<Labelled> {
  const { answers, ...rest } = row;
  if (answers === undefined) {
    const given = await grade({ prompt: row.prompt });
    if (given === undefined) return undefined;
    return { ...rest, judge, grade: given, expected_quality: qualityOfGrade(given) };
  }
  const grades: Record<string, number> = {};
  for (const [model, answer] of Object.entries(answers)) {
    const given = await grade({ prompt: row.prompt, answer });
    if (given !== undefined) grades[model] = given;
  }
  if (Object.keys(grades).length === 0) return undefined;
  const scores = Object.fromEntries(
    Object.entries(grades).map(([model, given]) => [model, qualityOfGrade(given)]),
  );
  return { ...rest, scores, judge, grades };
}

/**
 * `work` on each item, up to `limit` of them at a time; results come in the items' order. After the
 * first that rejects none is begun, and the others that are under way are waited for and dropped.
 */
export async function* inOrder<T, R>(
  items: AsyncIterable<T>,
  limit: number,
  work: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  const waiting: Promise<R>[] = [];
  try {
    for await (const item of items) {
      if (waiting.length >= limit) yield await waiting.shift()!;
      const begun = work(item);
      begun.catch(() => undefined); // It is reported when its turn comes.
      waiting.push(begun);
    }
    while (waiting.length > 0) yield await waiting.shift()!;
  } finally {
    await Promise.allSettled(waiting);
  }
}

/** The whole rows of a file that a run may have left unfinished: their ids, and how many bytes they take. */
export function finishedRows(text: string): { ids: Set<string>; bytes: number } {
  const ids = new Set<string>();
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  for (const line of whole.split("\n")) {
    if (line.trim() === "") continue;
    ids.add(z.looseObject({ id: z.string() }).parse(JSON.parse(line)).id);
  }
  return { ids, bytes: Buffer.byteLength(whole) };
}
