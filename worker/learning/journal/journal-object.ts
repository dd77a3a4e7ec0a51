/**
 * One tenant's journal: a Durable Object with a row in SQLite for each record. What it has answered to an append is not
 * lost any more. From its rows it tells the watch what it observes and has files written, each by numbers: who hears
 * of a number twice knows it.
 *
 * Nothing here waits for others inside a transaction, and a mark is moved when that which it stands for has been done.
 * So an object that is killed anywhere does some things again and leaves none out. An alarm does what is due; where a
 * queue or the watch cannot be reached it comes again.
 *
 * Without a queue and a bucket the journal has the latest rows alone.
 *
 * What an event costs, at Cloudflare's prices of 2026: its row, its two index entries and its end, four rows written as
 * workerd counts them, 4 µ$; of the request to the object, one for all that came while the last was under way, at most
 * 0.15 µ$; of the row of marks, alarms, queue and bucket, which are for many at once, nothing that counts.
 * https://developers.cloudflare.com/durable-objects/platform/pricing/
 */
import { DurableObject } from "cloudflare:workers";
import { z } from "zod";
import type { EventStanding } from "../../domain/event-standing.ts";
import type { Watch } from "../../domain/observation.ts";
import { systemClock } from "../../lib/clock.ts";
import { learnLifts, type LiftTable } from "../lifts/lift-table.ts";
import { Forgetting } from "./forgetting.ts";
import { liftOutcomes } from "./lift-outcomes.ts";
import { observationOf } from "./observation-of.ts";
import { dueOf, Outbox } from "./outbox.ts";
import { JournalRows, lineOf } from "./rows.ts";
import { StateRow, type JournalState } from "./state.ts";
import { FILE_ROWS, HOUR_MS, ticketSchema, type Ticket } from "./tickets.ts";

/** The bindings that it uses, where there are any. */
interface JournalEnv {
  readonly EVENTS?: Pick<Queue<Ticket>, "sendBatch"> | undefined;
  readonly EVENT_FILES?: object | undefined;
  readonly WATCH?: { getByName(name: "all"): Watch };
}

/** How long a row may wait until the watch is told of it; others come along. */
const TELL_AFTER_MS = 10_000;
const TOLD_AT_ONCE = 200;
/** Until the next try where somebody could not be reached. */
const AGAIN_MS = 30_000;
const FORGET_EVERY_MS = HOUR_MS;
/** Rows that one alarm looks at; more of them have the next one at once. */
const ROWS_AT_ONCE = 20_000;
/** An alarm that is so late will not come: it has failed too often. */
const LATE_MS = 60_000;

/** Under this the object keeps a LiftTable. */
const LIFTS = "lifts";

const termsSchema = z.strictObject({
  tenant: z.string(),
  days: z.int().min(1).max(365),
  fileAfterMs: z.int().nonnegative(),
});
export type JournalTerms = z.output<typeof termsSchema>;

/** A ticket's rows, a record a line; or what has become of them. */
export type Taken =
  | { readonly state: "open"; readonly text: string }
  | { readonly state: "confirmed" | "void" };

export class JournalObject extends DurableObject<JournalEnv> {
  readonly #env: JournalEnv;
  readonly #state: StateRow;
  readonly #rows: JournalRows;
  readonly #outbox: Outbox;
  readonly #forgetting: Forgetting;
  /** When the alarm is set for, as far as is known. */
  #alarmMs: number | undefined;
  /** Until then nobody is asked again who could not be reached. */
  #patientUntilMs = 0;

  constructor(state: DurableObjectState, env: JournalEnv) {
    super(state, env);
    this.#env = env;
    const { sql } = state.storage;
    this.#state = new StateRow(sql);
    this.#rows = new JournalRows(sql);
    this.#outbox = new Outbox(sql);
    this.#forgetting = new Forgetting(sql, this.#state);
    void state.blockConcurrencyWhile(async () => {
      this.#alarmMs = (await state.storage.getAlarm()) ?? undefined;
    });
  }

