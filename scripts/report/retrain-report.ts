/**
 * A retraining as Markdown: what the log held, what the gates say, what the new router would have earned and where, how
 * its scores come true, and what it would do otherwise.
 */
import type { OffPolicyEstimate } from "../evaluation/off-policy/estimate.ts";
import type { Dataset } from "../retraining/dataset.ts";
import { haveAllPassed, type Gate } from "../retraining/gates.ts";
import type { Judgement } from "../retraining/judgement.ts";
import { cell, count, differenceCell, fixed, markdown, percent } from "./markdown.ts";

export interface RetrainInput {
  /** Labels of the weights. */
  readonly names: { readonly candidate: string; readonly incumbent: string };
  readonly dataset: Dataset;
  readonly judgement: Judgement;
  readonly confidence: number;
  /** Rows that were trained on, base rows included, and the seconds that it took. */
  readonly rows: number;
  readonly seconds: number;
  /** Floors that could not be certified, in words. */
  readonly unproven: readonly string[];
}

export function retrainReport(input: RetrainInput): string {
  const { names, judgement } = input;
  const isPassed = haveAllPassed(judgement.gates);
  const verdict = isPassed ? "passes every gate" : "is refused";
  return `${[
    `# ${names.candidate} ${verdict}`,
    `Trained on ${count(input.rows)} rows in ${input.seconds.toFixed(0)} s, to take the place of ${names.incumbent}.`,
    ...input.unproven,
    "## Gates",
    gateTable(judgement.gates),
    ...dataSection(input.dataset),
    ...gainSection(input),
    ...calibrationSection(judgement),
    ...changeSection(judgement),
  ].join("\n\n")}\n`;
}

function gateTable(gates: readonly Gate[]): string {
  return markdown(
    ["gate", "value", "limit", "", "what"],
    gates.map(({ name, value, limit, passed, why }) => [
      name,
      fine(value),
      fine(limit),
      passed ? "passed" : "**refused**",
      why,
    ]),
  );
}

function dataSection(dataset: Dataset): string[] {
  const { decisions, unreadable, learnt, judged, leftOut, badLines, badNamed } = dataset;
  const [from, cut, to] = [dataset.fromMs, dataset.cutMs, dataset.toMs].map(dayOf);
  const bad =
    badLines === 0 ? [] : [`${count(badLines)} lines could not be read, such as: ${badNamed[0]}`];
  return [
    "## Data",
    `${count(decisions)} decisions from ${from} to ${to}. ${count(learnt)} from before ${cut} were learnt from, ${count(judged)} from then on judge. ${count(leftOut)} were left out, of prompts on the other side or answered by nobody; ${count(unreadable)} had neither features nor a prompt.`,
    ...bad,
    "![Reward by model](reward.svg)",
    markdown(
      ["model", "answers", "reward", "somebody spoke of"],
      dataset.answers.map(({ model, answers, reward, spoken }) => [
        model,
        count(answers),
        fixed(reward),
        percent(spoken / answers),
      ]),
    ),
  ];
}

function gainSection({ judgement, confidence }: RetrainInput): string[] {
  const { estimates, drawn, decisions } = judgement;
  if (estimates === undefined) return [];
  const { all, slices } = estimates;
  const rows = [["all", all] as const, ...slices.map((one) => [one.name, one.estimate] as const)];
  return [
    "## What it would have earned",
    `Mean reward, over ${count(drawn)} of the ${count(decisions)} decisions that were made again: those that were drawn. ${percent(confidence)} intervals; of slices as wide as all of them together need. Of its choices ${percent(all.unsupported)} are such that the log cannot stand for.`,
    "![What each slice gains](gain.svg)",
    markdown(
      ["", "rows", "worth", "IPS", "SNIPS", "DR", "incumbent, DR", "gain"],
      rows.map(([name, estimate]) => gainRow(name, estimate)),
    ),
  ];
}

function gainRow(name: string, estimate: OffPolicyEstimate): string[] {
  const { rows, effectiveSampleSize, ips, snips, dr, incumbent, difference } = estimate;
  return [
    name,
    count(rows),
    count(Math.round(effectiveSampleSize)),
    cell(ips),
    cell(snips),
    cell(dr),
    cell(incumbent),
    differenceCell(difference),
  ];
}

function calibrationSection({ calibration }: Judgement): string[] {
  if (calibration === undefined) return [];
  const { candidate, incumbent } = calibration;
  return [
    "## How scores come true",
    `Expected calibration error ${fixed(candidate.error)}, of the incumbent ${fixed(incumbent.error)}; rewards by their weights.`,
    "![Calibration](calibration.svg)",
  ];
}

function changeSection({ changes }: Judgement): string[] {
  if (changes.length === 0) return [];
  return [
    "## What changes",
    "Preferred models, before any draw. Cost is that of the first attempt at the median, quality the new router's score.",
    markdown(
      ["tenant", "decisions", "change their model", "cost, µUSD", "quality"],
      changes.map((one) => [
        one.tenant,
        count(one.decisions),
        percent(one.changed / one.decisions),
        `${one.costBefore.toFixed(0)} → ${one.costAfter.toFixed(0)}`,
        `${fixed(one.qualityBefore)} → ${fixed(one.qualityAfter)}`,
      ]),
    ),
  ];
}

function fine(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(4))) : "–";
}

function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 16).replace("T", " ");
}
