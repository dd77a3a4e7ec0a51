/**
 * Where a deployment keeps its ledgers: in Upstash Redis where that is configured, else in Durable Objects.
 *
 * A ledger is a handle without a state of its own, so nothing has to be kept of it. The same organisation must always
 * be asked at the same place: moving from one to the other begins at nothing.
 */
import type { Ledger } from "../domain/ledger.ts";
import { objectLedger, type LedgerObject } from "./ledger-object.ts";
import { connectRedis, redisLedger } from "./ledger-redis.ts";

/** The ledger of each organisation, by its id; undefined where a deployment has no place for any. */
export function ledgersIn({
  objects,
  redis,
}: {
  readonly objects: DurableObjectNamespace<LedgerObject> | undefined;
  readonly redis: { readonly url: string; readonly token: string } | undefined;
}): ((organisation: string) => Ledger) | undefined {
  if (redis !== undefined) {
    const client = connectRedis(redis);
    return (organisation) => redisLedger(client, organisation);
  }
  return objects && ((organisation) => objectLedger(() => objects.getByName(organisation)));
}
