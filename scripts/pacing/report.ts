/**
 * The pacing simulation as Markdown, a table for each set and trace, and as pictures: money spent and quality gained
 * over one window, beside what the zero router would have gained for the same money.
 */
import type { Estimate } from "../evaluation/bootstrap.ts";
import type { Picture } from "../report/evaluation-pictures.ts";
import { cell, count, differenceCell, markdown, percent } from "../report/markdown.ts";
import { frame, picture, type Axis, type Series } from "../report/svg.ts";
import type { PaceEvaluation, PaceTable, SpenderName, SpenderRow } from "./evaluation.ts";

/** The evaluation as Markdown, without a heading of its own. */
export function paceTable({ tables, seeds, isolates, window }: PaceEvaluation): string {
  return [
    `Every request is one of a set's valid questions, decided by the release on its own forecasts; quality and cost are those that the source recorded. Budgets are shares of what the strongest model alone would cost; the window is ${WINDOWS[window]}. Means over ${seeds} seeds, each with questions drawn anew, with 95 % intervals of these draws; ${isolates} isolates. Spent: share of the limit, or of what the best model for every question would cost where that is less (†), with the least and the greatest of the windows; committed: the same of spent and held at the moment when the window ends. Within 1 %: windows that come to 99 % at least. Against the zero router: at the same spend. Bold: surely better, struck: surely worse.`,
    ...tables.flatMap((table) => [
      `### ${table.set}, ${table.trace}: ${count(table.requests)} requests`,
      budgetTable(table),
    ]),
  ].join("\n\n");
}

const WINDOWS: Readonly<Record<PaceEvaluation["window"], string>> = {
  trace: "the trace",
  day: "a day, the trace played round and round with a tenth of noon's traffic at midnight, each day and hour busier or quieter at random; the pacer knows the requests of a day before",
};

const HEAD = [
  "budget",
  "spender",
  "spent",
  "committed",
  "within 1 %",
  "quality",
  "− zero router",
  "paced − it",
  "refused",
  "sent elsewhere",
];

function budgetTable({ budgets }: PaceTable): string {
  const rows = budgets.flatMap(({ share, isLarge, spenders }) =>
    spenders.map((row) => [
      `${100 * share} %${isLarge ? " †" : ""}`,
      LABELS[row.name],
      cell(row.spent, percentOf),
      cell(row.committed, percentOf),
      withinCell(row),
      cell(row.quality),
      differenceCell(row.overZero),
      row.name === "paced" ? "" : differenceCell(row.behind),
      row.refused.toFixed(1),
      row.lowered.toFixed(1),
    ]),
  );
  return markdown(HEAD, rows);
}

/** Windows by what was spent, and by what was committed: "5, 10". */
function withinCell({ within: { spent, committed } }: SpenderRow): string {
  return `${spent}, ${committed}`;
}

/** Such as "99.3 %". */
function percentOf(value: number): string {
  return `${(100 * value).toFixed(1)} %`;
}

/** The short table: for each set and trace the pacer alone, and what it is better than the quality preset. */
export function paceSummary({ tables }: PaceEvaluation): string {
  const rows = tables.flatMap(({ set, trace, budgets }) =>
    budgets.map(({ share, isLarge, spenders }) => {
      const [paced, stopping] = [spenders[0]!, spenders.find(({ name }) => name === "quality")!];
      return [
        `${set}, ${trace}`,
        `${100 * share} %${isLarge ? " †" : ""}`,
        cell(paced.spent, percentOf),
        cell(paced.committed, percentOf),
        withinCell(paced),
        point(paced.quality),
        point(stopping.quality),
        differenceCell(paced.overZero),
        paced.refused.toFixed(1),
      ];
    }),
  );
  return markdown(SUMMARY_HEAD, rows);
}

const SUMMARY_HEAD = [
  "",
  "budget",
  "spent",
  "committed",
  "within 1 %",
  "quality",
  "until it stops",
  "− zero router",
  "refused",
];

function point({ value }: Estimate): string {
  return value.toFixed(3);
}

const LABELS: Readonly<Record<SpenderName, string>> = {
  paced: "paced",
  unprepared: "paced, no day before",
  balanced: "balanced, until it stops",
  quality: "quality, until it stops",
  descent: "dual descent",
  hindsight: "best fixed price, in hindsight",
};

/** Money and quality over time, paced and until it stops: a picture for each set, trace and budget. */
export function pacePictures({ tables }: PaceEvaluation): Picture[] {
  return tables.flatMap((table) => table.budgets.map((budget) => pictureOf(table, budget)));
}

const LINES = [
  { who: "paced", what: "spent", name: "paced: spent", style: "router" },
  { who: "paced", what: "quality", name: "paced: quality", style: "oracle" },
  { who: "quality", what: "spent", name: "stops: spent", style: "length" },
  { who: "quality", what: "quality", name: "stops: quality", style: "random" },
] as const;

function pictureOf(
  { set, trace }: PaceTable,
  { share, spenders, zeroRouter }: PaceTable["budgets"][number],
): Picture {
  const lines = LINES.flatMap(({ who, what, name, style }): Series[] => {
    const course = spenders.find((spender) => spender.name === who)?.course ?? [];
    const points = course.map((at, k): [number, number] => [k / (course.length - 1), at[what]]);
    return [{ name, style, kind: "line", points }];
  });
  const zero = zeroRouter.map((quality, k): [number, number] => [
    k / (zeroRouter.length - 1),
    quality,
  ]);
  lines.push({ name: "zero router for the same money", style: "zero", kind: "line", points: zero });
  const place = frame(
    axis("Time, share of the window"),
    axis("Spent of the limit, and quality gained so far"),
  );
  const title = `${set}, ${trace}, a budget of ${100 * share} %`;
  return {
    name: `pace-${set}-${trace}-${100 * share}.svg`,
    svg: picture(title, place, { series: lines.toReversed() }),
  };
}

function axis(label: string): Axis {
  const ticks = [0, 0.2, 0.4, 0.6, 0.8, 1];
  return { label, from: 0, to: 1, ticks, format: percent };
}
