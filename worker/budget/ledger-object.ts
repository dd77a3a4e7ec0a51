/**
 * The ledger as a Durable Object: one for each organisation, its rows in SQLite.
 *
 * Every operation reads, decides and writes without waiting for anything, inside one transaction, so no two of
 * them interleave; and the platform holds an answer back until what it says is on disk. An object that is
 * evicted or killed goes on from its rows. An alarm ends holds that nobody settles; an operation looks as well,
 * so that nobody is refused for a hold that has expired already.
 *
 * An object that does not answer is given up after a while, so a request waits for none without end. What it was asked
 * may still be done; all of it may be repeated.
 */
import { DurableObject } from "cloudflare:workers";
import { z } from "zod";
import type {
  Account,
  Balance,
  Ledger,
  Reservation,
  Reserved,
  Settled,
  Settlement,
  Unbilled,
} from "../domain/ledger.ts";
import { systemClock } from "../lib/clock.ts";
import { Deadline, type StartTimer } from "../lib/deadline.ts";
import {
  lapse,
  read,
  reserve,
  settle,
  unbilledOf,
  type Changes,
  type Hold,
  type Rows,
  type Slot,
} from "./ledger-state.ts";

const TABLES = `
  CREATE TABLE IF NOT EXISTS slots (
    account TEXT NOT NULL, start_ms INTEGER NOT NULL, spent INTEGER NOT NULL, held INTEGER NOT NULL,
    PRIMARY KEY (account, start_ms)
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS holds (
    id TEXT PRIMARY KEY, phase TEXT NOT NULL, expires_ms INTEGER NOT NULL, shares TEXT NOT NULL
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS holds_by_expiry ON holds (phase, expires_ms);
  CREATE TABLE IF NOT EXISTS gates (name TEXT PRIMARY KEY, shut_until_ms INTEGER NOT NULL) WITHOUT ROWID;
`;

// By phase, as the index has them: there are as many settled ones as there were requests of late.
const FORGET =
  "DELETE FROM holds WHERE phase IN ('lapsed', 'estimated', 'settled') AND expires_ms <= ?";
const NEXT = `SELECT min(soonest) AS next FROM (${["held", "lapsed", "estimated", "settled"]
  .map((phase) => `SELECT min(expires_ms) AS soonest FROM holds WHERE phase = '${phase}'`)
  .join(" UNION ALL ")})`;

/** Holds that end in one go; more of them wait for the next operation or alarm. */
const MAX_LAPSES = 100;
/** Before a reservation all of them end, that nobody be refused for one; more have never been under way at once. */
const MAX_ROUNDS = 100;
const MAX_LISTED = 1_000;
/** Forgetting can wait: it is done for many at once. */
const SWEEP_MS = 60_000;

/** An operation with all that waits before it; one takes milliseconds, but thousands may come at once. */
const TIMEOUT_MS = 30_000;
/** A settlement's. A purse makes four tries of it in the half minute that a platform allows for after an answer. */
const SETTLE_MS = 6_000;

const holdSchema = z.object({
  id: z.string(),
  phase: z.enum(["held", "lapsed", "estimated", "settled"]),
  expires_ms: z.number(),
  shares: z
    .string()
    .transform((text): unknown => JSON.parse(text))
    .pipe(
      z.array(
        z.object({
          account: z.string(),
          startMs: z.number(),
          amount: z.number(),
          isPassing: z.boolean(),
        }),
      ),
    ),
});

/** Implements `Ledger`; the answers of its methods are promises to whoever calls from outside. */
export class LedgerObject extends DurableObject {
  readonly #sql: SqlStorage;
  readonly #rows: Rows;
  /** When the alarm is set for; undefined until one has been set by this instance. */
  #alarmMs: number | undefined;

