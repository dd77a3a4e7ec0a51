/**
 * The Durable Object that watches the whole service. One for the deployment, "all".
 *
 * Tenants' journals tell it observations, each with the tenant's next number; it remembers the last number of each
 * tenant, so what comes twice is not counted twice. Isolates ask it for news. The state is one value
 * (detectors/watch.ts), kept part by part, of which only parts that have changed are written, in one transaction
 * with the numbers. Where it cannot be read, since another version wrote it, it begins anew, but for the totals.
 */
import { DurableObject } from "cloudflare:workers";
import { z } from "zod";
import { observationSchema, watchNewsSchema } from "../../domain/observation.ts";
import { systemClock } from "../../lib/clock.ts";
import { jsonIn } from "../../lib/json.ts";
import {
  halt,
  isNewWord,
  newsOf,
  newWatch,
  teach,
  watch,
  watchStateSchema,
  type Traffic,
} from "../detectors/watch.ts";
import { compare, nothingStands, standingSchema, watchEventSchema } from "./alarms.ts";
import { exposition } from "./exposition.ts";
import { count, noTotals, totalsSchema } from "./totals.ts";

const TABLES = `
  CREATE TABLE IF NOT EXISTS parts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS cursors (tenant TEXT PRIMARY KEY, number INTEGER NOT NULL);
`;

const keptSchema = z.object({
  ...watchStateSchema.shape,
  totals: totalsSchema,
  standing: standingSchema,
});
export type Kept = z.output<typeof keptSchema>;

const batchSchema = z.array(observationSchema).max(10_000);

const trafficSchema = z.object({
  shares: z.array(z.array(z.number().min(0).max(1)).length(10)).max(64),
  novelty: z.number().min(0).max(1),
});

/** What an isolate is told: news, events for its log that no other is told, and whose training traffic is wanted. */
export const watchReportSchema = z.object({
  news: watchNewsSchema,
  events: z.array(watchEventSchema),
  /** Label of the release that is followed, where nobody has told yet what its training traffic was like. */
  wants: z.string().optional(),
});
export type WatchReport = z.output<typeof watchReportSchema>;

export class WatchObject extends DurableObject {
  readonly #sql: SqlStorage;
  #kept: Kept;

  constructor(state: DurableObjectState, env: Cloudflare.Env) {
    super(state, env);
    this.#sql = state.storage.sql;
    this.#sql.exec(TABLES);
    this.#kept = this.#read();
  }

  /** Throws where these are no observations. Of a tenant they come in the order of their numbers. */
  observe(told: unknown): void {
    const observations = batchSchema.parse(told);
    this.ctx.storage.transactionSync(() => {
      const cursors = new Map<string, number>();
      let kept = this.#kept;
      for (const one of observations) {
        const { tenant, number } = one;
        if (number <= (cursors.get(tenant) ?? this.#cursorOf(tenant))) continue;
        cursors.set(tenant, number);
        const totals = count(kept.totals, one, isNewWord(kept, one));
        kept = { ...kept, ...watch(kept, one), totals };
      }
      for (const [tenant, number] of cursors)
        this.#sql.exec("INSERT OR REPLACE INTO cursors VALUES (?, ?)", tenant, number);
      this.#write(kept);
    });
  }

  report(): WatchReport {
    this.#write(this.#kept);
    const { events } = this.#kept.standing;
    if (events.length > 0)
      this.#write({ ...this.#kept, standing: { ...this.#kept.standing, events: [] } });
    const { followed, taught } = this.#kept;
    const isWanting = followed.weights !== "" && taught === null;
    const news = newsOf(this.#kept, systemClock.nowMs());
    return { news, events, ...(isWanting && { wants: followed.weights }) };
  }

  /** What a release's training traffic was like. Throws where that is none. */
  teach(weights: string, told: unknown): void {
    const traffic: Traffic = trafficSchema.parse(told);
    this.#write({ ...this.#kept, ...teach(this.#kept, weights, traffic) });
  }

  /** Ends a trial, for an operator's reason. */
  halt(serial: number, why: string): void {
    this.#write({ ...this.#kept, ...halt(this.#kept, serial, why) });
  }

  /** Prometheus's text. */
  metrics(): string {
    return exposition(this.#kept, systemClock.nowMs());
  }

  #cursorOf(tenant: string): number {
    const query = "SELECT number FROM cursors WHERE tenant = ?";
    return this.#sql.exec<{ number: number }>(query, tenant).toArray()[0]?.number ?? 0;
  }

  #read(): Kept {
    const rows = this.#sql
      .exec<{ name: string; value: string }>("SELECT name, value FROM parts")
      .toArray();
    const parts = new Map(rows.map(({ name, value }) => [name, jsonIn(value)]));
    const fresh: Kept = { ...newWatch(), totals: noTotals(), standing: nothingStands() };
    const whole = keptSchema.safeParse({ ...fresh, ...Object.fromEntries(parts) });
    if (whole.success) return whole.data;
    const totals = totalsSchema.safeParse(parts.get("totals"));
    return { ...fresh, totals: totals.data ?? fresh.totals };
  }

  /** Compares what stands and writes what has changed. */
  #write(next: Kept): void {
    const standing = compare(next.standing, next, systemClock.nowMs());
    const before = new Map<string, unknown>(Object.entries(this.#kept));
    const kept = { ...next, standing };
    for (const [name, value] of Object.entries(kept))
      if (before.get(name) !== value)
        this.#sql.exec("INSERT OR REPLACE INTO parts VALUES (?, ?)", name, JSON.stringify(value));
    this.#kept = kept;
  }
}
