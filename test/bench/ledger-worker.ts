/**
 * The Worker in which `npm run bench -- --ledger` times a ledger alone: each request is one reservation and its
 * settlement, under a hard budget, as a request of the service makes them.
 *
 *     POST /?host=object|redis|none
 */
import { ledgersIn } from "../../worker/budget/ledgers.ts";
import type { Account } from "../../worker/domain/ledger.ts";

export {
  CacheObject,
  DirectoryObject,
  FeedbackObject,
  JournalObject,
  LedgerObject,
  NeighbourObject,
  VitalsObject,
  WatchObject,
} from "../../worker/objects.ts";

const ACCOUNT: Account = {
  name: "tenant:bench/usd/total",
  unit: "usd",
  slotMs: 0,
  sinceMs: 0,
  limit: 1e12,
  isHard: true,
};
const LEASE_MS = 60_000;

export default {
  async fetch(request, env) {
    const host = new URL(request.url).searchParams.get("host");
    if (host === "none") return new Response("none");
    const { UPSTASH_REDIS_REST_URL: url = "", UPSTASH_REDIS_REST_TOKEN: token = "" } = env;
    const redis = host === "redis" ? { url, token } : undefined;
    const ledger = ledgersIn({ objects: env.LEDGER, redis })?.("bench");
    if (ledger === undefined) throw new Error("There is no ledger.");
    const nowMs = Date.now();
    const id = crypto.randomUUID();
    const draws = [{ account: ACCOUNT, amount: 1_000 }];
    const gates = ["tenant:bench", "key:bench"];
    const { kind } = await ledger.reserve({ id, draws, gates, nowMs, expiresMs: nowMs + LEASE_MS });
    await ledger.settle({ id, draws, nowMs });
    return new Response(kind);
  },
} satisfies ExportedHandler<Env>;
