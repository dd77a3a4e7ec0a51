/**
 * An evaluation as Markdown: three tables and what one has to know to read them.
 *
 * The tables put the controls beside the router and the interval beside every number, because that is the
 * only form in which such numbers should travel. Made for the terminal and for a model's card alike.
 */
import type { Estimate } from "../evaluation/bootstrap.ts";
import type { Evaluation, PoolReport, SetReport } from "../evaluation/evaluation.ts";

type Numbers = Readonly<Record<string, Estimate>>;

/** The report, without a heading of its own; ends with a line break. */
export function evaluationTable(evaluation: Evaluation): string {
  const { router, resamples, seed, skipped } = evaluation;
  const parts = [
    `Weights ${router}; valid rows only; 95 % intervals from ${count(resamples)} paired resamples of the questions (seed ${seed}).`,
    "### Strong or weak: average performance gap recovered (APGR)",
    "The strong model is the best on train rows; the weak one is the cheapest at least half as good, or the least good of these where costs are unknown. A coin gets 0.5.",
    shareTable(evaluation),
    "### Calls to the strong model, and calibration",
    "CPT(x): share of calls that must go to the strong model to recover x % of the gap; less is better. ECE and Brier score over all models of a set; ECE stands without an interval, because a resample's is too large by nature.",
    callTable(evaluation),
    "### Cost and quality (AIQ)",
    frontierNote(evaluation),
    frontierTable(evaluation),
    ...skipped.map(({ name, why }) => `Not evaluated: ${name} (${why}).`),
  ];
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}

function shareTable({ sets, pool }: Evaluation): string {
  const head = [
    "set",
    "rows",
    "strong / weak",
    "router",
    "length",
    "category",
    "random",
    "oracle",
    "router − length",
  ];
  const rows = sets.map((set) => [
    set.name,
    count(set.pair?.rows ?? 0),
    pairCell(set),
    ...shareCells(set.numbers),
  ]);
  return markdown(head, [
    ...rows,
    ...poolRow(pool, (p) => ["one pair a set", ...shareCells(p.numbers)]),
  ]);
}

function shareCells(numbers: Numbers): string[] {
  const contenders = ["router", "length", "category", "random", "oracle"];
  return [
    ...contenders.map((name) => cell(numbers[`apgr.${name}`])),
    cell(numbers["apgr.router-length"], signed),
  ];
}

function pairCell({ pair }: SetReport): string {
  if (pair === null) return "–";
  const { strong, weak, means } = pair;
  return `${strong} (${fixed(means.strong)}) / ${weak} (${fixed(means.weak)})`;
}

function callTable({ sets, pool }: Evaluation): string {
  const head = [
    "set",
    "rows",
    "CPT(50) router",
    "CPT(50) length",
    "CPT(80) router",
    "CPT(80) length",
    "ECE",
    "Brier",
  ];
  const rows = sets.map((set) => [set.name, count(set.rows), ...callCells(set.numbers)]);
  return markdown(head, [...rows, ...poolRow(pool, ({ numbers }) => callCells(numbers))]);
}

function callCells(numbers: Numbers): string[] {
  const shares = ["cpt50.router", "cpt50.length", "cpt80.router", "cpt80.length"];
  return [
    ...shares.map((name) => cell(numbers[name], percent)),
    pointCell(numbers["ece.router"]),
    cell(numbers["brier.router"]),
  ];
}

const AIQ_COLUMNS = ["router", "zero", "bestSingle", "length", "category", "random", "oracle"];

function frontierTable({ sets, pool }: Evaluation): string {
  const priced = sets.filter(({ frontier }) => frontier !== null);
  if (priced.length === 0) return "";
  const head = [
    "set",
    "rows",
    "models",
    "router",
    "zero router",
    "best single",
    "length",
    "category",
    "random",
    "oracle",
    "router − zero",
    "router − length",
  ];
  const rows = priced.map(({ name, frontier, models, numbers }) => [
    name,
    count(frontier!.rows),
    `${frontier!.singles.length} of ${models.length}`,
    ...aiqCells(numbers),
  ]);
  if (pool === null || priced.length < 2) return markdown(head, rows);
  return markdown(head, [...rows, ["**mean**", "", "", ...aiqCells(pool.numbers)]]);
}

function aiqCells(numbers: Numbers): string[] {
  return [
    ...AIQ_COLUMNS.map((name) => cell(numbers[`aiq.${name}`])),
    cell(numbers["aiq.router-zero"], signed),
    cell(numbers["aiq.router-length"], signed),
  ];
}

function frontierNote({ sets }: Evaluation): string {
  const unpriced = sets.filter(({ frontier }) => frontier === null).map(({ name }) => name);
  const text =
    "Mean height of the cost–quality hull between the cheapest and the dearest single model of the set, over the models whose costs are known.";
  if (unpriced.length === 0) return text;
  return `${text} Fewer than two such models: ${unpriced.join(", ")}.`;
}

function poolRow(
  pool: PoolReport | null,
  cells: (pool: PoolReport) => readonly string[],
): string[][] {
  return pool === null ? [] : [["**pooled**", count(pool.questions), ...cells(pool)]];
}

function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const rule = head.map((_, column) => (column === 0 ? "---" : "---:"));
  return [head, rule, ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function pointCell(estimate: Estimate | undefined): string {
  return estimate === undefined ? "–" : fixed(estimate.value);
}

/** Such as "0.612 (0.580 to 0.640)". */
function cell(estimate: Estimate | undefined, format = fixed): string {
  if (estimate === undefined || Number.isNaN(estimate.value)) return "–";
  const { value, low, high } = estimate;
  if (Number.isNaN(low)) return format(value);
  return `${format(value)} (${format(low)} to ${format(high)})`;
}

function fixed(value: number): string {
  return value.toFixed(3);
}

function signed(value: number): string {
  return `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(3)}`;
}

function percent(value: number): string {
  return `${(100 * value).toFixed(0)} %`;
}

function count(value: number): string {
  return value.toLocaleString("en-US");
}
