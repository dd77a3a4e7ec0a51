/** Measurements as an aligned table, each beside its target where it has one. */
import { median } from "./quantiles.ts";
import { textTable } from "./text-table.ts";

export interface BenchRow {
  readonly name: string;
  readonly value: number;
  readonly unit: "µs" | "ms" | "ms CPU" | "bytes" | "bytes each";
  /** Smallest and largest measurement, where there were several. */
  readonly range?: readonly [number, number];
  /** Of the measurements, where they are many. */
  readonly quantiles?: { readonly p90: number; readonly p99: number };
  /** Median CPU time of the same measurements: what they would take if nothing else ran. */
  readonly cpu?: number;
  /** The most that `value` may be. */
  readonly target?: number;
}

/** Median and range of repeated measurements. */
export function summary(values: readonly number[]): { value: number; range: [number, number] } {
  return { value: median(values), range: [Math.min(...values), Math.max(...values)] };
}

/** Whether the value is within its target; so is one without a target. */
export function isMet({ value, target }: BenchRow): boolean {
  return target === undefined || value <= target;
}

/** One line a row, the columns padded with spaces. */
export function benchTable(rows: readonly BenchRow[]): string {
  const cells = rows.map((row) => [
    row.name,
    show(row, row.value),
    spread(row),
    row.cpu === undefined ? "" : show(row, row.cpu),
    row.target === undefined
      ? ""
      : `${isMet(row) ? "pass" : "MISS"}, target ≤ ${show(row, row.target)}`,
  ]);
  const head = ["", "median", "range, or p90 and p99", "median CPU", "verdict"];
  return textTable(head, cells);
}

function spread(row: BenchRow): string {
  const { range, quantiles } = row;
  if (quantiles) return `${show(row, quantiles.p90)}, ${show(row, quantiles.p99)}`;
  return range ? `${show(row, range[0])} – ${show(row, range[1])}` : "";
}

function show({ unit }: BenchRow, value: number): string {
  if (unit === "bytes") return `${(value / 2 ** 20).toFixed(2)} MiB`;
  return `${value.toFixed(unit === "ms" ? 2 : 1)} ${unit}`;
}
