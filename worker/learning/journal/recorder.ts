/**
 * From an isolate to the tenants' journals. What comes while a call to a journal is under way goes with the next one,
 * so a busy tenant costs a request to its object for many records.
 *
 * Nobody waits for this with an answer, and nothing here rejects. A journal that cannot be reached is tried a few times
 * within the half minute that a platform allows for after an answer; then what it should have kept is dropped, and so
 * is what an isolate has no room for. Each loss is one line of the log. An isolate that ends loses what it has not been
 * told is kept.
 *
 * Each call belongs to the request that began it and may end with it: whoever waits for one takes over its records
 * when it has said nothing for too long. They may then come twice, and the journal knows them.
 */
import type { EventTerms, LogRecord } from "../../domain/event.ts";
import type { Clock } from "../../lib/clock.ts";
import type { Pause } from "../../lib/pause.ts";
import type { JournalTerms } from "./journal-object.ts";

/** A tenant's journal, as far as it is written to. Rejects when it cannot be reached. */
export interface Journal {
  append(
    lines: readonly string[],
    terms: JournalTerms,
  ): Promise<{ readonly refused: readonly number[] }>;
}

export type Recorded =
  | { readonly event: "events_kept"; readonly tenant: string; readonly count: number }
  | { readonly event: "event_kept"; readonly request_id: string; readonly kind: LogRecord["kind"] }
  | {
      readonly event: "events_dropped";
      readonly tenant: string;
      readonly count: number;
      readonly why: "no_room" | "refused" | "unreachable";
      readonly reason?: string;
    };

export interface RecorderOptions {
  /** Asked for anew each time: a stub that has seen its object fail stays broken. */
  readonly journalOf: (tenant: string) => Journal;
  /** How long a journal may wait for more before it writes a file. */
  readonly fileAfterMs: number;
  readonly clock: Clock;
  readonly pause: Pause;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Must not throw. */
  readonly log: (event: Recorded) => void;
}

/** Records that an isolate holds for all tenants, and the UTF-16 units of their JSON. */
export const MAX_RECORDS = 10_000;
export const MAX_UNITS = 16 << 20;
/** Of one call. */
const CALL_RECORDS = 500;
const CALL_UNITS = 4 << 20;
/** A longer record goes without its prompt, or not at all. */
export const MAX_RECORD_UNITS = 512 << 10;

/** A try that has said nothing after this has failed. */
const TRY_MS = 6_000;
/** Waits between tries, by half of it less or more. */
const PAUSES_MS = [200, 1_000, 3_000];
/** A call that has said nothing after this, its tries and pauses together, has ended with its request. */
const CALL_MS = 30_000;
const DEFAULT_DAYS = 90;
const NEVER = new AbortController().signal;

interface Held {
  readonly record: LogRecord;
  readonly text: string;
  isDone: boolean;
}

interface Call {
  readonly batch: readonly Held[];
  readonly beganMs: number;
  readonly ended: Promise<void>;
}

/** One tenant's. */
interface Line {
  waiting: Held[];
  call: Call | undefined;
  days: number;
}

export class Recorder {
  readonly #options: RecorderOptions;
  /** Of tenants of whom something waits or is under way. */
  readonly #lines = new Map<string, Line>();
  #records = 0;
  #units = 0;

  constructor(options: RecorderOptions) {
    this.#options = options;
  }

  /** As `EventLog.record`. */
  async record(records: readonly LogRecord[], terms?: EventTerms): Promise<void> {
    const [first] = records;
    if (first === undefined) return;
    const { tenant } = first;
    const held = this.#hold(tenant, records);
    if (held.length === 0) return;
    const line = this.#lines.get(tenant) ?? { waiting: [], call: undefined, days: DEFAULT_DAYS };
    this.#lines.set(tenant, line);
    line.days = terms?.events_days ?? line.days;
    line.waiting.push(...held);
    while (held.some(({ isDone }) => !isDone)) await this.#turn(tenant, line);
    if (line.call === undefined && line.waiting.length === 0) this.#lines.delete(tenant);
  }

