/**
 * Vendors' bills against what waits for them: each request of an organisation that was cut or lost is settled by what
 * its lines come to. A request that is on none of them is left as it is: the bills may end before it. A request may have
 * called several vendors and is settled once, so the bills of all of them go together.
 *
 * A bill is CSV with a column `request_id`, as vendors got it in X-Client-Request-Id, and a column `cost_usd`.
 */
import { parseCsv } from "../dataset/importers/csv.ts";
import { readList, unbilledAnswer } from "./answers.ts";
import { pathOf } from "./command.ts";
import type { Connection } from "./connection.ts";

/** What a deployment lists at most. */
const LISTED = 1_000;

export interface Reconciliation {
  readonly settled: number;
  /** What the bill says of those, in US dollars. */
  readonly billedUsd: number;
  /** Requests that are on no bill. */
  readonly waiting: number;
}

/** Adds a bill's lines to US dollars by request. Throws an Error that names the line. */
export function addBill(bill: Map<string, number>, text: string, path: string): void {
  for (const { line, cells } of parseCsv(text, path)) {
    const [id, cost] = [cells.get("request_id"), cells.get("cost_usd")];
    if (id === undefined || cost === undefined)
      throw new Error(`${path}: a bill has the columns request_id and cost_usd`);
    const usd = cost.trim() === "" ? Number.NaN : Number(cost);
    if (!(usd >= 0 && usd < Infinity))
      throw new Error(`${path}:${line}: cost_usd ${JSON.stringify(cost)} is no sum of dollars`);
    bill.set(id, (bill.get(id) ?? 0) + usd);
  }
}

/**
 * @param report How many are settled, and of how many, as far as is known.
 * Throws RefusedError; what was settled before stays so.
 */
export async function reconcile(
  connection: Connection,
  { organisation, bill }: { organisation: string; bill: ReadonlyMap<string, number> },
  report: (settled: number, total: number) => void,
): Promise<Reconciliation> {
  const path = pathOf("organisations", organisation);
  const settled = new Map<string, number>();
  for (;;) {
    const waiting = readList(unbilledAnswer, await connection.ask("GET", `${path}/unbilled`));
    const found = waiting.filter(({ request_id: id }) => bill.has(id) && !settled.has(id));
    if (found.length === 0 && waiting.length >= LISTED)
      throw new Error(
        `${settled.size} calls are settled; the oldest ${LISTED} that wait are on none of the bills, and hide what ` +
          "came after them: `budget settle` ends one, and all are forgotten after 35 days",
      );
    if (found.length === 0) {
      const billedUsd = [...settled.values()].reduce((sum, usd) => sum + usd, 0);
      return { settled: settled.size, billedUsd, waiting: waiting.length };
    }
    const total = settled.size + found.length;
    for (const { request_id: id } of found) {
      const usd = bill.get(id)!;
      await connection.ask("POST", `${path}/settlements`, { request_id: id, cost_usd: usd });
      settled.set(id, usd);
      report(settled.size, total);
    }
  }
}
