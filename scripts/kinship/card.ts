/** The card of a released head: what it is, what it was made of, and what it cannot tell apart. */
import type { KinManifest } from "../../router-models/kin/manifest.ts";
import { reportTable, type Row } from "./report.ts";

export interface CardInput {
  readonly manifest: KinManifest;
  readonly rows: readonly Row[];
  /** The command that made the release. */
  readonly command: string;
}

/** Markdown. */
export function cardOf({ manifest, rows, command }: CardInput): string {
  const { name, version, shape, training, files } = manifest;
  const { wordRows, letterRows, dimensions } = shape;
  return `# ${name} ${version}

A head that tells how like two prompts are: a text goes in, a unit vector of ${dimensions} numbers comes out, and texts
that ask the same lie close. It adds up the vectors of a text's words (${wordRows} rows) and of their letters
(${letterRows} rows) and knows neither order nor context; what they would have told apart is left to guards.

| | |
| --- | --- |
| weights | \`model.onnx\`, ${(files.model.bytes / 2 ** 20).toFixed(2)} MiB, in codes of 4 bits, SHA-256 \`${files.model.sha256.slice(0, 12)}\` |
| training | ${training.settings["steps"]} steps of ${training.settings["lessons"]} lessons, seed ${training.seed} |
| source | commit \`${training.commit}\` |

Made by

    ${command}

## Data

| set | rows | licence |
| --- | ---: | --- |
${training.data.map(({ name: set, rows: count, licence }) => `| ${set} | ${count} | ${licence} |`).join("\n")}

No weights, vectors or word lists of others went in. The frames, fillers, kin words and triples were written for this
project (scripts/kinship); of the sets only prompts of the split \`train\` are read, for how rare words are and for
sentences to reword.

## How good it is

On ${TRIPLES_SAY} Where judged pairs were
given, the area under the ROC curve and the recall at 99 % precision on their split \`valid\`: these are a report, and
chose nothing.

${reportTable(rows)}

## Limits

- English first. Of other languages it knows letters and how rare they are in these prompts.
- A near question that differs in one word, number or name may be as like as a paraphrase: no border on the cosine
  alone is safe.
- Of a text only its first 4,096 characters are read.
`;
}

const TRIPLES_SAY = `held-out triples (a text, a paraphrase, a near question that is another; written by hand, never
trained on): \`near\` is the chance that a paraphrase is more alike than a near question, \`far\` than the text of another
triple, \`first\` the share of paraphrases that find their text before all others. The second three are the same for
sentences of prompts of the split \`valid\`, reworded and estranged by the rules that lessons are made by.`;
