/**
 * Once a day the service asks for a new router. Cron may wake it much oftener; the ticket is sent by the first run after
 * DUE_MS past midnight, UTC, which is told by when that run was scheduled, so nothing has to be remembered. A run that
 * the platform leaves out loses its day, and the next day's ticket speaks for both.
 */
import type { RetrainTicket } from "../domain/retraining.ts";

/** What this asks of a queue. */
export interface TicketQueue {
  send(ticket: RetrainTicket): Promise<unknown>;
}

const DAY_MS = 24 * 3_600_000;
/** Two in the morning, when the files of the day before are there. */
const DUE_MS = 2 * 3_600_000;

/**
 * Sends the day's ticket if it is due, and answers it. Rejects as the queue does.
 * @param scheduledMs When this run was to be, and `everyMs` the time between two.
 */
export async function sendRetrainTicket(
  queue: TicketQueue,
  { scheduledMs, everyMs }: { scheduledMs: number; everyMs: number },
): Promise<RetrainTicket | undefined> {
  const sinceDueMs = (scheduledMs - DUE_MS) % DAY_MS;
  if (sinceDueMs < 0 || sinceDueMs >= everyMs) return undefined;
  const day = new Date(scheduledMs).toISOString().slice(0, 10);
  const ticket: RetrainTicket = { kind: "retrain", day, atMs: scheduledMs };
  await queue.send(ticket);
  return ticket;
}
