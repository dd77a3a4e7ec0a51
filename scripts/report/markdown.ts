/**
 * Numbers with their intervals as cells of Markdown tables.
 */
import type { Estimate } from "../evaluation/bootstrap.ts";

/** A table; the first column is set to the left, all others to the right. */
export function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const rule = head.map((_, column) => (column === 0 ? "---" : "---:"));
  return [head, rule, ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** Such as "0.612"; a dash where there is none. */
export function pointCell(estimate: Estimate | undefined, format = fixed): string {
  return estimate === undefined || !Number.isFinite(estimate.value) ? "–" : format(estimate.value);
}

/** Such as "0.612 (0.580 to 0.640)". */
export function cell(estimate: Estimate | undefined, format = fixed): string {
  if (estimate === undefined || !Number.isFinite(estimate.value)) return "–";
  const { value, low, high } = estimate;
  if (Number.isNaN(low)) return format(value);
  return `${format(value)} (${format(low)} to ${format(high)})`;
}

/** A difference; bold where its interval lies above 0, struck where it lies below. */
export function differenceCell(estimate: Estimate | undefined, format = signed): string {
  const text = cell(estimate, format);
  if (estimate === undefined || text === "–") return text;
  if (estimate.low > 0) return `**${text}**`;
  return estimate.high < 0 ? `~~${text}~~` : text;
}

/** Such as "0.612". */
export function fixed(value: number): string {
  return value.toFixed(3);
}

/** Such as "+0.012". */
export function signed(value: number): string {
  return `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(3)}`;
}

/** Such as "61 %". */
export function percent(value: number): string {
  return `${(100 * value).toFixed(0)} %`;
}

/** US dollars in three digits, such as "$0.00123". */
export function dollars(value: number): string {
  return `$${Number(value.toPrecision(3))}`;
}

/** Such as "1,498". */
export function count(value: number): string {
  return value.toLocaleString("en-US");
}
