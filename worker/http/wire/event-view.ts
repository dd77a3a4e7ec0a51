/** What is kept of a tenant's events on the wire, as operators see it. */
import { z } from "zod";
import type { EventStanding } from "../../domain/event-standing.ts";

export const eventViewSchema = z.strictObject({
  object: z.literal("events"),
  tenant: z.string(),
  days: z.number().nullable().describe("How long they are kept; null where there never were any"),
  rows: z.number().describe("In the journal, which has the latest alone; files have the rest"),
  first_at: z.iso.datetime().nullable(),
  last_at: z.iso.datetime().nullable(),
  unfiled: z.number().describe("Rows that are in no file yet"),
  files_pending: z.number().describe("Files that are still to be written"),
  lost: z.number().describe("Rows that were forgotten for want of room before they were in a file"),
});

export const eventErasureSchema = z.strictObject({
  object: z.literal("event_erasure"),
  tenant: z.string(),
});

export function eventView(
  tenant: string,
  { days, rows, firstMs, lastMs, unfiled, pending, lost }: EventStanding,
): z.output<typeof eventViewSchema> {
  return {
    object: "events",
    tenant,
    days: days ?? null,
    rows,
    first_at: timeOf(firstMs),
    last_at: timeOf(lastMs),
    unfiled,
    files_pending: pending,
    lost,
  };
}

function timeOf(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString();
}