  constructor(state: DurableObjectState, env: Cloudflare.Env) {
    super(state, env);
    this.#sql = state.storage.sql;
    this.#sql.exec(TABLES);
    this.#rows = {
      slots: (account) => this.#slots(account),
      hold: (id) => this.#holds("SELECT * FROM holds WHERE id = ?", id)[0],
      shutUntilMs: (gate) => this.#shutUntilMs(gate),
    };
  }

  reserve(reservation: Reservation): Reserved {
    return this.ctx.storage.transactionSync(() => {
      for (let rounds = 0; rounds < MAX_ROUNDS; rounds++)
        if (this.#lapseDue(reservation.nowMs) < MAX_LAPSES) break;
      const { answer, changes } = reserve(this.#rows, reservation);
      this.#write(changes);
      return answer;
    });
  }

  settle(settlement: Settlement): Settled {
    return this.ctx.storage.transactionSync(() => {
      const { answer, changes } = settle(this.#rows, settlement);
      this.#write(changes);
      return answer;
    });
  }

  read(accounts: readonly Account[]): Balance[] {
    return read(this.#rows, accounts);
  }

  shut(gate: string, untilMs: number): void {
    this.#sql.exec(
      "INSERT OR REPLACE INTO gates (name, shut_until_ms) VALUES (?, ?)",
      gate,
      untilMs,
    );
  }

  lapse(nowMs: number): number {
    return this.ctx.storage.transactionSync(() => {
      this.#sql.exec(FORGET, nowMs);
      this.#sql.exec("DELETE FROM gates WHERE shut_until_ms <= ?", nowMs);
      return this.#lapseDue(nowMs);
    });
  }

  unbilled(id?: string): Unbilled[] {
    const holds =
      id === undefined
        ? this.#holds(
            "SELECT * FROM holds WHERE phase IN ('lapsed', 'estimated') ORDER BY expires_ms, id LIMIT ?",
            MAX_LISTED,
          )
        : this.#holds("SELECT * FROM holds WHERE id = ?", id);
    return holds.flatMap((hold) => unbilledOf(hold) ?? []);
  }

  override async alarm(): Promise<void> {
    const nowMs = systemClock.nowMs();
    this.#alarmMs = undefined;
    for (let rounds = 0; rounds < MAX_ROUNDS; rounds++) if (this.lapse(nowMs) < MAX_LAPSES) break;
    const { next } = this.#sql.exec<{ next: number | null }>(NEXT).one();
    if (next !== null) this.#wakeAt(Math.max(next, nowMs + SWEEP_MS));
  }

  #lapseDue(nowMs: number): number {
    const due = this.#holds(
      "SELECT * FROM holds WHERE phase = 'held' AND expires_ms <= ? ORDER BY expires_ms LIMIT ?",
      nowMs,
      MAX_LAPSES,
    );
    for (const hold of due) this.#write(lapse(this.#rows, hold, nowMs));
    return due.length;
  }

  #write({ hold, slots, dead }: Changes): void {
    for (const { account, startMs, spent, held } of slots)
      this.#sql.exec(
        "INSERT OR REPLACE INTO slots (account, start_ms, spent, held) VALUES (?, ?, ?, ?)",
        account,
        startMs,
        spent,
        held,
      );
    for (const { account, startMs } of dead)
      this.#sql.exec("DELETE FROM slots WHERE account = ? AND start_ms = ?", account, startMs);
    if (hold === undefined) return;
    this.#sql.exec(
      "INSERT OR REPLACE INTO holds (id, phase, expires_ms, shares) VALUES (?, ?, ?, ?)",
      hold.id,
      hold.phase,
      hold.expiresMs,
      JSON.stringify(hold.shares),
    );
    if (hold.phase === "held") this.#wakeAt(hold.expiresMs);
  }

  #wakeAt(atMs: number): void {
    if (this.#alarmMs !== undefined && this.#alarmMs <= atMs) return;
    const { next } = this.#sql
      .exec<{ next: number | null }>(
        "SELECT min(expires_ms) AS next FROM holds WHERE phase = 'held'",
      )
      .one();
    this.#alarmMs = Math.min(atMs, next ?? atMs);
    void this.ctx.storage.setAlarm(this.#alarmMs);
  }

  #slots(account: string): Slot[] {
    return this.#sql
      .exec<{ start_ms: number; spent: number; held: number }>(
        "SELECT start_ms, spent, held FROM slots WHERE account = ?",
        account,
      )
      .toArray()
      .map(({ start_ms: startMs, spent, held }) => ({ startMs, spent, held }));
  }

  #holds(query: string, ...values: (string | number)[]): Hold[] {
    return this.#sql
      .exec(query, ...values)
      .toArray()
      .map((row) => {
        const { expires_ms: expiresMs, ...hold } = holdSchema.parse(row);
        return { ...hold, expiresMs };
      });
  }

  #shutUntilMs(gate: string): number {
    const [row] = this.#sql
      .exec<{ until: number }>("SELECT shut_until_ms AS until FROM gates WHERE name = ?", gate)
      .toArray();
    return row?.until ?? 0;
  }
}

/**
 * A ledger through its object.
 * @param object Asked for anew each time: a stub that has seen its object fail stays broken.
 */
export function objectLedger(
  object: () => Ledger,
  { timer }: { readonly timer?: StartTimer } = {},
): Ledger {
  /** The answer, unless the object fails or is silent for too long. Whether it does the work then is not known. */
  async function ask<T>(name: keyof Ledger, work: (stub: Ledger) => Promise<T>): Promise<T> {
    const deadline = new Deadline({ ...(timer && { timer }) });
    deadline.limitTotal(name === "settle" ? SETTLE_MS : TIMEOUT_MS);
    try {
      return await deadline.race(work(object()));
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new Error(`The ledger's ${name} failed at its object: ${reason}`, { cause });
    } finally {
      deadline.close();
    }
  }
  return {
    reserve: (reservation) => ask("reserve", (stub) => stub.reserve(reservation)),
    settle: (settlement) => ask("settle", (stub) => stub.settle(settlement)),
    read: (accounts) => ask("read", (stub) => stub.read(accounts)),
    shut: (gate, untilMs) => ask("shut", (stub) => stub.shut(gate, untilMs)),
    lapse: (nowMs) => ask("lapse", (stub) => stub.lapse(nowMs)),
    unbilled: (id) => ask("unbilled", (stub) => stub.unbilled(id)),
  };
}
