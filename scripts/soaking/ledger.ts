/**
 * The books of a soak, held against one another: what clients were told they paid, what the service's log has, and what
 * the vendor itself counted for the answers that it finished. Pure.
 */
import type { CatalogModel } from "../../router-models/catalog.ts";
import { owedMicroUsd } from "../simulation/bill.ts";
import type { RequestRecord } from "../simulation/request-log.ts";
import type { SoakResult } from "./one-request.ts";

export interface Books {
  /** Answers whose price was compared with the vendor's count, and those that differ. */
  readonly compared: number;
  readonly different: readonly string[];
  /** Requests with more than one line of charge in the log. */
  readonly chargedTwice: number;
  /** Answers that the log has no charge for. */
  readonly uncharged: number;
  readonly clientUsd: number;
  readonly vendorUsd: number;
}

interface BooksInput {
  readonly results: readonly SoakResult[];
  readonly records: readonly RequestRecord[];
  /** Lines of charge in the log, by request id. */
  readonly charges: ReadonlyMap<string, number>;
  readonly catalog: readonly CatalogModel[];
}

/**
 * Compares every answer that has one honest record behind it. Estimates have nothing to compare, and neither has an
 * answer beside which a call broke off: that may be on the bill, and nobody knows at what.
 */
export function compareBooks({ results, records, charges, catalog }: BooksInput): Books {
  const finished = Map.groupBy(
    records.filter(({ state }) => state === "finished"),
    ({ body }) => userOf(body),
  );
  const answers = results.filter(({ ending }) => ending === "answer");
  const pairs = answers.flatMap((result) => {
    const [record, ...more] = finished.get(result.request.id) ?? [];
    const isAlone = more.length === 0 && result.attempts === (result.hedgeCostUsd > 0 ? 2 : 1);
    if (
      record === undefined ||
      !isAlone ||
      record.fault !== undefined ||
      record.model !== result.model ||
      result.isEstimate
    )
      return [];
    const paid = microUsd((result.costUsd ?? 0) - result.hedgeCostUsd);
    const id = `${result.request.id} by ${record.model}`;
    return [{ id, paid, owed: owedFor(record, catalog) }];
  });
  return {
    compared: pairs.length,
    different: pairs
      .filter(({ paid, owed }) => paid !== owed)
      .map(({ id, paid, owed }) => `${id}: paid ${paid}, the vendor counts ${owed} micro-dollars`),
    chargedTwice: [...charges.values()].filter((lines) => lines > 1).length,
    uncharged: answers.filter(({ requestId = "" }) => !charges.has(requestId)).length,
    clientUsd: pairs.reduce((sum, { paid }) => sum + paid, 0) / 1e6,
    vendorUsd: pairs.reduce((sum, { owed }) => sum + owed, 0) / 1e6,
  };
}

function microUsd(usd: number): number {
  return Math.round(usd * 1e6);
}

function owedFor({ model, billed }: RequestRecord, catalog: readonly CatalogModel[]): number {
  const price = catalog.find(({ id }) => id === model)?.price;
  return billed === undefined || price === undefined ? 0 : owedMicroUsd(billed, price);
}

function userOf(body: unknown): string {
  if (typeof body !== "object" || body === null || !("user" in body)) return "";
  return String(body.user);
}
