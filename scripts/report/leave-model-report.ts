/**
 * Leave-model-out as a table and a picture: what share of the full gain a new model's place has after so
 * many probes.
 */
import type { SummaryRow } from "../evaluation/leave-model-summary.ts";
import type { LeaveModelReport } from "../evaluation/leave-model.ts";
import type { Picture } from "./evaluation-pictures.ts";
import { cell, fixed, markdown, percent } from "./markdown.ts";
import { frame, picture, type Series } from "./svg.ts";

/** The report as Markdown, without a heading of its own; ends with a line break. */
export function leaveModelTable(report: LeaveModelReport): string {
  const { dataset, folds, models, counted, leftOut, validRows, full, rows } = report;
  return [
    `${models.length} models of ${dataset}, each left out of training once (${folds} folds) and placed by public scores and probes; judged on ${validRows} valid rows. Intervals over models.`,
    `Share: gain in cross-entropy over the prior's mean, as a share of the gain of a row learnt from all training scores; the median over the ${counted} models that have anything to gain. The full row gains ${cell(full.gain)} nats and routes at an APGR of ${cell(full.apgr)}. Coverage: how often the place's 90 % interval holds the full row.${leftOut.length === 0 ? "" : ` Too few rows to judge: ${leftOut.join(", ")}.`}`,
    markdown(
      ["start", "probes", "chosen", "median share", "pooled share", "gain", "APGR", "coverage"],
      rows.map((row) => [
        row.start,
        String(row.probes),
        row.probes === 0 ? "" : row.design,
        cell(row.share, percent),
        cell(row.pooledShare, percent),
        cell(row.gain, fixed),
        cell(row.apgr),
        percent(row.coverage),
      ]),
    ),
  ].join("\n\n");
}

/** The median share against the number of probes, one line for each start; probes drawn at random. */
export function leaveModelPicture({ dataset, rows }: LeaveModelReport): Picture {
  const drawn = rows.filter(({ probes, design }) => probes === 0 || design === "drawn");
  const counts = [...new Set(drawn.map(({ probes }) => probes))];
  const least = Math.min(0, ...drawn.map(({ share }) => share.value).filter(Number.isFinite));
  const from = Math.max(Math.floor(least * 5) / 5, -1);
  const place = frame(
    {
      label: "Probes (logarithmic)",
      from: 0,
      to: Math.log1p(Math.max(...counts)),
      ticks: counts.map((probes) => Math.log1p(probes)),
      format: (value) => String(Math.round(Math.expm1(value))),
    },
    {
      label: "Median share of the full gain",
      from,
      to: 1,
      ticks: Array.from({ length: Math.round((1 - from) * 5) + 1 }, (_, k) => from + k / 5),
      format: percent,
    },
  );
  const STYLES = ["random", "router", "ridge", "oracle"];
  const byStart = [...Map.groupBy(drawn, ({ start }) => start)];
  const series = byStart.flatMap(([start, arms], i): Series[] => {
    const style = STYLES[i % STYLES.length]!;
    const points = pointsOf(arms);
    return [
      { name: start, style, kind: "line", points },
      { name: "", style, kind: "dots", points },
    ];
  });
  const title = `${dataset}: models placed without having been learnt`;
  return { name: "leave-model.svg", svg: picture(title, place, { series }) };
}

function pointsOf(arms: readonly SummaryRow[]): [number, number][] {
  return arms
    .filter(({ share }) => Number.isFinite(share.value))
    .map(({ probes, share }): [number, number] => [Math.log1p(probes), share.value])
    .toSorted(([a], [b]) => a - b);
}
