/** Onboarding's results as text for people; `--json` prints the same values. */
import type { Evidence } from "../../router-models/placement.ts";
import type { Choice, Choices, Standing } from "./assessment.ts";

/** Where one model stands after each kind of evidence. */
export interface Stage extends Standing {
  readonly name: string;
}

export interface OnboardReport {
  readonly model: string;
  readonly release: string;
  /** First digits of the graph's SHA-256. */
  readonly graph: string;
  readonly evidence: Evidence;
  /** From knowing nothing to knowing everything. */
  readonly stages: readonly Stage[];
  /** What the model scored on its probes, and what had been expected of it. */
  readonly probed?: { readonly probes: number; readonly scored: number; readonly expected: number };
  readonly samples: number;
  readonly choices: Choices;
  readonly narrowing: readonly { readonly probes: number; readonly width: number }[];
  readonly suggested?: readonly string[];
  readonly written?: string;
}

/** One line of the whole catalogue. */
export interface CatalogLine extends Standing {
  readonly model: string;
  readonly evidence: Evidence;
  /** Benchmark, score and URL, or where the outcomes came from. */
  readonly sources: readonly string[];
}

const EVIDENCE: Readonly<Record<Evidence, string>> = {
  ability: "its own outcomes",
  trained: "training rows",
  anchors: "public scores",
  edition: "price and age, or another benchmark",
  prior: "nothing",
};

/** The report as lines. */
export function textOfReport(report: OnboardReport): string {
  const { stages, probed, samples, choices, narrowing, suggested, written } = report;
  const width = Math.max(...stages.map(({ name }) => name.length));
  const now = stages.at(-1)!;
  return [
    `${report.model} on ${report.release}, graph ${report.graph}`,
    "",
    "Expected quality at the mean demand of the training traffic, 90 % interval",
    ...stages.map(({ name, ...stage }) => `  ${name.padEnd(width)}  ${rangeOf(stage)}`),
    ...(probed === undefined
      ? []
      : [
          "",
          `On the ${probed.probes} probes it scored ${fixed(probed.scored)}; ${fixed(probed.expected)} was expected.`,
        ]),
    "",
    `First choice of the whole catalogue, on ${samples} sample prompts`,
    ...Object.entries(choices).map(
      ([preset, choice]) => `  ${preset.padEnd(9)} ${choiceText(choice)}`,
    ),
    "",
    `The interval is ${fixed(now.high - now.low)} wide. More probes like the sample prompts would leave`,
    ...narrowing.map((one) => `  ${String(one.probes).padStart(4)}  ${fixed(one.width)}`),
    ...(suggested === undefined ? [] : ["", "Ask first:", ...suggested.map(lineOf)]),
    ...(written === undefined ? [] : ["", `Written to ${written}.`]),
  ].join("\n");
}

/** The catalogue as a table, the strongest first. */
export function textOfCatalog(lines: readonly CatalogLine[]): string {
  const width = Math.max(...lines.map(({ model }) => model.length));
  return lines
    .toSorted((a, b) => b.standing - a.standing)
    .map(
      ({ model, evidence, sources, ...standing }) =>
        `${model.padEnd(width)}  ${rangeOf(standing)}  by ${EVIDENCE[evidence]}` +
        sources.map((source) => `\n${" ".repeat(width)}    ${source}`).join(""),
    )
    .join("\n");
}

function rangeOf({ quality, low, high }: Pick<Standing, "quality" | "low" | "high">): string {
  return `${fixed(quality)}  (${fixed(low)} to ${fixed(high)})`;
}

function choiceText({ own, others }: Choice): string {
  const total = Object.values(own).reduce((sum, count) => sum + count, 0);
  const [other] = Object.entries(others);
  return [
    total === 0 ? "none" : `${total}: ${pairsOf(own)}`,
    ...(other === undefined ? [] : [`else mostly ${other[0]} (${other[1]})`]),
  ].join("; ");
}

function pairsOf(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([name, count]) => `${name} ${count}`)
    .join(", ");
}

function lineOf(prompt: string): string {
  const line = prompt.replace(/\s+/gu, " ").trim();
  return `  ${line.length > 90 ? `${line.slice(0, 89)}…` : line}`;
}

function fixed(value: number): string {
  return value.toFixed(2);
}
