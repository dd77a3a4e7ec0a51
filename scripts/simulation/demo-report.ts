/**
 * The demo's result as text: a row per prompt and a summary of where the traffic went and what that saved. The saving
 * is against the reference model, that is, what the same tokens would have cost there.
 */
import { quantile } from "../report/quantiles.ts";
import type { DemoOutcome } from "./demo-client.ts";

/** The columns from here on are numbers and stand to the right. */
const FIRST_NUMBER = 3;

/** What the outcomes add up to. Money in US dollars, times in milliseconds, shares in 0..1. */
export interface DemoSummary {
  readonly answered: number;
  readonly failed: number;
  /** Model to its share of the answers, the largest first. */
  readonly shares: Readonly<Record<string, number>>;
  readonly meanScore: number;
  readonly costUsd: number;
  readonly savedUsd: number;
  readonly savedShare: number;
  readonly decisionP50Ms: number;
  readonly decisionP95Ms: number;
}

/** Sums the outcomes up; `decisionMs` are the decision times that were measured apart. */
export function summarise(
  outcomes: readonly DemoOutcome[],
  decisionMs: readonly number[],
): DemoSummary {
  const answered = outcomes.filter((o) => o.status === 200);
  const costUsd = sum(answered.map((o) => o.costUsd));
  const savedUsd = sum(answered.map((o) => o.savedUsd));
  return {
    answered: answered.length,
    failed: outcomes.length - answered.length,
    shares: sharesOf(answered.map((o) => o.model)),
    meanScore: sum(answered.map((o) => o.score)) / answered.length,
    costUsd,
    savedUsd,
    savedShare: savedUsd / (costUsd + savedUsd),
    decisionP50Ms: quantile(decisionMs, 0.5),
    decisionP95Ms: quantile(decisionMs, 0.95),
  };
}

/** The table, a line per prompt under a heading. */
export function tableOf(outcomes: readonly DemoOutcome[]): string {
  const heading = ["kind", "model", "reason", "quality", "cost $", "saved $", "ms"];
  const rows = outcomes.map((o) => [
    o.kind + (o.isStream ? " ~" : ""),
    o.error === undefined ? o.model : `status ${o.status}`,
    o.error ?? o.reason,
    o.score.toFixed(3),
    o.costUsd.toFixed(6),
    o.savedUsd.toFixed(6),
    o.elapsedMs.toFixed(0),
  ]);
  const widths = heading.map((h, c) => Math.max(h.length, ...rows.map((r) => (r[c] ?? "").length)));
  const lines = [heading, ...rows].map((row) =>
    row
      .map((cell, c) =>
        c >= FIRST_NUMBER ? cell.padStart(widths[c] ?? 0) : cell.padEnd(widths[c] ?? 0),
      )
      .join("  ")
      .trimEnd(),
  );
  return lines.join("\n");
}

/** The summary as a few lines, with a word on how the decision time was measured. */
export function summaryText(summary: DemoSummary): string {
  const shares = Object.entries(summary.shares).map(
    ([model, share]) => `  ${`${(100 * share).toFixed(1)} %`.padStart(7)}  ${model}`,
  );
  return [
    `${summary.answered} answered, ${summary.failed} failed; "~" marks streamed answers.`,
    "Share per model:",
    ...shares,
    `Predicted quality, mean: ${summary.meanScore.toFixed(3)}`,
    `Cost: $${summary.costUsd.toFixed(6)}; saved against the reference model: ` +
      `$${summary.savedUsd.toFixed(6)} (${(100 * summary.savedShare).toFixed(1)} %)`,
    `Decision time: p50 ${summary.decisionP50Ms.toFixed(2)} ms, p95 ${summary.decisionP95Ms.toFixed(2)} ms. ` +
      "Measured from this process, because workerd's clock stands still while code computes: per prompt the " +
      "median of five /v1/route calls, one after another, less the median of as many /healthz calls. " +
      "It therefore still holds reading the body and writing the answer.",
  ].join("\n");
}

function sharesOf(models: readonly string[]): Record<string, number> {
  const counts = Object.entries(Object.groupBy(models, (m) => m)).map(
    ([model, all]): [string, number] => [model, (all?.length ?? 0) / models.length],
  );
  return Object.fromEntries(counts.toSorted((a, b) => b[1] - a[1]));
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}
