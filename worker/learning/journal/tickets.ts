/**
 * Tickets: rows of a journal, by their numbers, that are to become one file. A ticket says all that its file's name
 * is made of, so the same ticket is always the same file, however often it comes.
 *
 * Its rows were kept in one hour, and are few enough to be read into memory at once.
 */
import { z } from "zod";
import { EVENTS_PREFIX } from "../../domain/event.ts";
import { idSchema } from "../../domain/tenant.ts";

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

/** So many rows are a file although their hour is not over. */
export const FILE_ROWS = 5_000;
/** Of one file before it is packed; one row may exceed it. */
export const FILE_BYTES = 8 << 20;

export const ticketSchema = z.strictObject({
  kind: z.literal("hour_file"),
  tenant: idSchema,
  /** The hour's beginning, milliseconds since 1970. */
  hourMs: z.int().nonnegative().multipleOf(HOUR_MS),
  /** Numbers of its first and last row. */
  first: z.int().positive(),
  last: z.int().positive(),
});
export type Ticket = z.output<typeof ticketSchema>;

export interface SizedRow {
  readonly number: number;
  readonly keptMs: number;
  readonly bytes: number;
}

/** The numbers of the first file's first and last row. @param rows In order, one at least. */
export function cut(rows: readonly [SizedRow, ...SizedRow[]]): Omit<Ticket, "tenant" | "kind"> {
  const [{ number: first, keptMs }] = rows;
  const hourMs = hourOf(keptMs);
  let [last, bytes] = [first, 0];
  for (const row of rows.slice(0, FILE_ROWS)) {
    bytes += row.bytes;
    if (row.number > first && (bytes > FILE_BYTES || hourOf(row.keptMs) > hourMs)) break;
    last = row.number;
  }
  return { hourMs, first, last };
}

export function hourOf(ms: number): number {
  return ms - (ms % HOUR_MS);
}

/** Where the file of a ticket lies; domain/event.ts says how it is made. */
export function keyOf({ tenant, hourMs, first, last }: Omit<Ticket, "kind">): string {
  const iso = new Date(hourMs).toISOString();
  const name = [first, last].map((number) => String(number).padStart(12, "0")).join("-");
  return `${prefixOf(tenant)}${iso.slice(0, 10)}/${iso.slice(11, 13)}/${name}.ndjson.gz`;
}

export function prefixOf(tenant: string): string {
  return `${EVENTS_PREFIX}${tenant}/`;
}

const NAME = /\/(\d{4}-\d\d-\d\d)\/(\d\d)\/(\d{12})-(\d{12})\.ndjson\.gz$/;

/** When the hour of a file was over, and its last row's number; undefined for what is no such file. */
export function fileOf(key: string): { endMs: number; last: number } | undefined {
  const [, date, hour, , last] = NAME.exec(key) ?? [];
  const startMs = Date.parse(`${date}T${hour}:00:00Z`);
  return Number.isNaN(startMs) ? undefined : { endMs: startMs + HOUR_MS, last: Number(last) };
}
