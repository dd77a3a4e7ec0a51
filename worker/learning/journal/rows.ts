/**
 * The rows of a journal: a record each, under a number that only grows. A record that is there already changes
 * nothing, so records may come in any order and as often as they like.
 *
 * By one index a record is known again and all that was said of a request is found: an identity begins with the
 * request's id. By another one sees that the same was asked again: of two requests that follow one another within ten
 * minutes under one digest of the prompt, the earlier one is told so, where it was answered. Whichever of two comes to the
 * journal first, the same is told.
 */
import { z } from "zod";
import { logRecordSchema, type DecisionRecord, type LogRecord } from "../../domain/event.ts";
import { jsonIn } from "../../lib/json.ts";
import type { SizedRow } from "./tickets.ts";

const TABLES = `
  CREATE TABLE IF NOT EXISTS rows (
    number INTEGER PRIMARY KEY, kept_ms INTEGER NOT NULL, identity TEXT NOT NULL UNIQUE,
    prompt_hash TEXT, at_ms INTEGER NOT NULL, bytes INTEGER NOT NULL, record TEXT NOT NULL
  );
  CREATE INDEX IF NOT EXISTS rows_by_prompt ON rows (prompt_hash, at_ms, identity)
    WHERE prompt_hash IS NOT NULL;
`;

/** Within that the same prompt again is another try. */
export const RETRY_MS = 600_000;

/** Between the parts of an identity: no id has it, and all that begin with one lie between it and the next. */
const [AFTER, BEYOND] = ["\u0001", "\u0002"];

const rowSchema = z.object({
  number: z.int(),
  record: z.string().transform(jsonIn).pipe(logRecordSchema),
});
export type KeptRow = z.output<typeof rowSchema>;

/** A record, and the line that it came as. */
export interface Line {
  readonly record: LogRecord;
  readonly text: string;
}

/** Undefined for what is no record of this tenant. */
export function lineOf(text: string, tenant: string): Line | undefined {
  const { data: record } = logRecordSchema.safeParse(jsonIn(text));
  return record?.tenant === tenant ? { record, text: JSON.stringify(record) } : undefined;
}

export class JournalRows {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    sql.exec(TABLES);
  }

  /** Keeps those that are new, under the next numbers, with what they tell of one another. Answers what was added. */
  add(lines: readonly Line[], { last, keptMs }: { last: number; keptMs: number }) {
    let [number, bytes] = [last, 0];
    const insert = (line: Line): boolean => {
      if (!this.#insert(line, number + 1, keptMs)) return false;
      number += 1;
      bytes += line.text.length;
      return true;
    };
    for (const line of lines) {
      const { record } = line;
      if (!insert(line) || record.kind !== "decision" || record.promptHash === "") continue;
      for (const tried of this.#retriedBy(record)) insert(tried);
    }
    return { rows: number - last, bytes };
  }

  #insert({ record, text }: Line, number: number, keptMs: number): boolean {
    const promptHash =
      record.kind === "decision" && record.promptHash !== "" ? record.promptHash : null;
    const added = this.#sql.exec(
      `INSERT INTO rows (number, kept_ms, identity, prompt_hash, at_ms, bytes, record)
       VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING number`,
      number,
      keptMs,
      identityOf(record),
      promptHash,
      record.atMs,
      text.length,
      text,
    );
    return added.toArray().length > 0;
  }

  /** Signals for the request before, and for this one where a later one came to the journal first. */
  #retriedBy(record: DecisionRecord): Line[] {
    const { promptHash, atMs } = record;
    const place = [promptHash, atMs, identityOf(record)] as const;
    const [before] = this.#records(
      `SELECT number, record FROM rows WHERE prompt_hash = ? AND (at_ms, identity) < (?, ?)
       ORDER BY at_ms DESC, identity DESC LIMIT 1`,
      ...place,
    );
    const [after] = this.#records(
      `SELECT number, record FROM rows WHERE prompt_hash = ? AND (at_ms, identity) > (?, ?)
       ORDER BY at_ms, identity LIMIT 1`,
      ...place,
    );
    const own = { number: 0, record };
    return [
      [before, own],
      [own, after],
    ].flatMap(([tried, again]) => (tried && again && retried(tried.record, again.record)) ?? []);
  }

  between(first: number, last: number): KeptRow[] {
    return this.#records(
      "SELECT number, record FROM rows WHERE number BETWEEN ? AND ? ORDER BY number",
      first,
      last,
    );
  }

  /** All that is known of a request. @param until The last number that counts. */
  of(id: string, until: number): KeptRow[] {
    return this.#records(
      "SELECT number, record FROM rows WHERE identity >= ? AND identity < ? AND number <= ? ORDER BY number",
      `${id}${AFTER}`,
      `${id}${BEYOND}`,
      until,
    );
  }

  /** Decisions before a number, the latest first. */
  decisions(before: number, limit: number): KeptRow[] {
    return this.#records(
      `SELECT number, record FROM rows WHERE number < ? AND prompt_hash IS NOT NULL
       ORDER BY number DESC LIMIT ?`,
      Math.min(before, Number.MAX_SAFE_INTEGER),
      limit,
    );
  }

  sizes(after: number, limit: number): SizedRow[] {
    return this.#sql
      .exec<{ number: number; keptMs: number; bytes: number }>(
        "SELECT number, kept_ms AS keptMs, bytes FROM rows WHERE number > ? ORDER BY number LIMIT ?",
        after,
        limit,
      )
      .toArray();
  }

  /** A record a line, as they came. */
  text(first: number, last: number): string {
    return this.#sql
      .exec<{ record: string }>(
        "SELECT record FROM rows WHERE number BETWEEN ? AND ? ORDER BY number",
        first,
        last,
      )
      .toArray()
      .map(({ record }) => `${record}\n`)
      .join("");
  }

  /** When the first row was kept; undefined where there is none. */
  firstMs(): number | undefined {
    return this.sizes(0, 1)[0]?.keptMs;
  }

  eraseAll(): void {
    this.#sql.exec("DELETE FROM rows");
  }

  /** What an earlier version has kept and this one cannot read stays in its files, and is passed over here. */
  #records(query: string, ...values: (string | number)[]): KeptRow[] {
    return this.#sql
      .exec(query, ...values)
      .toArray()
      .flatMap((row) => rowSchema.safeParse(row).data ?? []);
  }
}

/** What a record is known again by. */
export function identityOf(record: LogRecord): string {
  const { id, kind } = record;
  if (kind === "decision") return [id, kind].join(AFTER);
  if (kind === "signal") return [id, kind, record.signal].join(AFTER);
  return [id, kind, record.source, record.score, record.atMs].join(AFTER);
}

function retried(tried: LogRecord, again: LogRecord): Line | undefined {
  if (tried.kind !== "decision" || tried.outcome.ending !== "complete") return undefined;
  if (again.atMs - tried.atMs > RETRY_MS) return undefined;
  const { id, tenant } = tried;
  const record: LogRecord = { kind: "signal", id, tenant, atMs: again.atMs, signal: "retried" };
  return { record, text: JSON.stringify(record) };
}
