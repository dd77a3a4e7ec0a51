/**
 * What a journal no longer has to keep. Rows that lie in a file stay for three days, for what is still said of them;
 * those that lie in none as long as the tenant's events are kept. Where there are too many, those that are in files
 * go first, and then the oldest: these are counted as lost.
 *
 * Rows of a ticket go together or not at all, and with their ticket: a file is never written anew with less in it.
 */
import type { StateRow } from "./state.ts";
import { DAY_MS } from "./tickets.ts";

/** Of rows that are in a file. */
export const FILED_KEPT_MS = 3 * DAY_MS;
/** Some kilobytes each: a tenth of what an object may hold. */
export const MAX_ROWS = 200_000;
export const MAX_BYTES = 2 ** 30;

const IN_A_FILE = `number <= ?1 AND NOT EXISTS
  (SELECT 1 FROM tickets WHERE is_void = 0 AND rows.number BETWEEN tickets.first AND tickets.last)`;

export class Forgetting {
  readonly #sql: SqlStorage;
  readonly #state: StateRow;

  constructor(sql: SqlStorage, state: StateRow) {
    this.#sql = sql;
    this.#state = state;
  }

  /** Call it in a transaction. @param hasFiles Whether there is a place for files. */
  run({ nowMs, hasFiles }: { nowMs: number; hasFiles: boolean }): void {
    const state = this.#state.read();
    if (state === undefined) return;
    const lateMs = nowMs - state.days * DAY_MS;
    this.#forgetOldest(this.#lastBefore(lateMs));
    if (hasFiles) {
      const filedMs = Math.max(nowMs - FILED_KEPT_MS, lateMs);
      this.#forgetFiled(this.#lastBefore(filedMs));
      this.#forgetFiled(this.#lastInExcess());
    }
    const lost = this.#forgetOldest(this.#lastInExcess());
    if (lost > 0) this.#state.forgot({ rows: 0, bytes: 0, lost });
  }

  /** Of rows that were kept until then. Numbers are in the order of time, so none but those are looked at. */
  #lastBefore(ms: number): number {
    const next = this.#number(
      "SELECT number FROM rows WHERE kept_ms > ? ORDER BY number LIMIT 1",
      ms,
    );
    return next === 0 ? (this.#state.read()?.last ?? 0) : next - 1;
  }

  /** Number of the last of the oldest rows that there is no room for; 0 where there is for all. */
  #lastInExcess(): number {
    const { row_count: rows, bytes } = this.#state.read() ?? { row_count: 0, bytes: 0 };
    const room = Math.floor(Math.min(MAX_ROWS, (rows * MAX_BYTES) / Math.max(bytes, 1)));
    if (rows <= room) return 0;
    return this.#number(
      "SELECT number FROM rows ORDER BY number LIMIT 1 OFFSET ?",
      rows - room - 1,
    );
  }

  #forgetFiled(last: number): void {
    if (last === 0) return;
    const { ticketed } = this.#state.read()!;
    this.#delete(`${IN_A_FILE} AND number <= ?2`, ticketed, last);
  }

  /** Also what is in no file: answers how many of these. Tickets of which anything goes go as a whole. */
  #forgetOldest(last: number): number {
    if (last === 0) return 0;
    const whole = this.#number(
      "SELECT max(last) AS number FROM tickets WHERE is_void = 0 AND first <= ?",
      last,
    );
    const until = Math.max(last, whole);
    this.#forgetFiled(until);
    const lost = this.#delete("number <= ?1", until);
    this.#sql.exec("DELETE FROM tickets WHERE is_void = 0 AND last <= ?", until);
    this.#state.raise("ticketed", until);
    this.#state.raise("told", until);
    return lost;
  }

  /** Answers how many. */
  #delete(where: string, ...values: number[]): number {
    const { rows, bytes } = this.#sql
      .exec<{ rows: number; bytes: number }>(
        `SELECT count(*) AS rows, coalesce(sum(bytes), 0) AS bytes FROM rows WHERE ${where}`,
        ...values,
      )
      .one();
    if (rows === 0) return 0;
    this.#sql.exec(`DELETE FROM rows WHERE ${where}`, ...values);
    this.#state.forgot({ rows, bytes, lost: 0 });
    return rows;
  }

  /** 0 where there is none. */
  #number(query: string, value: number): number {
    const [row] = this.#sql.exec<{ number: number | null }>(query, value).toArray();
    return row?.number ?? 0;
  }
}
