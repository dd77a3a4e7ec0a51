/**
 * What a replay found, for people: whether the decisions are the same, and what would change with others. Text for a
 * terminal, Markdown for a report, plain data for programs; one picture of where the traffic would go.
 */
import type { OffPolicyEstimate } from "../evaluation/off-policy/estimate.ts";
import type { Picture } from "../report/evaluation-pictures.ts";
import {
  cell,
  count,
  differenceCell,
  dollars,
  fixed,
  markdown,
  percent,
} from "../report/markdown.ts";
import { frame, note, picture, type Series } from "../report/svg.ts";
import { textTable } from "../report/text-table.ts";
import type { BeforeAfter, Diff, TenantDiff } from "./diff.ts";
import type { Differing, ReplayReport } from "./replay.ts";

export interface Found {
  readonly replay: ReplayReport;
  /** Undefined where nothing was to be compared with. */
  readonly diff: Diff | undefined;
  /** What decides in the diff, for people. */
  readonly next: string;
}

/** As plain data: maps become objects. */
export function plainOf({ replay, diff, next }: Found): object {
  return {
    replay: {
      ...replay,
      weights: Object.fromEntries(replay.weights),
      skipped: Object.fromEntries(replay.skipped),
    },
    ...(diff !== undefined && {
      diff: { next, ...diff, skipped: Object.fromEntries(diff.skipped) },
    }),
  };
}

/** For a terminal. */
export function textOf({ replay, diff, next }: Found): string {
  const parts = [...verdictOf(replay), ...replay.named.map(differingLine)];
  if (diff !== undefined)
    parts.push(
      "",
      `With ${next}:`,
      textTable(TENANT_HEAD, tenantRows(diff)),
      ...skippedLines(diff.skipped, "not compared"),
      "",
      textTable(MOVE_HEAD, moveRows(diff.total)),
      "",
      textTable(DEAREST_HEAD, dearestRows(diff.total)),
    );
  return parts.join("\n");
}

/** The same as Markdown. */
export function markdownOf({ replay, diff, next }: Found): string {
  const parts = ["# Replay", verdictOf(replay).join("\n\n")];
  if (replay.named.length > 0)
    parts.push("## Decisions that came out otherwise", replay.named.map(differingItem).join("\n"));
  if (diff !== undefined)
    parts.push(
      `## With ${next}`,
      "Cost as the weights that decide now expect it. Quality is what is predicted of the models preferred before and " +
        "after, by the old weights and by the new. Reward is estimated from the log, doubly robust, with its 95 % " +
        "interval; *n* is the effective sample size, *unsupported* the share of draws that the log can say nothing of.",
      markdown(TENANT_HEAD, tenantRows(diff)),
      ...skippedLines(diff.skipped, "not compared"),
      `![Where the requests go](${PICTURE})`,
      "### Moves",
      markdown(MOVE_HEAD, moveRows(diff.total)),
      "### The dearest changes",
      markdown(DEAREST_HEAD, dearestRows(diff.total)),
    );
  return `${parts.join("\n\n")}\n`;
}

function verdictOf({ decisions, equal, equalFromScores, differing, skipped }: ReplayReport) {
  const compared = equal + equalFromScores + differing;
  const share =
    compared === 0 ? "none" : `${((100 * (compared - differing)) / compared).toFixed(2)} %`;
  return [
    `${count(decisions)} decisions, ${count(compared)} made again, ${share} of these equal to the last bit.`,
    `${count(equal)} from their features on, ${count(equalFromScores)} from the logged scores, ` +
      `${count(differing)} came out otherwise.`,
    ...skippedLines(skipped, "not made again"),
  ];
}

function skippedLines(skipped: ReadonlyMap<string, number>, what: string): string[] {
  return [...skipped].map(([why, times]) => `${count(times)} ${what}: ${why}`);
}

function differingLine({ id, tenant, differences }: Differing): string {
  const [first, ...others] = differences;
  const more = others.length > 0 ? `, and ${others.length} more fields` : "";
  const { field, logged, again } = first!;
  return `  ${tenant} ${id}: ${field} was ${shown(logged)}, is ${shown(again)}${more}`;
}

