/**
 * Probes as people have them: JSON lines {prompt, score}, or an outcome file that has scores of the model;
 * and prompts without scores, to choose probes from or to show choices on.
 *
 * Rows of an outcome file that lack the model say nothing and are passed over. Rows marked `valid` are
 * passed over too, in either kind of file: what a place is judged on must not have made it.
 */
import { z } from "zod";
import { jsonOf, linesOf, rowOf } from "../dataset/lines.ts";

const quality = z.number("give a number in 0..1").min(0).max(1);

const rowSchema = z.looseObject({
  prompt: z.string("give the prompt's text"),
  score: quality.optional(),
  scores: z.record(z.string(), quality).optional(),
  split: z.enum(["train", "valid"]).optional(),
});

type Row = z.output<typeof rowSchema>;

/** A prompt with what the model reached on it, 0..1. */
export interface ScoredPrompt {
  readonly prompt: string;
  readonly score: number;
}

/**
 * The probes of a file, in order. `names` are those under which an outcome file may have the model, the
 * first that it has counts. Rejects with file and line for a bad row, and where there is no probe.
 */
export async function readProbes(path: string, names: readonly string[]): Promise<ScoredPrompt[]> {
  const probes: ScoredPrompt[] = [];
  const others = new Set<string>();
  let heldBack = 0;
  for await (const line of linesOf(path)) {
    const { prompt, split, ...row } = rowOf(line, rowSchema);
    const score = scoreOf(row, names, line.place);
    if (score === undefined) for (const model of Object.keys(row.scores!)) others.add(model);
    else if (split === "valid") heldBack++;
    else probes.push({ prompt, score });
  }
  if (probes.length === 0) throw new Error(`${path}: ${whyNone(names, others, heldBack)}`);
  return probes;
}

/** Undefined for a row of an outcome file that lacks the model. */
function scoreOf(
  { score, scores }: Pick<Row, "score" | "scores">,
  names: readonly string[],
  place: string,
): number | undefined {
  if (score !== undefined) return score;
  if (scores === undefined) throw new Error(`${place}: give "score" or "scores"`);
  const name = names.find((one) => Object.hasOwn(scores, one));
  return name === undefined ? undefined : scores[name];
}

function whyNone(names: readonly string[], others: ReadonlySet<string>, heldBack: number): string {
  if (heldBack > 0) return `all ${heldBack} rows of the model are held back`;
  if (others.size === 0) return "no probe in it";
  const some = [...others].slice(0, 5).join(", ");
  return (
    `no row has a score of ${names.join(" or ")}; it has ${some}${others.size > 5 ? ", …" : ""}. ` +
    "Say with --as which one is meant"
  );
}

/** The distinct prompts of a file whose rows are not held back, in order; scores are not looked at. */
export async function readPrompts(path: string): Promise<string[]> {
  const prompts = new Set<string>();
  for await (const line of linesOf(path)) {
    const { prompt, split } = rowOf(line, rowSchema);
    if (split !== "valid") prompts.add(prompt);
  }
  if (prompts.size === 0) throw new Error(`${path}: no prompt in it`);
  return [...prompts];
}

const sampleSchema = z.looseObject({ prompt: z.string(), kind: z.string().default("prompts") });

/** Rows {prompt, kind}, in order; rows without a prompt, such as conversations, are passed over. */
export async function readSamples(path: string): Promise<{ prompt: string; kind: string }[]> {
  const samples: { prompt: string; kind: string }[] = [];
  for await (const line of linesOf(path)) {
    const { data } = sampleSchema.safeParse(jsonOf(line));
    if (data !== undefined) samples.push({ prompt: data.prompt, kind: data.kind });
  }
  if (samples.length === 0) throw new Error(`${path}: no row with a "prompt"`);
  return samples;
}
