/**
 * From what happens at budgets to the queue. Every alert is a line of the log, and where a webhook is configured a
 * message too; how that is delivered is alert-queue.ts's business.
 *
 * Nobody waits for this: it runs after an answer, never rejects, and gives the queue a few seconds. What an
 * isolate has told it does not tell again, so a budget that refuses a thousand requests is one alert. It
 * remembers the last of them only; a repeat has the same id.
 */
import type { Balance, Settled } from "../domain/ledger.ts";
import { BoundedMap } from "../lib/bounded-map.ts";
import type { Clock } from "../lib/clock.ts";
import { Deadline, type StartTimer } from "../lib/deadline.ts";
import type { Entry } from "./accounts.ts";
import {
  alertOf,
  alertsOf,
  refusalOf,
  type Alert,
  type AlertDraft,
  type Whose,
} from "./alert-events.ts";

/** The queue, as far as it is needed to send. */
export interface AlertOutbox {
  sendBatch(messages: readonly { body: Alert; contentType: "json" }[]): Promise<unknown>;
}

interface SenderOptions {
  /** Undefined where there is no queue or no webhook at its end. */
  readonly outbox: AlertOutbox | undefined;
  readonly clock: Clock;
  /** Must not throw. */
  readonly log: (event: AlertSent) => void;
  readonly timer?: StartTimer;
}

export type AlertSent =
  | ({ readonly event: "budget_alert"; readonly id: string } & AlertFields)
  | { readonly event: "budget_alerts_lost"; readonly count: number };

interface AlertFields {
  readonly type: Alert["type"];
  readonly organisation: string;
  readonly tenant: string | undefined;
  readonly key: string | undefined;
  readonly model: string | undefined;
  readonly window: string;
  readonly limit_usd: number;
  readonly spent_usd: number;
  readonly share: number | undefined;
}

/** Beyond this a queue is down. */
const SEND_MS = 5_000;

/** A queue takes no more messages in one call, and no request touches more budgets. */
const MAX_ALERTS = 100;

/** Some 200 bytes each. */
const REMEMBERED = 1_000;

export class AlertSender {
  readonly #options: SenderOptions;
  /** What has been told. */
  readonly #told = new BoundedMap<string, true>(REMEMBERED);

  constructor(options: SenderOptions) {
    this.#options = options;
  }

  /** Tells what a settlement has brought about. Never rejects; call it under waitUntil. */
  async settled(whose: Whose, entries: readonly Entry[], settled: Settled): Promise<void> {
    await this.#tell(alertsOf(whose, entries, settled));
  }

  /** Tells that a budget has turned a request away. Never rejects; call it under waitUntil. */
  async refused(whose: Whose, entry: Entry, balance: Balance): Promise<void> {
    const draft = refusalOf(whose, entry, balance);
    if (draft !== undefined) await this.#tell([draft]);
  }

  async #tell(drafts: readonly AlertDraft[]): Promise<void> {
    const { outbox, clock, log } = this.#options;
    const fresh = drafts.filter(({ identity }) => this.#isNew(identity)).slice(0, MAX_ALERTS);
    if (fresh.length === 0) return;
    const nowMs = clock.nowMs();
    const alerts = await Promise.all(fresh.map((draft) => alertOf(draft, nowMs)));
    for (const alert of alerts) log({ event: "budget_alert", id: alert.id, ...fieldsOf(alert) });
    if (outbox !== undefined) await this.#send(outbox, alerts);
  }

  async #send(outbox: AlertOutbox, alerts: readonly Alert[]): Promise<void> {
    const { clock, timer, log } = this.#options;
    const deadline = new Deadline({ clock, ...(timer && { timer }) });
    deadline.limitTotal(SEND_MS);
    try {
      await deadline.race(
        outbox.sendBatch(alerts.map((body) => ({ body, contentType: "json" as const }))),
      );
    } catch {
      log({ event: "budget_alerts_lost", count: alerts.length });
    } finally {
      deadline.close();
    }
  }

  #isNew(identity: string): boolean {
    if (this.#told.get(identity)) return false;
    this.#told.set(identity, true);
    return true;
  }
}

function fieldsOf({ type, data }: Alert): AlertFields {
  const { organisation, tenant, key, model, window, limit_usd, spent_usd, share } = data;
  return { type, organisation, tenant, key, model, window, limit_usd, spent_usd, share };
}