  /** What there is room for. */
  #hold(tenant: string, records: readonly LogRecord[]): Held[] {
    const held: Held[] = [];
    for (const record of records) {
      const text = textOf(record);
      if (text === undefined) continue;
      if (this.#records >= MAX_RECORDS || this.#units + text.length > MAX_UNITS) continue;
      this.#records += 1;
      this.#units += text.length;
      held.push({ record, text, isDone: false });
    }
    const count = records.length - held.length;
    if (count > 0) this.#options.log({ event: "events_dropped", tenant, count, why: "no_room" });
    return held;
  }

  /** One call, whosoever it is: the one under way, or the next. */
  async #turn(tenant: string, line: Line): Promise<void> {
    const { clock, pause } = this.#options;
    const { call } = line;
    if (call === undefined) return this.#call(tenant, line);
    const patience = new AbortController();
    const leftMs = Math.max(call.beganMs + CALL_MS - clock.nowMs(), 0);
    await Promise.race([call.ended, pause(leftMs, patience.signal)]);
    patience.abort();
    if (line.call !== call) return;
    line.call = undefined;
    line.waiting.unshift(...call.batch.filter(({ isDone }) => !isDone));
  }

  async #call(tenant: string, line: Line): Promise<void> {
    const batch = nextOf(line.waiting);
    line.waiting = line.waiting.slice(batch.length);
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    const call = { batch, beganMs: this.#options.clock.nowMs(), ended };
    line.call = call;
    await this.#send(tenant, batch, line.days);
    if (line.call === call) line.call = undefined;
    resolve();
  }

  async #send(tenant: string, batch: readonly Held[], days: number): Promise<void> {
    const { journalOf, fileAfterMs, pause, random, log } = this.#options;
    const lines = batch.map(({ text }) => text);
    let reason = "";
    for (const waitMs of [...PAUSES_MS, undefined]) {
      try {
        const sent = journalOf(tenant).append(lines, { tenant, days, fileAfterMs });
        const { refused } = await this.#within(sent);
        return this.#close(tenant, batch, new Set(refused));
      } catch (error) {
        reason = error instanceof Error ? error.message : String(error);
        if (waitMs !== undefined) await pause(waitMs * (0.5 + random()), NEVER);
      }
    }
    const count = this.#release(batch);
    if (count > 0) log({ event: "events_dropped", tenant, count, why: "unreachable", reason });
  }

  async #within<T>(work: Promise<T>): Promise<T> {
    const patience = new AbortController();
    const silence = this.#options.pause(TRY_MS, patience.signal).then((): never => {
      throw new Error(`The journal has said nothing for ${TRY_MS} ms`);
    });
    try {
      return await Promise.race([work, silence]);
    } finally {
      silence.catch(() => {});
      patience.abort();
    }
  }

  #close(tenant: string, batch: readonly Held[], refused: ReadonlySet<number>): void {
    const { log } = this.#options;
    const fresh = batch.filter(({ isDone }, at) => !isDone && !refused.has(at));
    const count = this.#release(batch) - fresh.length;
    if (count > 0) log({ event: "events_dropped", tenant, count, why: "refused" });
    if (fresh.length === 0) return;
    log({ event: "events_kept", tenant, count: fresh.length });
    for (const { record } of fresh)
      log({ event: "event_kept", request_id: record.id, kind: record.kind });
  }

  /** Lets go of what nobody has yet; answers how many these were. */
  #release(batch: readonly Held[]): number {
    const open = batch.filter(({ isDone }) => !isDone);
    for (const held of open) {
      held.isDone = true;
      this.#records -= 1;
      this.#units -= held.text.length;
    }
    return open.length;
  }
}

/** Undefined for what is too long even without a prompt. */
function textOf(record: LogRecord): string | undefined {
  const text = JSON.stringify(record);
  if (text.length <= MAX_RECORD_UNITS) return text;
  if (record.kind !== "decision" || record.prompt === undefined) return undefined;
  const { prompt: _, ...rest } = record;
  return textOf(rest);
}

/** One record at least. */
function nextOf(waiting: readonly Held[]): Held[] {
  let units = 0;
  const end = waiting.findIndex(({ text }, at) => {
    units += text.length;
    return at > 0 && (at >= CALL_RECORDS || units > CALL_UNITS);
  });
  return waiting.slice(0, end === -1 ? waiting.length : end);
}
