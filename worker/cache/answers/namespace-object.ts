/**
 * A tenant's cache as a whole, in a Durable Object of its own: the secret that its entries are sealed under, what was
 * purged of it, the flights of those who ask the same at once, and what it has saved.
 *
 * Entries are not in here; they lie on shelves that are nearer to whoever asks. The secret is made at first need and
 * made anew by a purge of everything, so that neither a purged entry nor one of an erased tenant, nor one of another
 * tenant of the same name before, opens ever again. A purge of a tag raises a count (entry.ts). Flights are in memory:
 * who boards keeps the object alive.
 */
import { DurableObject } from "cloudflare:workers";
import { z } from "zod";
import type { CacheStanding } from "../../domain/cache-standing.ts";
import { systemClock } from "../../lib/clock.ts";
import { pause } from "../../lib/pause.ts";
import { Flights, type Boarding, type Outcome } from "./flights.ts";

/** What an isolate has to know to read and write entries. */
export const namespaceSchema = z.object({
  /** 64 hexadecimal digits. */
  secret: z.string().regex(/^[0-9a-f]{64}$/),
  /** Purges of tags so far. */
  purges: z.int().nonnegative(),
  /** Tags that were purged, and which purge it was. */
  purged: z.array(z.tuple([z.string(), z.int().positive()])),
});
export type Namespace = z.output<typeof namespaceSchema>;

/** What requests have found. */
export const findingsSchema = z.object({
  hits: z.int().nonnegative(),
  misses: z.int().nonnegative(),
  savedMicroUsd: z.int().nonnegative(),
});
export type Findings = z.output<typeof findingsSchema>;

/** More purged tags than that, and everything is purged instead: what isolates have to know stays small. */
export const MAX_PURGED_TAGS = 1_000;
/** Days that are counted. */
const MAX_DAYS = 90;

const TABLES = `
  CREATE TABLE IF NOT EXISTS namespace (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    secret TEXT NOT NULL, purges INTEGER NOT NULL, since_ms INTEGER NOT NULL
  );
  CREATE TABLE IF NOT EXISTS purged (tag TEXT PRIMARY KEY, purge INTEGER NOT NULL);
  CREATE TABLE IF NOT EXISTS days (
    date TEXT PRIMARY KEY,
    hits INTEGER NOT NULL, misses INTEGER NOT NULL, saved_micro_usd INTEGER NOT NULL
  );
`;

export class CacheObject extends DurableObject {
  readonly #sql: SqlStorage;
  readonly #flights = new Flights({
    clock: systemClock,
    pause,
    mintLease: () => crypto.randomUUID(),
  });

  constructor(state: DurableObjectState, env: Cloudflare.Env) {
    super(state, env);
    this.#sql = state.storage.sql;
    this.#sql.exec(TABLES);
  }

  /** Makes it at first need. */
  namespace(): Namespace {
    const { secret, purges } = this.#row() ?? this.#make();
    const purged = this.#sql
      .exec<{ tag: string; purge: number }>("SELECT tag, purge FROM purged")
      .toArray()
      .map(({ tag, purge }): [string, number] => [tag, purge]);
    return { secret, purges, purged };
  }

  /** Waits for who leads, where somebody does. */
  async board(key: string): Promise<Boarding> {
    return this.#flights.board(key);
  }

  renew(key: string, lease: string): boolean {
    return this.#flights.renew(key, lease);
  }

  land(key: string, lease: string, outcome: Outcome): void {
    this.#flights.land(key, lease, outcome);
  }

  count(told: unknown): void {
    const { hits, misses, savedMicroUsd } = findingsSchema.parse(told);
    const date = new Date(systemClock.nowMs()).toISOString().slice(0, 10);
    this.#sql.exec(
      `INSERT INTO days (date, hits, misses, saved_micro_usd) VALUES (?, ?, ?, ?)
       ON CONFLICT (date) DO UPDATE SET hits = hits + excluded.hits, misses = misses + excluded.misses,
         saved_micro_usd = saved_micro_usd + excluded.saved_micro_usd`,
      date,
      hits,
      misses,
      savedMicroUsd,
    );
    this.#sql.exec(
      "DELETE FROM days WHERE date NOT IN (SELECT date FROM days ORDER BY date DESC LIMIT ?)",
      MAX_DAYS,
    );
  }

  standing(): CacheStanding {
    const sinceMs = this.#row()?.since_ms;
    const days = this.#sql
      .exec<{ date: string; hits: number; misses: number; saved_micro_usd: number }>(
        "SELECT * FROM days ORDER BY date DESC",
      )
      .toArray()
      .map(({ saved_micro_usd: savedMicroUsd, ...day }) => ({ ...day, savedMicroUsd }));
    const total = days.reduce(
      (sum, { hits, misses, savedMicroUsd }) => ({
        hits: sum.hits + hits,
        misses: sum.misses + misses,
        savedMicroUsd: sum.savedMicroUsd + savedMicroUsd,
      }),
      { hits: 0, misses: 0, savedMicroUsd: 0 },
    );
    return { ...(sinceMs !== undefined && { sinceMs }), total, days };
  }

  /** @param tags Everything where left out. */
  purge(tags: readonly string[] | undefined): void {
    if (tags === undefined) return this.#purgeAll();
    const row = this.#row();
    if (row === undefined) return; // Nothing was ever kept.
    const purges = row.purges + 1;
    this.ctx.storage.transactionSync(() => {
      for (const tag of tags)
        this.#sql.exec("INSERT OR REPLACE INTO purged (tag, purge) VALUES (?, ?)", tag, purges);
      this.#sql.exec("UPDATE namespace SET purges = ?", purges);
    });
    const { count } = this.#sql
      .exec<{ count: number }>("SELECT count(*) AS count FROM purged")
      .one();
    if (count > MAX_PURGED_TAGS) this.#purgeAll();
  }

  erase(): void {
    this.#purgeAll();
    this.#sql.exec("DELETE FROM days");
  }

  #purgeAll(): void {
    this.ctx.storage.transactionSync(() => {
      this.#sql.exec("DELETE FROM purged");
      this.#sql.exec("DELETE FROM namespace");
    });
    this.#flights.clear();
  }

  #row(): { secret: string; purges: number; since_ms: number } | undefined {
    const [row] = this.#sql
      .exec<{ secret: string; purges: number; since_ms: number }>("SELECT * FROM namespace")
      .toArray();
    return row;
  }

  #make(): { secret: string; purges: number; since_ms: number } {
    const random = crypto.getRandomValues(new Uint8Array(32));
    const secret = Array.from(random, (byte) => byte.toString(16).padStart(2, "0")).join("");
    const made = { secret, purges: 0, since_ms: systemClock.nowMs() };
    this.#sql.exec(
      "INSERT INTO namespace (id, secret, purges, since_ms) VALUES (1, ?, 0, ?)",
      secret,
      made.since_ms,
    );
    return made;
  }
}
