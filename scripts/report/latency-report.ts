/**
 * The latency evaluation as Markdown tables, one for each series and target, and as pictures of how the
 * error falls with the calls seen.
 */
import { LEARNER } from "../evaluation/latency/contenders.ts";
import type { LatencyEvaluation, LatencyTable } from "../evaluation/latency/evaluation.ts";
import type { LimitRow } from "../evaluation/latency/limits.ts";
import type { Picture } from "./evaluation-pictures.ts";
import { cell, count, differenceCell, fixed, markdown, percent, pointCell } from "./markdown.ts";
import { frame, picture, type Series } from "./svg.ts";

/** The evaluation as Markdown, without a heading of its own. */
export function latencyTable({ prior, tables }: LatencyEvaluation): string {
  return [
    `Each call is forecast when it begins and learnt when it ends. Every series begins from ${count(prior.ttftMs)} ms and ${count(prior.outputTokensPerSecond)} tokens a second, the catalogue's medians. Errors are those of the logarithm; intervals resample blocks of 50 calls. Behind: how much more pinball loss at p50 than the learner has, bold where surely more.`,
    ...tables.flatMap(sectionOf),
  ].join("\n\n");
}

function sectionOf(table: LatencyTable): string[] {
  const { series, target, isMeasured, wasChosenOn, calls, scores, toldLength, limits } = table;
  const kind = isMeasured ? "measured" : "simulated times";
  const role = wasChosenOn ? "; constants were chosen on it" : "";
  const rows = scores.map((score, k) => [
    score.contender,
    cell(score.error),
    cell(score.pinball50),
    cell(score.pinball90),
    score.contender === LEARNER ? "" : differenceCell(score.behind),
    Object.values(score.coverage).map(percentCell).join(" / "),
    toldLength === undefined ? "–" : pointCell(toldLength[k]?.error),
  ]);
  const head = ["", "error", "pinball p50", "pinball p90", "behind", "below p50 / p90 / p95"];
  return [
    `### ${series}, ${target === "totalMs" ? "whole answer" : "first token"}: ${count(calls)} calls, ${kind}${role}`,
    markdown([...head, "error, length told"], rows),
    ...(target === "totalMs" ? [limitTable(limits)] : []),
  ];
}

function limitTable(limits: readonly LimitRow[]): string {
  const rows = limits.map(({ limitMs, quantile, letThrough, broken, turnedAway }) => [
    `${count(limitMs)} ms against ${quantile}`,
    percent(letThrough),
    Number.isNaN(broken) ? "–" : percent(broken),
    Number.isNaN(turnedAway) ? "–" : percent(turnedAway),
  ]);
  return markdown(["limit", "calls let through", "of these too slow", "turned away in vain"], rows);
}

function percentCell({ value }: { value: number }): string {
  return percent(value);
}

const STYLES: Readonly<Record<string, string>> = {
  [LEARNER]: "router",
  "quantile regression": "ridge",
  "last 100 of that length": "knn",
  catalogue: "length",
  "all quantiles": "statistics",
  "last value": "random",
};

/** One picture for each table: error against calls seen. */
export function latencyPictures({ tables }: LatencyEvaluation): Picture[] {
  return tables.map(curvePicture);
}

function curvePicture({ series, target, curve, isMeasured }: LatencyTable): Picture {
  const shown = Object.keys(STYLES);
  const errors = curve.flatMap((point) => shown.map((who) => point.errors[who]!));
  const top = Math.ceil(Math.max(...errors) * 5) / 5;
  const place = frame(
    {
      label: "Calls seen (logarithmic)",
      from: Math.log(curve[0]!.calls),
      to: Math.log(curve.at(-1)!.calls),
      ticks: curve.map(({ calls }) => Math.log(calls)),
      format: (value) => count(Math.round(Math.exp(value))),
    },
    {
      label: "Median error of the logarithm",
      from: 0,
      to: top,
      ticks: Array.from({ length: 6 }, (_, k) => (k * top) / 5),
      format: (value) => fixed(value),
    },
  );
  const lines = shown.toReversed().map((who): Series => {
    const points = curve.map(({ calls, errors: own }): [number, number] => [
      Math.log(calls),
      own[who]!,
    ]);
    return { name: who, style: STYLES[who]!, kind: "line", points };
  });
  const what = target === "totalMs" ? "whole answer" : "first token";
  const title = `${series}, ${what}${isMeasured ? "" : " (simulated times)"}`;
  const name = `latency-${series}-${target === "totalMs" ? "total" : "ttft"}.svg`;
  return { name, svg: picture(title, place, { series: lines }) };
}
