/**
 * From the queue to the webhook: each message of a batch is an attempt of its own, acknowledged when it is
 * delivered or will never be, and put back otherwise.
 *
 * It is put back for twice as long each time, from ten seconds to an hour and less up to half of it by chance,
 * unless the receiver says when. How often is the queue's setting (wrangler.toml); what fails to the last goes
 * to the dead letter queue. What is no alert, of another version or not ours, is acknowledged, or it would
 * be in the way for ever.
 */
import { alertSchema } from "./alert-events.ts";
import type { Webhook } from "./webhook.ts";

interface DeliveryOptions {
  /** Undefined where none is configured any more: what is left in the queue is let go. */
  readonly webhook: Pick<Webhook, "deliver"> | undefined;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Must not throw. */
  readonly log: (event: AlertDelivered) => void;
}

export interface AlertDelivered {
  readonly event: "alert_delivered" | "alert_put_back" | "alert_dropped";
  /** The alert's id, or the message's where it is no alert. */
  readonly id: string;
  readonly attempts: number;
  readonly reason?: string;
  readonly delay_s?: number;
}

type AlertMessage = Pick<Message, "id" | "body" | "attempts" | "ack" | "retry">;

const FIRST_DELAY_S = 10;
const LONGEST_DELAY_S = 3_600;

/** Delivers a batch, one message after another. Never rejects. */
export async function deliverAlerts(
  { messages }: { readonly messages: readonly AlertMessage[] },
  options: DeliveryOptions,
): Promise<void> {
  for (const message of messages) await deliverMessage(message, options);
}

async function deliverMessage(
  message: AlertMessage,
  { webhook, random, log }: DeliveryOptions,
): Promise<void> {
  const { attempts } = message;
  const { data: alert } = alertSchema.safeParse(message.body);
  const id = alert?.id ?? message.id;
  if (alert === undefined || webhook === undefined) {
    message.ack();
    const reason = alert === undefined ? "not an alert" : "no webhook is configured";
    return log({ event: "alert_dropped", id, attempts, reason });
  }
  const delivery = await webhook.deliver(alert);
  if (delivery.kind === "failed") {
    const delayS = delayOf(attempts, random(), delivery.retryAfterMs);
    message.retry({ delaySeconds: delayS });
    const { reason } = delivery;
    return log({ event: "alert_put_back", id, attempts, reason, delay_s: delayS });
  }
  message.ack();
  if (delivery.kind === "delivered") return log({ event: "alert_delivered", id, attempts });
  return log({ event: "alert_dropped", id, attempts, reason: delivery.reason });
}

/** Whole seconds, 1 to an hour. @param attempts Made so far, from 1. */
function delayOf(attempts: number, jitter: number, retryAfterMs: number | undefined): number {
  const backoffS = Math.min(FIRST_DELAY_S * 2 ** (attempts - 1), LONGEST_DELAY_S);
  const delayS = retryAfterMs === undefined ? backoffS * (1 - jitter / 2) : retryAfterMs / 1_000;
  return Math.min(Math.max(Math.ceil(delayS), 1), LONGEST_DELAY_S);
}
