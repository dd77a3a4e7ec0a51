/**
 * The card of a release: what it is, what it was made of, what it can be trusted with. The section
 * between the evaluation marks is left to `npm run eval -- --write-card`.
 */
import type { Manifest } from "../../router-models/manifest.ts";

export interface CardInput {
  readonly manifest: Manifest;
  readonly tried: readonly {
    readonly plan: { readonly name: string; readonly epochs: number };
    readonly loss: number;
  }[];
  /** The command that made the release. */
  readonly command: string;
}

/** What a manifest's `hiddenWidth` counts. */
const UNITS: Readonly<Record<Manifest["family"], string>> = {
  mf: "units",
  classifier: "units",
  similarity: "anchors",
  graph: "groups",
  bandit: "components",
  length: "of them read",
};

/** Markdown. */
export function cardOf({ manifest, tried, command }: CardInput): string {
  const { name, version, shape, features, training, files, models } = manifest;
  const rows = training.data.reduce((sum, { trainRows }) => sum + trainRows, 0);
  return `# ${name} ${version}

A router of the family \`${manifest.family}\` with classifier heads for difficulty, task and answer
length. It reads a prompt's words (${features.tableRows} hashed rows × ${shape.tableWidth}, int8) and its surface (${features.statistics}
statistics, ${shape.hiddenWidth} ${UNITS[manifest.family]}) and predicts how well each model would answer, by ${shape.abilityWidth} abilities.

| | |
| --- | --- |
| weights | \`model.onnx\`, ${(files.model.bytes / 2 ** 20).toFixed(2)} MiB, SHA-256 \`${files.model.sha256.slice(0, 12)}\` |
| training rows | ${rows}, of which every tenth was left out once to choose the plan and to calibrate; then all |
| models learnt | ${Object.keys(models).length} |
| plan | ${training.hyperparameters["plan"]}, ${training.epochs} epochs, seed ${training.seed} |
| calibration | ${manifest.calibration.kind}, on left-out rows |
| source | commit \`${training.commit}\` |

Made by

    ${command}

## Data

| set | training rows | held-out rows (never trained on) | licence |
| --- | --- | --- | --- |
${training.data.map(({ name: set, trainRows, validRows, licence }) => `| ${set} | ${trainRows} | ${validRows} | ${licence} |`).join("\n")}

## Plans tried

Loss on left-out training rows, in nats; the lowest was trained again on all training rows.

| plan | epochs | loss |
| --- | --- | --- |
${tried.map(({ plan, loss }) => `| ${plan.name} | ${plan.epochs} | ${loss.toFixed(4)} |`).join("\n")}

${precisionSection(manifest)}## Evaluation

<!-- evaluation:start -->

Not evaluated yet: \`npm run eval -- --model DIR --write-card\` fills this section.

<!-- evaluation:end -->

## Limits

- Benchmark questions and judged chats of 2023 to 2026, mostly English. Traffic unlike that is scored
  mostly by its surface.
- Scores of chat sets are verdicts of other models, which like long answers.
- Catalogue models without outcomes of their own are placed by public benchmark scores, or by their
  price where none is public: an ordering to start from, not a measurement.
`;
}

/** Ends with an empty line; nothing where it was not measured. */
function precisionSection({ metrics }: Manifest): string {
  if (metrics["heldOutLossFp32"] === undefined) return "";
  return `## What rounding costs

The winning plan's runs on the rows they left out, as graphs that differ in nothing but the bits of the
hashed table: loss in nats, and by how much a predicted score changes, before calibration.

| table | loss | mean change | largest change |
| --- | --- | --- | --- |
| float32 | ${metrics["heldOutLossFp32"].toFixed(5)} | | |
| int8, as shipped | ${precisionCells(metrics, "Int8")} |
| int4 | ${precisionCells(metrics, "Int4")} |

`;
}

function precisionCells(metrics: Manifest["metrics"], bits: "Int8" | "Int4"): string {
  return ["heldOutLoss", "meanChange", "largestChange"]
    .map((metric) => metrics[`${metric}${bits}`]!.toFixed(5))
    .join(" | ");
}
