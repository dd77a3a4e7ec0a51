/**
 * The count of broken promises as Markdown and as pictures.
 *
 * Beside the certificate stand the two rules that one would use without it, on the same draws: the
 * plug-in threshold, which is cheaper and breaks its promise, and Hoeffding's bound, which keeps it and
 * saves nothing. What the certificate costs is the difference in calls to the reference.
 */
import type { FloorClaim } from "../../router-models/certificate.ts";
import { frame, picture, type Series } from "../report/svg.ts";
import { RULES, type Rule, type SetResult } from "./violations.ts";

export interface ViolationReport {
  /** version@id of the release. */
  readonly router: string;
  readonly claim: FloorClaim;
  readonly draws: number;
  readonly seed: number;
  /** Each set by its strong and its weak model alone, and by all its models. */
  readonly pairs: readonly SetResult[];
  readonly panels: readonly SetResult[];
  /** What could not be examined, and why. */
  readonly skipped: readonly string[];
}

/** The report without a heading of its own; ends with a line break. */
export function violationTable({ pairs, panels, skipped, ...head }: ViolationReport): string {
  const { router, claim, draws, seed } = head;
  const parts = [
    `Weights ${router}; floor ${claim.floor} at confidence ${claim.confidence}; ${draws.toLocaleString("en")} draws a set (seed ${seed}). ` +
      "A draw takes as many questions as the set has, with replacement; a margin breaks the promise where its mean over the set is below the floor. " +
      `Allowed: ${percent(1 - claim.confidence)}. In brackets: over the questions that a draw left out, whose own noise makes some of it.`,
    "### The strong and the weak model of each set",
    table(pairs),
    "### All models of each set",
    table(panels),
    "Reference: share of the questions that the reference answers, mean over the draws. Kept: mean quality over the reference's. Predicted: the floor by calibrated scores alone, as a release without certificate serves it.",
    ...skipped.map((why) => `Not examined: ${why}.`),
  ];
  return `${parts.join("\n\n")}\n`;
}

const HEAD = [
  "#",
  "set",
  "rows",
  "needed",
  "broken: certificate",
  "plug-in",
  "Hoeffding",
  "reference: certificate",
  "plug-in",
  "Hoeffding",
  "certificate − plug-in",
  "kept: certificate",
  "predicted: kept",
  "reference",
];

function table(sets: readonly SetResult[]): string {
  const rows = sets.map((set, at) => [String(at + 1), set.name, ...cells(set)]);
  const rule = HEAD.map((_, column) => (column === 1 ? "---" : "---:"));
  return [HEAD, rule, ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");
}

function cells({ rows, needed, rules, predicted }: SetResult): string[] {
  const least = Number.isFinite(needed) ? needed.toLocaleString("en") : "–";
  const plain = [percent(predicted.keptQuality), percent(predicted.referenceShare)];
  const sizes = [rows.toLocaleString("en"), least];
  if (rules === null) return [...sizes, ...Array.from<string>({ length: 8 }).fill("–"), ...plain];
  const broken = RULES.map(
    (rule) => `${percent(rules[rule].violations)} (${percent(rules[rule].violationsLeftOut)})`,
  );
  const shares = RULES.map((rule) => percent(rules[rule].referenceShare));
  const dearer = 100 * (rules.certificate.referenceShare - rules.plugIn.referenceShare);
  const cost = `${dearer < 0 ? "−" : "+"}${Math.abs(dearer).toFixed(1)} points`;
  return [...sizes, ...broken, ...shares, cost, percent(rules.certificate.keptQuality), ...plain];
}

const STYLES: Record<Rule, { readonly name: string; readonly style: string }> = {
  certificate: { name: "certificate", style: "router" },
  plugIn: { name: "plug-in", style: "length" },
  hoeffding: { name: "Hoeffding", style: "oracle" },
};

/** How often each rule broke its promise, by set, and for each set what its margins keep. */
export function violationPictures(report: ViolationReport): { name: string; svg: string }[] {
  const { pairs, panels } = report;
  return [
    ...pictureOf("pairs", pairs, report),
    ...pictureOf("panels", panels, report),
    ...pairs.map((set) => pathPicture(`pair-${set.name}`, set, report)),
    ...panels.map((set) => pathPicture(`panel-${set.name}`, set, report)),
  ];
}

function pictureOf(
  kind: string,
  sets: readonly SetResult[],
  { claim: { confidence } }: ViolationReport,
): { name: string; svg: string }[] {
  const tested = sets.flatMap(({ rules }, at) => (rules === null ? [] : [{ rules, at: at + 1 }]));
  if (tested.length === 0) return [];
  const place = frame(
    {
      label: "Set, as numbered in the table",
      from: 0.5,
      to: sets.length + 0.5,
      ticks: sets.map((_, at) => at + 1),
      format: String,
    },
    {
      label: "Draws on which the promise is broken",
      from: 0,
      to: 1,
      ticks: [0, 0.2, 0.4, 0.6, 0.8, 1],
      format: percent,
    },
  );
  const dots = RULES.map((rule): Series => {
    const points = tested.map(({ rules, at }) => [at, rules[rule].violations] as const);
    return { ...STYLES[rule], kind: "dots", points };
  });
  const series = [level("allowed", { at: 1 - confidence, to: sets.length + 0.5 }), ...dots];
  const svg = picture(`Broken promises, ${kind}`, place, { series });
  return [{ name: `violations-${kind}.svg`, svg }];
}

function pathPicture(
  name: string,
  { path, rules, reference, predicted }: SetResult,
  { claim: { floor } }: ViolationReport,
): { name: string; svg: string } {
  const kept = path.map(({ keptQuality }) => keptQuality).filter(Number.isFinite);
  const from = Math.floor(10 * Math.min(floor, ...kept)) / 10;
  const to = Math.ceil(10 * Math.max(1, ...kept)) / 10;
  const count = Math.round((to - from) * 10);
  const place = frame(
    {
      label: `Questions that ${reference} answers`,
      from: 0,
      to: 1,
      ticks: [0, 0.2, 0.4, 0.6, 0.8, 1],
      format: percent,
    },
    {
      label: "Quality kept of the reference's",
      from,
      to,
      ticks: Array.from({ length: count + 1 }, (_, k) => from + k / 10),
      format: percent,
    },
  );
  const points = path.map((step) => [step.referenceShare, step.keptQuality] as const);
  const chosen = (rules === null ? [] : RULES).map((rule): Series => {
    const { referenceShare, keptQuality } = rules![rule];
    return { ...STYLES[rule], kind: "dots", points: [[referenceShare, keptQuality]] };
  });
  const series: Series[] = [
    level("floor", { at: floor, to: 1 }),
    { name: "", style: "zero", kind: "line", points },
    ...chosen,
    {
      name: "predicted",
      style: "category",
      kind: "dots",
      points: [[predicted.referenceShare, predicted.keptQuality]],
    },
  ];
  return { name: `${name}.svg`, svg: picture(`What a margin keeps: ${name}`, place, { series }) };
}

function level(name: string, { at, to }: { at: number; to: number }): Series {
  const points = [
    [0, at],
    [to, at],
  ] as const;
  return { name, style: "random", kind: "line", points };
}

function percent(share: number): string {
  return Number.isFinite(share) ? `${(100 * share).toFixed(1).replace(/\.0$/, "")} %` : "–";
}
