/**
 * What a journal knows of itself: one row beside its rows. Numbers go on whatever is forgotten, so nothing that was
 * told of an old row is ever taken for a new one's.
 *
 * Whoever waits for others between reading and writing writes the fields that are its own, by name.
 */
import { z } from "zod";

export const STATE_TABLE = `
  CREATE TABLE IF NOT EXISTS journal (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    tenant TEXT NOT NULL, days INTEGER NOT NULL, file_after_ms INTEGER NOT NULL,
    last INTEGER NOT NULL, last_ms INTEGER NOT NULL,
    told INTEGER NOT NULL, ticketed INTEGER NOT NULL, erased INTEGER NOT NULL,
    row_count INTEGER NOT NULL, bytes INTEGER NOT NULL, lost INTEGER NOT NULL
  );
`;

const count = z.int().nonnegative();

const stateSchema = z.object({
  tenant: z.string(),
  /** How long events are kept. */
  days: count,
  /** How long a row waits for others to be in one file with it. */
  file_after_ms: count,
  /** Number of the last row that ever was, and when it was kept. */
  last: count,
  last_ms: count,
  /** The last row that the watch was told of, that is on a ticket, that was erased. */
  told: count,
  ticketed: count,
  erased: count,
  /** Rows that are there, and the bytes of their records. */
  row_count: count,
  bytes: count,
  /** Rows that were forgotten before they were in a file. */
  lost: count,
});
export type JournalState = z.output<typeof stateSchema>;

const NOTHING: Omit<JournalState, "tenant" | "days" | "file_after_ms"> = {
  last: 0,
  last_ms: 0,
  told: 0,
  ticketed: 0,
  erased: 0,
  row_count: 0,
  bytes: 0,
  lost: 0,
};

export class StateRow {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    sql.exec(STATE_TABLE);
  }

  /** Undefined before the first append. */
  read(): JournalState | undefined {
    const [row] = this.#sql.exec("SELECT * FROM journal").toArray();
    return row && stateSchema.parse(row);
  }

  /** What is there, under these terms, or the beginning. */
  under(terms: Pick<JournalState, "tenant" | "days" | "file_after_ms">): JournalState {
    return { ...NOTHING, ...this.read(), ...terms };
  }

  write(state: JournalState): void {
    const fields = Object.entries(state);
    this.#sql.exec(
      `INSERT OR REPLACE INTO journal (id, ${fields.map(([name]) => name).join(", ")})
       VALUES (1${", ?".repeat(fields.length)})`,
      ...fields.map(([, value]) => value),
    );
  }

  /** Moves a mark on, never back; where it stands already nothing is written. */
  raise(mark: "told" | "ticketed", to: number): void {
    this.#sql.exec(`UPDATE journal SET ${mark} = ? WHERE ${mark} < ?`, to, to);
  }

  /** Rows have gone. @param lost Those of them that were in no file. */
  forgot({ rows, bytes, lost }: { rows: number; bytes: number; lost: number }): void {
    this.#sql.exec(
      "UPDATE journal SET row_count = max(row_count - ?, 0), bytes = max(bytes - ?, 0), lost = lost + ?",
      rows,
      bytes,
      lost,
    );
  }
}
