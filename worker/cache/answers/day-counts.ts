/** What a tenant's cache has done, day by day in UTC, in the SQLite of its object. */
import { z } from "zod";
import type { CacheCounts } from "../../domain/cache-standing.ts";

/** Days that are kept. */
const MAX_DAYS = 90;

const COLUMNS = ["hits", "semantic", "misses", "saved_micro_usd", "audits", "wrong"] as const;

const TABLE = `
  CREATE TABLE IF NOT EXISTS days (
    date TEXT PRIMARY KEY, ${COLUMNS.map((name) => `${name} INTEGER NOT NULL DEFAULT 0`).join(", ")}
  );
`;

const count = z.int().nonnegative();

/** What is added at once; what is left out is nothing. */
export const countsSchema = z.object({
  hits: count.default(0),
  semantic: count.default(0),
  misses: count.default(0),
  savedMicroUsd: count.default(0),
  audits: count.default(0),
  wrong: count.default(0),
});
export type Counted = z.input<typeof countsSchema>;

export class DayCounts {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    this.#sql.exec(TABLE);
  }

  /** @param told As `countsSchema` has it. Throws ZodError. */
  add(told: unknown, nowMs: number): void {
    const { savedMicroUsd, ...counts } = countsSchema.parse(told);
    const values = { ...counts, saved_micro_usd: savedMicroUsd };
    this.#sql.exec(
      `INSERT INTO days (date, ${COLUMNS.join(", ")}) VALUES (?${", ?".repeat(COLUMNS.length)})
       ON CONFLICT (date) DO UPDATE SET ${COLUMNS.map((name) => `${name} = ${name} + excluded.${name}`).join(", ")}`,
      new Date(nowMs).toISOString().slice(0, 10),
      ...COLUMNS.map((name) => values[name]),
    );
    this.#sql.exec(
      "DELETE FROM days WHERE date NOT IN (SELECT date FROM days ORDER BY date DESC LIMIT ?)",
      MAX_DAYS,
    );
  }

  /** The latest first; days without any are left out. */
  days(): (CacheCounts & { readonly date: string })[] {
    return this.#sql
      .exec<{ date: string } & Record<(typeof COLUMNS)[number], number>>(
        "SELECT * FROM days ORDER BY date DESC",
      )
      .toArray()
      .map(({ saved_micro_usd: savedMicroUsd, ...day }) => ({ ...day, savedMicroUsd }));
  }

  erase(): void {
    this.#sql.exec("DELETE FROM days");
  }
}

export function totalOf(days: readonly CacheCounts[]): CacheCounts {
  function sum(name: keyof CacheCounts): number {
    return days.reduce((all, day) => all + day[name], 0);
  }
  return {
    hits: sum("hits"),
    semantic: sum("semantic"),
    misses: sum("misses"),
    savedMicroUsd: sum("savedMicroUsd"),
    audits: sum("audits"),
    wrong: sum("wrong"),
  };
}