function differingItem(differing: Differing): string {
  return `- \`${differingLine(differing).trim()}\``;
}

const MAX_SHOWN = 80;

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? "absent";
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN - 1)}…` : text;
}

const TENANT_HEAD = [
  "tenant",
  "decisions",
  "change model",
  "refused",
  "cost",
  "quality, old weights",
  "quality, new weights",
  "reward",
  "against served",
  "n",
  "unsupported",
];
const MOVE_HEAD = ["from", "to", "requests"];
const DEAREST_HEAD = ["request", "tenant", "from", "to", "added cost", "quality, new weights"];
const MOST_MOVES = 20;

function tenantRows({ total, tenants }: Diff): string[][] {
  return [...tenants, total].map(tenantRow);
}

function tenantRow(diff: TenantDiff): string[] {
  const { tenant, decisions, changed, refused, costUsd, quality, reward } = diff;
  return [
    tenant,
    count(decisions),
    percent(changed / Math.max(decisions, 1)),
    count(refused),
    arrow(costUsd, dollars),
    arrow(quality.old, fixed),
    arrow(quality.new, fixed),
    ...rewardCells(reward),
  ];
}

function rewardCells(reward: OffPolicyEstimate | undefined): string[] {
  if (reward === undefined) return ["–", "–", "0", "–"];
  const { dr, difference, effectiveSampleSize, unsupported } = reward;
  return [
    cell(dr),
    differenceCell(difference),
    count(Math.round(effectiveSampleSize)),
    percent(unsupported),
  ];
}

function arrow({ before, after }: BeforeAfter, format: (value: number) => string): string {
  return Number.isFinite(before + after) ? `${format(before)} → ${format(after)}` : "–";
}

function moveRows({ moves }: TenantDiff): string[][] {
  return moves.slice(0, MOST_MOVES).map((move) => [move.from, move.to, count(move.count)]);
}

function dearestRows({ dearest }: TenantDiff): string[][] {
  return dearest.map(({ id, tenant, from, to, costUsd, quality }) => [
    id,
    tenant,
    from,
    to,
    dollars(costUsd.after - costUsd.before),
    arrow(quality.new, fixed),
  ]);
}

const PICTURE = "traffic.svg";
/** Rows of the picture. */
const NAMED_MODELS = 10;

/** Each of the busiest models' share of the requests before and after, a row each. */
export function picturesOf({ diff, next }: Found): Picture[] {
  if (diff === undefined) return [];
  const { shares, decisions, refused } = diff.total;
  const served = Math.max(decisions - refused, 1);
  const rows = shares
    .toSorted((a, b) => b.before + b.after - a.before - a.after)
    .slice(0, NAMED_MODELS)
    .map(({ model, before, after }, row) => {
      return { model, y: NAMED_MODELS - row, before: before / served, after: after / served };
    });
  const most = Math.max(0.1, ...rows.flatMap(({ before, after }) => [before, after]));
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((part) => part * most);
  const place = frame(
    { label: "share of requests", from: 0, to: most, ticks, format: percent },
    { label: "", from: 0, to: NAMED_MODELS + 0.6, ticks: [], format: String },
  );
  const svg = picture("Where the requests go", place, {
    series: [
      ...rows.map(({ y, before, after }): Series => {
        const points = [before, after].map((x) => [x, y] as const);
        return { name: "", style: "random", kind: "line", points };
      }),
      dots(
        next,
        "router",
        rows.map(({ after, y }) => [after, y]),
      ),
      dots(
        "as served",
        "random",
        rows.map(({ before, y }) => [before, y]),
      ),
    ],
    extra: rows
      .map(({ model, y, before, after }) =>
        note(model, { x: place.x(Math.max(before, after)), y: place.y(y) }),
      )
      .join("\n"),
  });
  return [{ name: PICTURE, svg }];
}

function dots(name: string, style: string, points: Series["points"]): Series {
  return { name, style, kind: "dots", points };
}
