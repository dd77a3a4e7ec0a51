/**
 * Ways to do the same, timed in turns. In every round each way goes once, in an order that rotates, and is compared with
 * the first way of its own round; so whatever slows the machine for a while slows both sides of a difference.
 */
import { randomFrom } from "../../worker/lib/prng.ts";
import { median, medianInterval, quantile } from "./quantiles.ts";
import { textTable } from "./text-table.ts";

const WARM_UP_ROUNDS = 20;

export interface TurnOptions {
  readonly rounds: number;
  readonly report: (done: number, total: number, note: string) => void;
}

/** Milliseconds. `added` is against the first way of its part; absent for that. */
export interface TurnRow {
  readonly part: string;
  readonly name: string;
  readonly p50: number;
  readonly p99: number;
  readonly added?: {
    /** Median of the differences within rounds, with its 95 % bootstrap interval. */
    readonly p50: number;
    readonly interval: readonly [low: number, high: number];
    /** Difference of the 99th percentiles. */
    readonly p99: number;
  };
}

/** A way to do the same: answers the milliseconds of each of its measures. */
export interface Way {
  readonly name: string;
  run(round: number): Promise<readonly number[]>;
}

/** @param parts What the measures of a run are of. */
export async function inTurns(
  ways: readonly Way[],
  parts: readonly string[],
  { rounds, report }: TurnOptions,
): Promise<TurnRow[]> {
  const measured: (readonly number[])[][] = ways.map(() => []);
  for (let round = -WARM_UP_ROUNDS; round < rounds; round++) {
    for (let turn = 0; turn < ways.length; turn++) {
      const at = (turn + round + WARM_UP_ROUNDS) % ways.length;
      const times = await ways[at]!.run(round);
      if (round >= 0) measured[at]!.push(times);
    }
    report(Math.max(round + 1, 0), rounds, parts[0]!);
  }
  return parts.flatMap((part, measure) => {
    const columns = measured.map((runs) => runs.map((times) => times[measure]!));
    return columns.map((times, at) => rowOf({ part, name: ways[at]!.name }, times, columns[0]!));
  });
}

function rowOf(
  names: Pick<TurnRow, "part" | "name">,
  times: readonly number[],
  bare: readonly number[],
): TurnRow {
  const own = { ...names, p50: median(times), p99: quantile(times, 0.99) };
  if (times === bare) return own;
  const differences = times.map((ms, i) => ms - bare[i]!);
  return {
    ...own,
    added: {
      p50: median(differences),
      interval: medianInterval(differences, randomFrom(1)),
      p99: own.p99 - quantile(bare, 0.99),
    },
  };
}

/** The rows as a table, in milliseconds. */
export function turnTable(rows: readonly TurnRow[]): string {
  const head = ["ms", "", "p50", "p99", "added p50 [95 %]", "added p99"];
  const cells = rows.map(({ part, name, p50, p99, added }) => [
    part,
    name,
    ...[p50, p99].map(shown),
    added === undefined ? "" : `${shown(added.p50)} [${added.interval.map(shown).join(", ")}]`,
    added === undefined ? "" : shown(added.p99),
  ]);
  return textTable(head, cells);
}

function shown(milliseconds: number): string {
  return milliseconds.toFixed(2);
}
