/**
 * A tenant's cache as a whole, in a Durable Object of its own: the secret that its entries are sealed under, what was
 * purged of it, the flights of those who ask the same at once, how far likeness can be trusted, and what it has saved.
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
import { jsonIn } from "../../lib/json.ts";
import { pause } from "../../lib/pause.ts";
import {
  auditSchema,
  observe,
  readTrust,
  switchState,
  trustSchema,
  type Trust,
} from "../trust/trust.ts";
import { DayCounts, totalOf } from "./day-counts.ts";
import { Flights, type Boarding, type Outcome } from "./flights.ts";

/** What an isolate has to know to read and write entries. */
export const namespaceSchema = z.object({
  /** 64 hexadecimal digits. */
  secret: z.string().regex(/^[0-9a-f]{64}$/),
  /** Purges of tags so far. */
  purges: z.int().nonnegative(),
  /** Tags that were purged, and which purge it was. */
  purged: z.array(z.tuple([z.string(), z.int().positive()])),
  /** What is known of likeness, JSON as trust/trust.ts has it; null before the first audit. */
  trust: z.string().nullable(),
});
export type Namespace = z.output<typeof namespaceSchema>;

/** More purged tags than that, and everything is purged instead: what isolates have to know stays small. */
export const MAX_PURGED_TAGS = 1_000;

/** The share of semantic hits that may be wrong, as its tenant has it. */
const budgetSchema = z.number().gt(0).lt(1);

const TABLES = `
  CREATE TABLE IF NOT EXISTS namespace (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    secret TEXT NOT NULL, purges INTEGER NOT NULL, since_ms INTEGER NOT NULL
  );
  CREATE TABLE IF NOT EXISTS purged (tag TEXT PRIMARY KEY, purge INTEGER NOT NULL);
  CREATE TABLE IF NOT EXISTS trust (id INTEGER PRIMARY KEY CHECK (id = 1), state TEXT NOT NULL);
`;

export class CacheObject extends DurableObject {
  readonly #sql: SqlStorage;
  readonly #counts: DayCounts;
  readonly #flights = new Flights({
    clock: systemClock,
    pause,
    mintLease: () => crypto.randomUUID(),
  });

  constructor(state: DurableObjectState, env: Cloudflare.Env) {
    super(state, env);
    this.#sql = state.storage.sql;
    this.#sql.exec(TABLES);
    this.#counts = new DayCounts(this.#sql);
  }

  /** Makes it at first need. */
  namespace(): Namespace {
    const { secret, purges } = this.#row() ?? this.#make();
    const purged = this.#sql
      .exec<{ tag: string; purge: number }>("SELECT tag, purge FROM purged")
      .toArray()
      .map(({ tag, purge }): [string, number] => [tag, purge]);
    return { secret, purges, purged, trust: this.#trust() };
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

  /** @param told What requests have found, as `countsSchema` has it. */
  count(told: unknown): void {
    this.#counts.add(told, systemClock.nowMs());
  }

  /** Learns from a neighbour's answer that was held against a vendor's. */
  audit(told: unknown, terms: { budget: unknown }): void {
    const audit = auditSchema.parse(told);
    const allowance = { budget: budgetSchema.parse(terms.budget) };
    const before = readTrust(jsonIn(this.#trust() ?? ""), allowance);
    const after = observe(before, audit, allowance);
    this.#sql.exec("INSERT OR REPLACE INTO trust (id, state) VALUES (1, ?)", JSON.stringify(after));
    this.#counts.add({ audits: 1, wrong: audit.isRight ? 0 : 1 }, systemClock.nowMs());
  }

  standing(): CacheStanding {
    const sinceMs = this.#row()?.since_ms;
    const days = this.#counts.days();
    const known = trustSchema.safeParse(jsonIn(this.#trust() ?? "")).data;
    return {
      ...(sinceMs !== undefined && { sinceMs }),
      total: totalOf(days),
      days,
      likeness: likenessOf(known),
    };
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
    this.#sql.exec("DELETE FROM trust");
    this.#counts.erase();
  }

  #purgeAll(): void {
    this.ctx.storage.transactionSync(() => {
      this.#sql.exec("DELETE FROM purged");
      this.#sql.exec("DELETE FROM namespace");
    });
    this.#flights.clear();
  }

  /** JSON; what it is worth is for whoever reads it. */
  #trust(): string | null {
    const [row] = this.#sql.exec<{ state: string }>("SELECT state FROM trust").toArray();
    return row?.state ?? null;
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

function likenessOf(trust: Trust | undefined): CacheStanding["likeness"] {
  if (trust === undefined) return { state: "learning", mostWrong: 1, trips: 0 };
  const { upper, trips, watch } = trust;
  return { state: switchState(trust, watch), mostWrong: Math.min(...upper), trips };
}
