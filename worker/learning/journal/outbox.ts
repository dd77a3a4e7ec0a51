/**
 * The tickets of a journal, from the cut to the file: issued, issued again while nobody confirms them, confirmed.
 *
 * A row is on exactly one ticket. A ticket that was issued when its rows were erased becomes void: it goes on being
 * issued until somebody says that no file of it is there, so a consumer that was just writing one cannot bring back what
 * was erased. Whether an answered ticket was confirmed or erased is told by its numbers, so one that comes very late is
 * answered as well.
 */
import type { JournalState } from "./state.ts";
import { cut, FILE_ROWS, HOUR_MS, hourOf, type SizedRow, type Ticket } from "./tickets.ts";

const TABLES = `
  CREATE TABLE IF NOT EXISTS tickets (
    first INTEGER PRIMARY KEY, last INTEGER NOT NULL, hour_ms INTEGER NOT NULL,
    tries INTEGER NOT NULL, due_ms INTEGER NOT NULL, is_void INTEGER NOT NULL
  );
`;

/**
 * Until a ticket that nobody has confirmed is issued again. At first as long as rows wait for a file, within these
 * bounds, and then twice as long each time.
 */
const SOONEST_AGAIN_MS = 2_000;
const FIRST_AGAIN_MS = 60_000;
const LONGEST_AGAIN_MS = 3_600_000;

/** A queue takes no more messages at once. */
const MAX_ISSUED = 100;

/** What has become of a ticket's rows: they are there, in a file that was confirmed, or erased. */
export type TicketState = "open" | "confirmed" | "void";

export class Outbox {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    sql.exec(TABLES);
  }

  /**
   * Puts rows on tickets that have waited long enough, whose hour is over, or that are many. Answers the last number.
   * @param rows All that are on none yet, in order.
   */
  cut(rows: readonly SizedRow[], { state, nowMs }: { state: JournalState; nowMs: number }): number {
    let { ticketed } = state;
    let [next, ...others] = rows;
    while (next !== undefined && (others.length + 1 >= FILE_ROWS || dueOf(next, state) <= nowMs)) {
      const { hourMs, first, last } = cut([next, ...others]);
      this.#sql.exec(
        "INSERT INTO tickets (first, last, hour_ms, tries, due_ms, is_void) VALUES (?, ?, ?, 0, 0, 0)",
        first,
        last,
        hourMs,
      );
      ticketed = last;
      [next, ...others] = others.filter(({ number }) => number > last);
    }
    return ticketed;
  }

  due(tenant: string, nowMs: number): Ticket[] {
    return this.#sql
      .exec<{ first: number; last: number; hourMs: number }>(
        "SELECT first, last, hour_ms AS hourMs FROM tickets WHERE due_ms <= ? ORDER BY first LIMIT ?",
        nowMs,
        MAX_ISSUED,
      )
      .toArray()
      .map((ticket) => ({ kind: "hour_file", tenant, ...ticket }));
  }

  issued(
    tickets: readonly Ticket[],
    { state, nowMs }: { state: JournalState; nowMs: number },
  ): void {
    const firstMs = Math.min(Math.max(state.file_after_ms, SOONEST_AGAIN_MS), FIRST_AGAIN_MS);
    for (const { first } of tickets)
      this.#sql.exec(
        "UPDATE tickets SET due_ms = ? + min(? << min(tries, 16), ?), tries = tries + 1 WHERE first = ?",
        nowMs,
        firstMs,
        LONGEST_AGAIN_MS,
        first,
      );
  }

  stateOf({ first, last }: Ticket, erased: number): TicketState {
    const [row] = this.#sql
      .exec<{ is_void: number }>(
        "SELECT is_void FROM tickets WHERE first = ? AND last = ?",
        first,
        last,
      )
      .toArray();
    if (row !== undefined) return row.is_void === 0 ? "open" : "void";
    return first <= erased ? "void" : "confirmed";
  }

  /** Nobody needs to hear of it again. */
  close({ first }: Ticket): void {
    this.#sql.exec("DELETE FROM tickets WHERE first = ?", first);
  }

  voidAll(): void {
    this.#sql.exec("UPDATE tickets SET is_void = 1");
  }

  /** Files that are still to be written, and when one is to be issued again. */
  waiting(): { pending: number; dueMs: number | undefined } {
    const { pending, due } = this.#sql
      .exec<{ pending: number; due: number | null }>(
        "SELECT count(*) FILTER (WHERE is_void = 0) AS pending, min(due_ms) AS due FROM tickets",
      )
      .one();
    return { pending, dueMs: due ?? undefined };
  }
}

/** When a row is to be on a ticket at the latest. */
export function dueOf(
  { keptMs }: Pick<SizedRow, "keptMs">,
  { file_after_ms: afterMs }: JournalState,
): number {
  return Math.min(keptMs + afterMs, hourOf(keptMs) + HOUR_MS);
}
