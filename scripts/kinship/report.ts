/**
 * How good a head is: on the held-out triples and on judged pairs, beside likeness by words, beside itself
 * untaught, and at other roundings of its table.
 */
import type { TableBits } from "../../router-models/graph/compile.ts";
import type { KinShape } from "../../router-models/kin/head.ts";
import { idfCosine, jaccard } from "./baselines.ts";
import { kinLikeness } from "./kin-graph.ts";
import { judge, type Judgement, type Likeness } from "./measures.ts";
import { reportOf, type PairFile, type PairReport } from "./pair-file.ts";
import type { Triple } from "./phrasebook.ts";
import { compileKin, TABLE_BITS } from "./release-files.ts";

export interface Row {
  readonly name: string;
  readonly triples: Judgement;
  /** On sentences that were reworded by rule. */
  readonly sentences: Judgement;
  /** By the name of the file. */
  readonly pairs: Readonly<Record<string, PairReport>>;
}

export interface ReportInput {
  readonly shape: KinShape;
  readonly trained: Float32Array;
  readonly untaught: Float32Array;
  /** Texts that say how rare a word is. */
  readonly prompts: readonly string[];
  readonly triples: readonly Triple[];
  readonly sentences: readonly Triple[];
  readonly pairFiles: readonly PairFile[];
}

/** The head as it ships comes first. */
export async function reportRows(input: ReportInput): Promise<Row[]> {
  const { shape, trained, untaught, triples, sentences, pairFiles, prompts } = input;
  const texts = [
    ...[...triples, ...sentences].flatMap(({ text, kin, stranger }) => [text, kin, stranger]),
    ...pairFiles.flatMap(({ pairs }) => pairs.flatMap(({ a, b }) => [a, b])),
  ];
  const heads: [string, Float32Array, TableBits][] = [
    ["head, as shipped", trained, TABLE_BITS],
    ["head, table in 8 bits", trained, 8],
    ["head, table in float32", trained, 32],
    ["head, untaught", untaught, TABLE_BITS],
  ];
  const rows: Row[] = [];
  for (const [name, table, bits] of heads)
    rows.push(rowOf(name, await kinLikeness(compileKin(shape, table, bits), shape, texts), input));
  return [
    ...rows,
    rowOf("idf-cosine of words", idfCosine(prompts), input),
    rowOf("Jaccard of words", jaccard, input),
  ];
}

function rowOf(
  name: string,
  likeness: Likeness,
  { triples, sentences, pairFiles }: ReportInput,
): Row {
  return {
    name,
    triples: judge(likeness, triples),
    sentences: judge(likeness, sentences),
    pairs: Object.fromEntries(pairFiles.map((file) => [file.name, reportOf(file, likeness)])),
  };
}

/** Markdown: the triples' measures, those of reworded sentences, then those of each pair file. */
export function reportTable(rows: readonly Row[]): string {
  const files = Object.keys(rows[0]?.pairs ?? {});
  const measures = ["near", "far", "first"];
  const head = ["", ...measures, ...measures, ...files.flatMap((name) => [name, "recall"])];
  const lines = rows.map(({ name, triples, sentences, pairs }) => [
    name,
    digits(triples.near),
    digits(triples.far),
    digits(triples.first),
    digits(sentences.near),
    digits(sentences.far),
    digits(sentences.first),
    ...files.flatMap((file) => [digits(pairs[file]!.area), digits(pairs[file]!.recall99)]),
  ]);
  return [head, head.map((_, i) => (i === 0 ? "---" : "---:")), ...lines]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}

function digits(value: number): string {
  return value.toFixed(3);
}
