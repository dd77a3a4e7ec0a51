/**
 * The books of a soak, held against one another: what clients were told they paid, what the service's log has, and what
 * the vendor itself counted for the answers that it finished. Pure.
 */
import type { CatalogModel } from "../../router-models/catalog.ts";
import { costMicroUsd } from "../../worker/domain/money.ts";
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

/** Compares every answer that one finished record of its model stands for; estimated ones have none to compare. */
export function compareBooks({ results, records, charges, catalog }: BooksInput): Books {
  const finished = Map.groupBy(
    records.filter(({ state }) => state === "finished"),
    ({ body }) => userOf(body),
  );
  const different: string[] = [];
  let [compared, uncharged, clientMicro, vendorMicro] = [0, 0, 0, 0];
  for (const { request, ending, requestId, model, costUsd, hedgeCostUsd } of results) {
    if (ending !== "answer") continue;
    if ((charges.get(requestId ?? "") ?? 0) === 0) uncharged += 1;
    const own = (finished.get(request.id) ?? []).filter((record) => record.model === model);
    const [record] = own;
    // A hedge, a filter or a lost usage has more than one record's price in it, or an estimate.
    if (own.length !== 1 || record?.billed === undefined || record.fault !== undefined) continue;
    if (finished.get(request.id)?.some((other) => other !== record && hedgeCostUsd === 0)) continue;
    compared += 1;
    const price = catalog.find(({ id }) => id === model)?.price;
    const owed =
      costMicroUsd(record.billed.promptTokens, price?.inputUsdPerMTok ?? 0) +
      costMicroUsd(record.billed.completionTokens, price?.outputUsdPerMTok ?? 0);
    const paid = Math.round(((costUsd ?? 0) - hedgeCostUsd) * 1e6);
    clientMicro += paid;
    vendorMicro += owed;
    if (paid !== owed)
      different.push(`${request.id} ${model}: paid ${paid}, vendor counts ${owed}`);
  }
  return {
    compared,
    different,
    uncharged,
    chargedTwice: [...charges.values()].filter((lines) => lines > 1).length,
    clientUsd: clientMicro / 1e6,
    vendorUsd: vendorMicro / 1e6,
  };
}

function userOf(body: unknown): string {
  if (typeof body !== "object" || body === null || !("user" in body)) return "";
  return String(body.user);
}
