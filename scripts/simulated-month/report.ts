/** The simulated months as Markdown, and as pictures: regret and money, summed up over the days. */
import type { Picture } from "../report/evaluation-pictures.ts";
import { cell, count, differenceCell, dollars, markdown, pointCell } from "../report/markdown.ts";
import { frame, note, picture, type Series } from "../report/svg.ts";
import type { MonthEvaluation, NoticeRow, Spread } from "./evaluation.ts";
import type { CoursePoint, PlayerRow, RowName } from "./rows.ts";
import type { Happening } from "./world.ts";

const LABELS: Readonly<Record<RowName, string>> = {
  frozen: "frozen",
  exploring: "frozen, exploring",
  watched: "and watched",
  lifted: "and watched and lifted",
  retrained: "exploring, retrained",
  rewatched: "and watched",
  gated: "and watched, behind gates",
  oracle: "oracle",
  single: "best single model before",
  random: "random",
  hindsight: "best single model in hindsight",
  zero: "zero router in hindsight, for the same money",
};

const ORDER: readonly RowName[] = [
  "oracle",
  "frozen",
  "exploring",
  "watched",
  "lifted",
  "retrained",
  "rewatched",
  "gated",
  "hindsight",
  "zero",
  "single",
  "random",
];

/** The evaluation as Markdown, without a heading of its own. */
export function monthTable(evaluation: MonthEvaluation): string {
  const { collapse, calm, retrainings } = evaluation;
  const taken = retrainings.map(({ name, retrainings: all, taken: some, refusals }) => {
    const why = Object.entries(refusals).map(([gate, times]) => `${gate} ${times}`);
    return `${name}: ${some} of ${all}${why.length === 0 ? "" : ` (refused by ${why.join(", ")})`}`;
  });
  return [
    settingText(evaluation),
    playersTable(evaluation),
    `New weights that were taken: ${taken.join("; ")}.`,
    `The same collapse alone, in fortnights of their own: medians, and 95 % quantiles over the runs; a dash where it did not come.`,
    noticeTable(collapse),
    `Months without a happening: ${calm.alarms} alarms in ${calm.months}, in ${calm.monthsWithAlarm} of them any.`,
  ].join("\n\n");
}

function settingText(evaluation: MonthEvaluation): string {
  const { set, questions, requests, months, every, exploration, feedback, happenings } = evaluation;
  const lengths = evaluation.isLengthAssumed
    ? " The set tells no lengths: every answer counts as 250 tokens."
    : "";
  return `${set}, ${evaluation.models.length} models: ${count(requests)} requests in ${evaluation.days} days, ${months} months; ${questions.before} questions before the month, ${questions.familiar} familiar and ${questions.strange} strange ones in it. ${happenings.map(textOf).join("; ")}.${lengths} Of ${100 * feedback} % of the requests somebody speaks, a day later on average, one word in twenty is wrong. Exploring: sharpness ${exploration.sharpness}, floor ${exploration.floor}; retrained every ${every} days. Regret in qualities of one request, against the oracle; 95 % intervals over months, differences within them; to the right regret of a request, when its question is asked for the first time in the month and from one happening to the next. Bold: surely better than frozen, struck: surely worse.`;
}

function textOf(happening: Happening): string {
  const day = `day ${happening.day.toFixed(1)}`;
  if (happening.what === "shifts")
    return `${day}: ${100 * happening.share} % of the questions are strange`;
  if (happening.what === "appears") return `${day}: ${happening.model} appears`;
  const times = `× ${happening.factor}`;
  return happening.what === "collapses"
    ? `${day}: quality of ${happening.model} ${times}`
    : `${day}: price of ${happening.model} ${times}`;
}

function playersTable({ rows, happenings }: MonthEvaluation): string {
  const phases = ["calm", ...happenings.map(({ what }) => what)];
  const head = ["", "regret", "less than frozen", "spent", "quality", "first asked", ...phases];
  const byName = new Map(rows.map((row) => [row.name, row]));
  return markdown(
    head,
    ORDER.flatMap((name) => byName.get(name) ?? []).map((row) => cellsOf(row, phases.length)),
  );
}