  /**
   * Keeps records that are not there yet. Answers the places of those that are none of this tenant's.
   * @param lines A record's JSON each.
   */
  append(lines: readonly string[], given: JournalTerms): { refused: number[] } {
    const { tenant, days, fileAfterMs } = termsSchema.parse(given);
    const read = lines.map((text) => lineOf(text, tenant));
    this.ctx.storage.transactionSync(() => {
      const state = this.#state.under({ tenant, days, file_after_ms: fileAfterMs });
      const keptMs = Math.max(systemClock.nowMs(), state.last_ms);
      const known = read.filter((line) => line !== undefined);
      const { rows, bytes } = this.#rows.add(known, { last: state.last, keptMs });
      this.#state.write({
        ...state,
        last: state.last + rows,
        last_ms: keptMs,
        row_count: state.row_count + rows,
        bytes: state.bytes + bytes,
      });
    });
    this.#wake();
    return { refused: read.flatMap((line, at) => (line === undefined ? [at] : [])) };
  }

  take(given: Ticket): Taken {
    const ticket = ticketSchema.parse(given);
    const state = this.#stateOf(ticket);
    if (state !== "open") return { state };
    return { state, text: this.#rows.text(ticket.first, ticket.last) };
  }

  /** The ticket's file is there: "void" where it must not be, since its rows were erased meanwhile. */
  confirm(given: Ticket): "confirmed" | "void" {
    const ticket = ticketSchema.parse(given);
    const state = this.#stateOf(ticket);
    if (state === "open") this.#outbox.close(ticket);
    return state === "void" ? "void" : "confirmed";
  }

  /** There is no file of a void ticket. */
  discard(given: Ticket): void {
    const ticket = ticketSchema.parse(given);
    if (this.#stateOf(ticket) === "void") this.#outbox.close(ticket);
  }

  /** Files are for whoever has the bucket; those that are being written will be taken back. */
  erase(): void {
    this.ctx.storage.transactionSync(() => {
      const state = this.#state.read();
      if (state === undefined) return;
      const { last } = state;
      this.#rows.eraseAll();
      this.#outbox.voidAll();
      const marks = { told: last, ticketed: last, erased: last };
      this.#state.write({ ...state, ...marks, row_count: 0, bytes: 0, lost: 0 });
    });
    void this.ctx.storage.delete(LIFTS);
    this.#wake();
  }

  /** `erased`: the last number whose file must not be there. */
  standing(): EventStanding & { readonly erased: number } {
    const state = this.#state.read();
    if (state === undefined) return { rows: 0, unfiled: 0, pending: 0, lost: 0, erased: 0 };
    const { days, row_count: rows, last, last_ms: lastMs, ticketed, lost, erased } = state;
    const firstMs = this.#rows.firstMs();
    return {
      days,
      rows,
      ...(firstMs !== undefined && { firstMs, lastMs }),
      unfiled: last - ticketed,
      pending: this.#outbox.waiting().pending,
      lost,
      erased,
    };
  }

  /** Learns anew from the rows that are there what the tenant's traffic says against the router's scores. */
  async learn(): Promise<void> {
    await this.ctx.storage.put(LIFTS, learnLifts(liftOutcomes(this.#rows)));
  }

  /** What was learnt last. */
  async lifts(): Promise<LiftTable> {
    return (await this.ctx.storage.get<LiftTable>(LIFTS)) ?? {};
  }

  override async alarm(): Promise<void> {
    this.#alarmMs = undefined;
    const nowMs = systemClock.nowMs();
    const attempts = [await succeeds(() => this.#tell()), await succeeds(() => this.#issue(nowMs))];
    this.ctx.storage.transactionSync(() =>
      this.#forgetting.run({ nowMs, hasFiles: this.#queue !== undefined }),
    );
    this.#patientUntilMs = attempts.includes(false) ? systemClock.nowMs() + AGAIN_MS : 0;
    this.#wake();
  }

  /** Undefined where there is no queue, or no bucket at its end. */
  get #queue(): JournalEnv["EVENTS"] {
    return this.#env.EVENT_FILES && this.#env.EVENTS;
  }

  get #watch(): Watch | undefined {
    return this.#env.WATCH?.getByName("all");
  }

  #stateOf(ticket: Ticket) {
    return this.#outbox.stateOf(ticket, this.#state.read()?.erased ?? 0);
  }

  async #tell(): Promise<void> {
    const watch = this.#watch;
    if (watch === undefined) return;
    for (let seen = 0; seen < ROWS_AT_ONCE; seen += TOLD_AT_ONCE) {
      const { told = 0 } = this.#state.read() ?? {};
      const numbers = this.#rows.sizes(told, TOLD_AT_ONCE);
      const [first, last] = [numbers[0]?.number, numbers.at(-1)?.number];
      if (first === undefined || last === undefined) return;
      const observations = this.#rows
        .between(first, last)
        .flatMap((row) => observationOf(row, this.#rows.of(row.record.id, row.number)) ?? []);
      if (observations.length > 0) await watch.observe(observations);
      this.#state.raise("told", last);
    }
  }

  async #issue(nowMs: number): Promise<void> {
    const queue = this.#queue;
    const state = this.#state.read();
    if (queue === undefined || state === undefined) return;
    const dueMs = this.#filingDueMs(state);
    if (dueMs !== undefined && dueMs <= nowMs)
      this.ctx.storage.transactionSync(() => {
        const rows = this.#rows.sizes(state.ticketed, ROWS_AT_ONCE);
        this.#state.raise("ticketed", this.#outbox.cut(rows, { state, nowMs }));
      });
    const tickets = this.#outbox.due(state.tenant, nowMs);
    if (tickets.length === 0) return;
    await queue.sendBatch(tickets.map((body) => ({ body, contentType: "json" })));
    this.#outbox.issued(tickets, { state, nowMs });
  }

  /** When there is something to do next; undefined for a journal of nothing. */
  #dueMs(): number | undefined {
    const state = this.#state.read();
    if (state === undefined) return undefined;
    const due: number[] = [];
    if (this.#watch !== undefined) {
      const [untold] = this.#rows.sizes(state.told, 1);
      if (untold !== undefined) due.push(untold.keptMs + TELL_AFTER_MS);
    }
    if (this.#queue !== undefined) {
      const { dueMs } = this.#outbox.waiting();
      due.push(this.#filingDueMs(state) ?? Infinity, dueMs ?? Infinity);
    }
    if (this.#rows.firstMs() !== undefined) due.push(systemClock.nowMs() + FORGET_EVERY_MS);
    const soonest = Math.min(...due, Infinity);
    return soonest === Infinity ? undefined : soonest;
  }

  /** When the next rows are to be on a ticket; undefined where all are. */
  #filingDueMs(state: JournalState): number | undefined {
    const [unfiled] = this.#rows.sizes(state.ticketed, 1);
    if (unfiled === undefined) return undefined;
    return state.last - state.ticketed >= FILE_ROWS ? 0 : dueOf(unfiled, state);
  }

  #wake(): void {
    const dueMs = this.#dueMs();
    if (dueMs !== undefined)
      this.#wakeAt(Math.max(dueMs, this.#patientUntilMs, systemClock.nowMs()));
  }

  #wakeAt(atMs: number): void {
    const isSet = this.#alarmMs !== undefined && this.#alarmMs > systemClock.nowMs() - LATE_MS;
    if (isSet && this.#alarmMs! <= atMs) return;
    this.#alarmMs = atMs;
    void this.ctx.storage.setAlarm(atMs);
  }
}

/** What fails is done again by the next alarm, whose mark has not moved. */
async function succeeds(work: () => Promise<void>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch {
    return false;
  }
}
