/**
 * One attempt to hand an alert to the operator's webhook: a signed POST, and what its answer means.
 *
 * Every attempt is signed anew, since its time is signed too; the id stays. What the answer says in its body is
 * nobody's business and is not read. Redirects are not followed: a signed message is for one address. Neither
 * that address nor the network's words are logged, because such addresses often carry a key.
 *
 * Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
import type { Clock } from "../lib/clock.ts";
import { Deadline, DeadlineError, type StartTimer } from "../lib/deadline.ts";
import { readRetryAfterMs } from "../lib/retry-after.ts";
import { signWebhook } from "../lib/webhook-signature.ts";
import type { Alert } from "./alert-events.ts";

/** Where alerts go, and the secrets that sign them: one, or two while one replaces the other. */
export interface WebhookAddress {
  readonly url: string;
  /** `whsec_` and base64 each. */
  readonly secrets: readonly string[];
}

/** What an attempt came to. `refused`: the receiver does not want it, now or later. */
export type Delivery =
  | { readonly kind: "delivered" }
  | { readonly kind: "refused"; readonly reason: string }
  | { readonly kind: "failed"; readonly reason: string; readonly retryAfterMs?: number };

interface WebhookOptions extends WebhookAddress {
  readonly clock: Clock;
  readonly send?: (url: string, init: RequestInit) => Promise<Response>;
  readonly timer?: StartTimer;
}

/** Until the answer's headers. Receivers are expected to take a message in and work on it afterwards. */
const ANSWER_MS = 10_000;

/** Of the 4xx, those that say "later" and not "no": Request Timeout and Too Many Requests. */
const LATER = new Set([408, 429]);

export class Webhook {
  readonly #options: WebhookOptions;

  constructor(options: WebhookOptions) {
    this.#options = options;
  }

  /** Makes one attempt. Never rejects. */
  async deliver(alert: Alert): Promise<Delivery> {
    const { clock, timer } = this.#options;
    const deadline = new Deadline({ clock, ...(timer && { timer }) });
    try {
      const response = await deadline.race(this.#post(alert, deadline));
      // A body that cannot be cancelled has ended already, or breaks off by itself.
      void response.body?.cancel().catch(() => {});
      return this.#deliveryOf(response);
    } catch (error) {
      const isLate = error instanceof DeadlineError;
      return { kind: "failed", reason: isLate ? "timeout" : "unreachable" };
    } finally {
      deadline.close();
    }
  }

  async #post(alert: Alert, deadline: Deadline): Promise<Response> {
    const { url, secrets, clock, send = sendToReceiver } = this.#options;
    const body = JSON.stringify(alert);
    const timestampS = Math.floor(clock.nowMs() / 1_000);
    const signature = await signWebhook({ id: alert.id, timestampS, body }, secrets);
    const headers = { "content-type": "application/json", "user-agent": "sluice", ...signature };
    deadline.limitTotal(ANSWER_MS);
    return send(url, {
      method: "POST",
      headers,
      body,
      redirect: "manual",
      signal: deadline.signal,
    });
  }

  #deliveryOf({ ok, status, headers }: Response): Delivery {
    if (ok) return { kind: "delivered" };
    const reason = `status ${status}`;
    if (status >= 400 && status < 500 && !LATER.has(status)) return { kind: "refused", reason };
    const retryAfterMs = readRetryAfterMs(headers, this.#options.clock.nowMs());
    return { kind: "failed", reason, ...(retryAfterMs !== undefined && { retryAfterMs }) };
  }
}

function sendToReceiver(url: string, init: RequestInit): Promise<Response> {
  return fetch(url, init);
}