function cellsOf(row: PlayerRow, width: number): string[] {
  const { name, regret, saved, spentUsd, quality, fresh, phases } = row;
  const cells = phases.map((phase) => phase.value.toFixed(3));
  return [
    LABELS[name],
    cell(regret, whole),
    name === "frozen" || saved === undefined ? "" : differenceCell(saved, signedWhole),
    cell(spentUsd, dollars),
    cell(quality),
    pointCell(fresh),
    ...cells,
    ...Array.from({ length: width - cells.length }, () => "–"),
  ];
}

function whole(value: number): string {
  return count(Math.round(value));
}

function signedWhole(value: number): string {
  return `${value < 0 ? "−" : "+"}${whole(Math.abs(value))}`;
}

function noticeTable(rows: readonly NoticeRow[]): string {
  const head = [
    "",
    "runs",
    "share before",
    "requests until the alarm",
    "words on the model until then",
    "requests until routed around",
  ];
  return markdown(
    head,
    rows.map((row) => [
      row.watches ? "watched" : "not watched",
      `${row.runs}`,
      `${(100 * row.share).toFixed(0)} %`,
      spreadCell(row.requestsUntilAlarm),
      spreadCell(row.wordsUntilAlarm),
      spreadCell(row.requestsUntilAround),
    ]),
  );
}

/** Such as "180, 95 %: 420 (40 runs)". */
function spreadCell({ median, p95, runs }: Spread): string {
  if (runs === 0) return "–";
  return `${timesOf(median)}, 95 %: ${timesOf(p95)} (${runs} runs)`;
}

function timesOf(value: number): string {
  return Number.isFinite(value) ? whole(value) : "–";
}

const DRAWN = [
  { name: "hindsight", style: "zero" },
  { name: "watched", style: "knn" },
  { name: "retrained", style: "ridge" },
  { name: "frozen", style: "length" },
  { name: "rewatched", style: "router" },
  { name: "oracle", style: "oracle" },
] as const;

const WORDS: Readonly<Record<(typeof DRAWN)[number]["name"], string>> = {
  hindsight: "best single",
  watched: "watched",
  retrained: "retrained",
  frozen: "frozen",
  rewatched: "both",
  oracle: "oracle",
};

/** Regret and money over the days, with what happens. */
export function monthPictures(evaluation: MonthEvaluation): Picture[] {
  const { set } = evaluation;
  return [
    {
      name: `month-${set}-regret.svg`,
      svg: drawn(evaluation, `${set}: regret`, ({ regret }) => regret),
    },
    {
      name: `month-${set}-spent.svg`,
      svg: drawn(evaluation, `${set}: US dollars spent`, ({ spentUsd }) => spentUsd),
    },
  ];
}

function drawn(
  { courses, happenings, days }: MonthEvaluation,
  title: string,
  of: (point: CoursePoint) => number,
): string {
  const most = Math.max(...DRAWN.flatMap(({ name }) => courses[name]!.map(of)));
  const place = frame(
    { label: "Day", from: 0, to: days, ticks: ticksOf(days), format: String },
    { label: "Sum since the first day", from: 0, to: most, ticks: ticksOf(most), format: short },
  );
  const uprights = happenings.map(({ day }): Series => ({
    name: "",
    style: "zero",
    kind: "line",
    points: [
      [day, 0],
      [day, most],
    ],
  }));
  const lines = DRAWN.map(({ name, style }): Series => ({
    name: WORDS[name],
    style,
    kind: "line",
    points: courses[name]!.map((point) => [point.day, of(point)]),
  }));
  const extra = happenings
    .map(({ what, day }, k) =>
      note(what, { x: place.x(day), y: place.y(most * (0.97 - 0.06 * (k % 2))) }),
    )
    .join("");
  return picture(title, place, { series: [...uprights, ...lines], extra });
}

/** Five or so. */
function ticksOf(most: number): number[] {
  const rough = most / 5;
  const unit = 10 ** Math.floor(Math.log10(rough));
  const step = unit * ([1, 2, 5].find((times) => times * unit >= rough) ?? 10);
  return Array.from({ length: Math.floor(most / step) + 1 }, (_, k) => k * step);
}

function short(value: number): string {
  return count(Number(value.toPrecision(3)));
}
