/** One ticket a day, whatever the hour at which cron begins. */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import { retrainTicketSchema } from "../../../worker/domain/retraining.ts";
import { sendRetrainTicket } from "../../../worker/learning/retrain-ticket.ts";

const MIDNIGHT = Date.parse("2026-11-23T00:00:00Z");
const HOUR = 3_600_000;

async function sentAt(scheduledMs: number, everyMs: number): Promise<unknown[]> {
  const sent: unknown[] = [];
  await sendRetrainTicket({ send: async (ticket) => sent.push(ticket) }, { scheduledMs, everyMs });
  return sent;
}

describe("the ticket for a new router", () => {
  it("is sent by the first run from two in the morning on", async ({ expect }) => {
    expect(await sentAt(MIDNIGHT + 2 * HOUR - 1, HOUR)).toEqual([]);
    const [ticket, ...others] = await sentAt(MIDNIGHT + 2 * HOUR + 59, HOUR);
    expect(retrainTicketSchema.parse(ticket).day).toBe("2026-11-23");
    expect(others).toEqual([]);
    expect(await sentAt(MIDNIGHT + 3 * HOUR, HOUR)).toEqual([]);
  });

  it("is sent once a day, however often cron comes", async ({ expect }) => {
    const minutes = fc.constantFrom(1, 5, 15, 60, 1_440);
    await fc.assert(
      fc.asyncProperty(minutes, fc.nat(10_000), async (every, offset) => {
        const everyMs = every * 60_000;
        const days: string[] = [];
        for (let ms = MIDNIGHT + (offset % everyMs); ms < MIDNIGHT + 72 * HOUR; ms += everyMs)
          for (const ticket of await sentAt(ms, everyMs))
            days.push(retrainTicketSchema.parse(ticket).day);
        expect(new Set(days).size).toBe(days.length);
        expect(days).toHaveLength(3);
      }),
    );
  });

  it("rejects where the queue does", async ({ expect }) => {
    const broken = { send: () => Promise.reject(new Error("no queue")) };
    const run = { scheduledMs: MIDNIGHT + 2 * HOUR, everyMs: HOUR };
    await expect(sendRetrainTicket(broken, run)).rejects.toThrow("no queue");
  });
});
