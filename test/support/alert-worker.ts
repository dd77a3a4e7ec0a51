/**
 * The deployed Worker, queue and webhook included, with one difference: a request says what has been settled, and
 * alerts are made of it at once. So a test brings about any alert without spending anything.
 */
import type { Entry } from "../../worker/budget/accounts.ts";
import type { Whose } from "../../worker/budget/alert-events.ts";
import { compose } from "../../worker/compose.ts";
import type { Settled } from "../../worker/domain/ledger.ts";
import worker from "../../worker/index.ts";

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

/** The body of a request. */
interface Spending {
  readonly whose: Whose;
  readonly entries: readonly Entry[];
  readonly settled: Settled;
}

export default {
  async fetch(request, env) {
    const { whose, entries, settled } = await request.json<Spending>();
    await compose(env).alerts.settled(whose, entries, settled);
    return new Response();
  },
  queue: (batch, env) => worker.queue(batch, env),
} satisfies ExportedHandler<Env>;
