/**
 * The Durable Object of one shard: reads what isolates ask, keeps the alarm, and gets the rows of former instances
 * back into memory between requests.
 *
 * Small shards are read before they answer for the first time. Of large ones a chunk at a time is read, and who
 * asks meanwhile is told at once that nothing is known yet: an answer from a cache is not worth waiting for.
 * Insertions and removals are done all the while. An alarm deletes what has expired.
 *
 * The first shard of a namespace also knows how many there are, and says so with each of its answers.
 */
import { DurableObject } from "cloudflare:workers";
import { systemClock } from "../../lib/clock.ts";
import { pause } from "../../lib/pause.ts";
import {
  idSchema,
  insertionSchema,
  searchSchema,
  shardsSchema,
  type Found,
  type Inserted,
  type Removed,
  type ShardPort,
} from "./messages.ts";
import { Shard } from "./shard.ts";

/** Deleting can wait: what has expired is no neighbour any more. */
const SWEEP_MS = 600_000;
/** No alarm is set for later: the platform refuses times after 2189. */
const FARTHEST_MS = 30 * 24 * 3_600_000;

const FACTS = `
  CREATE TABLE IF NOT EXISTS namespace (only INTEGER PRIMARY KEY CHECK (only = 0), shards INTEGER NOT NULL);
  INSERT OR IGNORE INTO namespace (only, shards) VALUES (0, 1);
`;

export class NeighbourObject extends DurableObject implements ShardPort {
  readonly #shard: Shard;
  #shards: number;
  /** Whether somebody reads the rest of the rows. */
  #isReading = false;
  /** When the alarm is set for, as far as this instance knows. */
  #alarmMs: number | undefined;

  constructor(state: DurableObjectState, env: Cloudflare.Env) {
    super(state, env);
    const { sql } = state.storage;
    this.#shard = new Shard(state.storage);
    sql.exec(FACTS);
    this.#shards = sql.exec<{ shards: number }>("SELECT shards FROM namespace").one().shards;
  }

  async nearest(asked: unknown): Promise<Found> {
    const search = searchSchema.parse(asked);
    this.#read();
    return { shards: this.#shards, found: this.#shard.nearest(search) ?? null };
  }

  async insert(asked: unknown): Promise<Inserted> {
    const insertion = insertionSchema.parse(asked);
    this.#read();
    const outcome = this.#shard.insert(insertion);
    if (outcome === "kept") await this.#wakeAt(insertion.expiresMs);
    return { shards: this.#shards, outcome };
  }

  async remove(asked: unknown): Promise<Removed> {
    this.#shard.remove(idSchema.parse(asked));
    return { shards: this.#shards };
  }

  /** There are so many shards at least. */
  async open(asked: unknown): Promise<Removed> {
    this.#count(Math.max(this.#shards, shardsSchema.parse(asked)));
    return { shards: this.#shards };
  }

  /** Forgets all entries, and all shards but the first. */
  async erase(): Promise<Removed> {
    this.#shard.erase();
    this.#count(1);
    return { shards: this.#shards };
  }

  /** For whoever measures: entries, bytes of their matrix in memory, and whether all rows are there. */
  async state(): Promise<{ size: number; matrixBytes: number; isRead: boolean }> {
    const { size, matrixBytes, isRead } = this.#shard;
    return { size, matrixBytes, isRead };
  }

  override async alarm(): Promise<void> {
    this.#alarmMs = undefined;
    const isAll = this.#shard.expire(systemClock.nowMs());
    const nextMs = this.#shard.nextExpiryMs();
    if (nextMs !== undefined) await this.#wakeAt(nextMs, isAll ? SWEEP_MS : 0);
  }

  #count(shards: number): void {
    if (shards === this.#shards) return;
    this.ctx.storage.sql.exec("UPDATE namespace SET shards = ?", shards);
    this.#shards = shards;
  }

  /** Reads a chunk now, so that no rush of requests keeps it from reading, and the rest between requests. */
  #read(): void {
    this.#shard.read();
    if (!this.#isReading && !this.#shard.isRead) this.ctx.waitUntil(this.#readOn());
  }

  async #readOn(): Promise<void> {
    this.#isReading = true;
    const { signal } = new AbortController();
    try {
      while (!this.#shard.isRead) {
        await pause(0, signal);
        this.#shard.read();
      }
    } finally {
      this.#isReading = false;
    }
  }

  /** Sets the alarm for that time where it would be later, but not within `restMs` from now. */
  async #wakeAt(expiresMs: number, restMs = SWEEP_MS): Promise<void> {
    this.#alarmMs ??= (await this.ctx.storage.getAlarm()) ?? undefined;
    const nowMs = systemClock.nowMs();
    const atMs = Math.min(Math.max(expiresMs, nowMs + restMs), nowMs + FARTHEST_MS);
    if (this.#alarmMs !== undefined && this.#alarmMs <= atMs) return;
    this.#alarmMs = atMs;
    await this.ctx.storage.setAlarm(atMs);
  }
}
