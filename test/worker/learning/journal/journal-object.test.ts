/** One tenant's journal: what it keeps, what it tells and what it has written, through evictions, repeats and erasure. */
import {
  env,
  evictDurableObject,
  runDurableObjectAlarm,
  runInDurableObject,
} from "cloudflare:test";
import * as fc from "fast-check";
import { describe, it } from "vitest";
import { logRecordSchema, type LogRecord } from "../../../../worker/domain/event.ts";
import type { Observation } from "../../../../worker/domain/observation.ts";
import { MAX_BYTES } from "../../../../worker/learning/journal/forgetting.ts";
import { JournalObject } from "../../../../worker/learning/journal/journal-object.ts";
import { RETRY_MS } from "../../../../worker/learning/journal/rows.ts";
import {
  FILE_ROWS,
  HOUR_MS,
  hourOf,
  type Ticket,
} from "../../../../worker/learning/journal/tickets.ts";
import { decided, NOON_MS, said, signalled } from "./made-up-records.ts";

let count = 0;

/**
 * A journal of its own; its records' tenant is put in for the made-up one. Its alarms come when a test says so.
 * @param fileAfterMs Rows are due for a file at once where it is 0.
 */
function open(fileAfterMs = 0) {
  const tenant = `journal-${count++}`;
  const stub = env.JOURNAL.getByName(tenant);
  const terms = { tenant, days: 90, fileAfterMs };
  async function quietly<T>(
    work: (object: JournalObject, state: DurableObjectState) => Promise<T> | T,
  ) {
    return runInDurableObject(stub, async (object: JournalObject, state) => {
      const answer = await work(object, state);
      await state.storage.deleteAlarm();
      return answer;
    });
  }
  return {
    tenant,
    stub,
    append: (records: readonly LogRecord[]) =>
      quietly((object) =>
        object.append(
          records.map((record) => JSON.stringify({ ...record, tenant })),
          terms,
        ),
      ),
    rows: () =>
      quietly((_, { storage }) =>
        storage.sql
          .exec<{ number: number; record: string }>(
            "SELECT number, record FROM rows ORDER BY number",
          )
          .toArray()
          .map(({ number, record }) => ({
            number,
            record: logRecordSchema.parse(JSON.parse(record)),
          })),
      ),
    sql: (query: string, ...values: (string | number)[]) =>
      quietly((_, { storage }) => void storage.sql.exec(query, ...values)),
    /** One alarm of the object with this surrounding, and no other. */
    alarm: (surrounding: Surrounding) =>
      quietly((_, state) =>
        new JournalObject(state, { ...env, EVENTS: undefined, ...surrounding }).alarm(),
      ),
  };
}

interface Surrounding {
  readonly WATCH?: { getByName(): { observe(told: readonly Observation[]): Promise<void> } };
  readonly EVENTS?: {
    sendBatch(messages: Iterable<{ body: Ticket }>): Promise<QueueSendBatchResponse>;
  };
}

/** A queue that holds what it was given. */
function heldQueue() {
  const tickets: Ticket[] = [];
  const EVENTS = {
    async sendBatch(messages: Iterable<{ body: Ticket }>) {
      tickets.push(...[...messages].map(({ body }) => body));
      return { metadata: { metrics: { backlogCount: 0, backlogBytes: 0 } } };
    },
  };
  return { tickets, EVENTS };
}

function watching(isDown = () => false) {
  const told: Observation[] = [];
  async function observe(observations: readonly Observation[]): Promise<void> {
    if (isDown()) throw new Error("The watch cannot be reached");
    told.push(...observations);
  }
  return { told, WATCH: { getByName: () => ({ observe }) } };
}

function nameOf(record: LogRecord): string {
  return `${record.id} ${record.kind} ${record.kind === "feedback" ? record.score : ""}`;
}

describe("a journal", () => {
  it("has every record once under growing numbers, in whatever order and however often they come", async ({
    expect,
  }) => {
    const record = fc.oneof(
      fc
        .tuple(fc.constantFrom("a", "b", "c", "d"), fc.integer({ min: 0, max: 3 }), fc.boolean())
        .map(([id, hash, isWhole]) =>
          decided(
            id,
            { promptHash: `hash-${hash % 2}`, atMs: NOON_MS + id.charCodeAt(0) * 250_000 },
            { ending: isWhole ? "complete" : "broken" },
          ),
        ),
      fc
        .tuple(fc.constantFrom("a", "b", "e"), fc.constantFrom(0, 0.5, 1))
        .map(([id, score]) => said(id, { score })),
      fc.constantFrom("a", "b").map((id) => signalled(id, "hung_up")),
    );
    const step = fc.oneof(fc.array(record, { maxLength: 4 }), fc.constant("evict" as const));
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 8 }), async (steps) => {
        const journal = open();
        const wanted = new Set<string>();
        for (const taken of steps) {
          await journal.append(taken === "evict" ? [] : taken);
          if (taken === "evict") await evictDurableObject(journal.stub);
          else for (const one of taken) wanted.add(nameOf(one));
        }
        const rows = (await journal.rows()).filter(
          ({ record: kept }) => kept.kind !== "signal" || kept.signal !== "retried",
        );
        const found = rows.map(({ record: kept }) => nameOf(kept));
        expect(found.toSorted()).toEqual([...wanted].toSorted());
        const all = await journal.rows();
        expect(all.map(({ number }) => number)).toEqual(all.map((_, at) => at + 1));
      }),
      { numRuns: 25 },
    );
  });

  it("tells a request that it was asked again, in whatever order the two come", async ({
    expect,
  }) => {
    const times = [0, 1, RETRY_MS, RETRY_MS + 1, 3 * RETRY_MS, 3 * RETRY_MS + 2];
    const records = times.map((ms, at) =>
      decided(
        `r${at}`,
        { promptHash: "the-same", atMs: NOON_MS + ms },
        { ending: at === 1 ? "cancelled" : "complete" },
      ),
    );
    const wanted = ["r0", "r2", "r4"];
    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray(records, { minLength: records.length }),
        async (order) => {
          const journal = open();
          for (const record of order) await journal.append([record]);
          await journal.append([decided("other", { promptHash: "another", atMs: NOON_MS + 1 })]);
          const signals = (await journal.rows()).flatMap(({ record }) =>
            record.kind === "signal" ? [record.id] : [],
          );
          expect(signals.toSorted()).toEqual(wanted);
        },
      ),
      { numRuns: 20 },
    );
  });

  it("refuses what is no record and what is somebody else's, and keeps the rest", async ({
    expect,
  }) => {
    const { stub, tenant, rows } = open();
    const lines = [
      "no JSON",
      JSON.stringify({ kind: "decision" }),
      JSON.stringify(said("a", { tenant: "another" })),
      JSON.stringify({ ...said("a"), tenant, comment: "not for here" }),
      JSON.stringify(said("a", { tenant })),
    ];
    expect(await stub.append(lines, { tenant, days: 90, fileAfterMs: 0 })).toEqual({
      refused: [0, 1, 2, 3],
    });
    expect(await rows()).toHaveLength(1);
  });

  it("numbers go on after an erasure, and what comes then is new", async ({ expect }) => {
    const { append, stub, rows } = open();
    await append([decided("a"), said("a")]);
    await stub.erase();
    expect(await stub.standing()).toMatchObject({ rows: 0, unfiled: 0, pending: 0, erased: 2 });
    await evictDurableObject(stub);
    await append([said("a")]);
    expect(await rows()).toMatchObject([{ number: 3, record: { kind: "feedback" } }]);
    expect(await stub.standing()).toMatchObject({ rows: 1, unfiled: 1, days: 90 });
  });
});

describe("the watch", () => {
  it("is told of every request once, and again when more is said, by what was known then", async ({
    expect,
  }) => {
    const { append, alarm, stub } = open();
    const { told, WATCH } = watching();
    await append([said("a", { score: 0 }), decided("a"), said("nobody")]);
    await alarm({ WATCH });
    await append([said("a", { source: "judge", score: 1 }), signalled("a", "hung_up")]);
    await evictDurableObject(stub);
    await alarm({ WATCH });
    await alarm({ WATCH });
    const seen = told.map(({ number, isFirst, reward }) => [number, isFirst, reward.weight]);
    expect(seen).toEqual([
      [2, true, 1],
      [4, false, 1.5],
      [5, false, 1.7],
    ]);
    expect(told[0]).toMatchObject({
      score: 0.625,
      lift: 0.125,
      referenceScore: 0.875,
      isSpoken: true,
    });
  });

  it("misses nothing that came while it could not be reached", async ({ expect }) => {
    let isDown = true;
    const { append, alarm } = open();
    const { told, WATCH } = watching(() => isDown);
    const ids = Array.from({ length: 450 }, (_, at) => `r${at}`);
    await append(ids.map((id) => decided(id)));
    await alarm({ WATCH });
    expect(told).toEqual([]);
    isDown = false;
    await alarm({ WATCH });
    expect(told.map(({ id }) => id)).toEqual(ids);
    expect(told.map(({ number }) => number)).toEqual(ids.map((_, at) => at + 1));
  });
});

describe("tickets", () => {
  it("cover every row once, an hour each, and are issued until they are confirmed", async ({
    expect,
  }) => {
    const { append, alarm, sql, stub, tenant } = open();
    const { tickets, EVENTS } = heldQueue();
    const startMs = hourOf(Date.now()) - 4.5 * HOUR_MS;
    await append(Array.from({ length: 9 }, (_, at) => decided(`r${at}`)));
    await sql("UPDATE rows SET kept_ms = ? + (number / 4) * 3600000", startMs);
    await alarm({ EVENTS });
    const numbers = tickets.map(({ first, last, hourMs }) => [
      first,
      last,
      (hourMs - hourOf(startMs)) / HOUR_MS,
    ]);
    expect(numbers).toEqual([
      [1, 3, 0],
      [4, 7, 1],
      [8, 9, 2],
    ]);
    const [one, two] = tickets.splice(0);
    expect(await stub.take(one!)).toMatchObject({ state: "open" });
    expect(await stub.confirm(one!)).toBe("confirmed");
    expect(await stub.confirm(one!)).toBe("confirmed");
    expect(await stub.take(one!)).toEqual({ state: "confirmed" });
    await alarm({ EVENTS });
    expect(tickets).toEqual([]);
    await sql("UPDATE tickets SET due_ms = 0");
    await alarm({ EVENTS });
    expect(tickets.map(({ first }) => first)).toEqual([4, 8]);
    expect(await stub.take(two!)).toMatchObject({ state: "open" });
    expect(await stub.standing()).toMatchObject({ pending: 2, unfiled: 0, rows: 9 });
    expect(tickets.every((ticket) => ticket.tenant === tenant)).toBe(true);
  });

  it("wait for others until their time or their number has come", async ({ expect }) => {
    const { append, alarm, sql } = open(600_000);
    const { tickets, EVENTS } = heldQueue();
    const nowMs = Date.now();
    const hourMs = nowMs - (nowMs % 3_600_000);
    await append([decided("a")]);
    // Not at the end of an hour.
    await sql("UPDATE rows SET kept_ms = ?", hourMs + 3_599_999);
    await alarm({ EVENTS });
    expect(tickets).toEqual([]);
    await sql("UPDATE rows SET kept_ms = ?", nowMs - 600_000);
    await alarm({ EVENTS });
    expect(tickets).toHaveLength(1);
    for (let at = 0; at < FILE_ROWS; at += 500)
      await append(Array.from({ length: 500 }, (_, index) => said(`s${at + index}`)));
    await alarm({ EVENTS });
    expect(tickets.map(({ first, last }) => last - first + 1)).toEqual([1, FILE_ROWS]);
  });

  it("lose nothing where the queue cannot be reached", async ({ expect }) => {
    const { append, alarm } = open();
    const { tickets, EVENTS } = heldQueue();
    await append([decided("a")]);
    const broken = { sendBatch: () => Promise.reject(new Error("no queue")) };
    await alarm({ EVENTS: broken });
    expect(tickets).toEqual([]);
    await alarm({ EVENTS });
    expect(tickets).toMatchObject([{ first: 1, last: 1 }]);
  });

  it("of rows that were erased are void until there is no file of them", async ({ expect }) => {
    const { append, alarm, stub, sql } = open();
    const { tickets, EVENTS } = heldQueue();
    await append([decided("a")]);
    await alarm({ EVENTS });
    const [ticket] = tickets.splice(0);
    expect(await stub.take(ticket!)).toMatchObject({ state: "open" });
    await stub.erase();
    expect(await stub.confirm(ticket!)).toBe("void");
    await sql("UPDATE tickets SET due_ms = 0");
    await alarm({ EVENTS });
    expect(tickets).toEqual([ticket]);
    await stub.discard(ticket!);
    expect(await stub.take(ticket!)).toEqual({ state: "void" });
    expect(await stub.standing()).toMatchObject({ pending: 0 });
  });
});

/** Rows as large as if there were room for so many only. */
async function fillWith(
  sql: (query: string, ...values: number[]) => Promise<void>,
  { rows, room }: { rows: number; room: number },
): Promise<void> {
  await sql("UPDATE rows SET bytes = ?", MAX_BYTES / room);
  await sql("UPDATE journal SET bytes = ?", (rows * MAX_BYTES) / room);
}

describe("what is forgotten", () => {
  it("are rows of three days that are in a file, and of the tenant's days the others", async ({
    expect,
  }) => {
    const { append, alarm, rows, sql, stub } = open();
    const { tickets, EVENTS } = heldQueue();
    const day = 86_400_000;
    await append([decided("a"), decided("b"), decided("c"), decided("d")]);
    const ages = [91, 4, 4, 2];
    for (const [at, age] of ages.entries())
      await sql("UPDATE rows SET kept_ms = ? WHERE number = ?", Date.now() - age * day, at + 1);
    await sql("UPDATE journal SET ticketed = 0");
    await alarm({ EVENTS });
    // All are on tickets that nobody has confirmed: only the first, whose time is over, is gone.
    expect((await rows()).map(({ number }) => number)).toEqual([2, 3, 4]);
    for (const ticket of tickets.slice(1)) await stub.confirm(ticket);
    await alarm({ EVENTS });
    expect((await rows()).map(({ number }) => number)).toEqual([4]);
    expect(await stub.standing()).toMatchObject({ rows: 1, lost: 0 });
  });

  it("are the oldest where there are too many, counted where no file has them", async ({
    expect,
  }) => {
    const { append, alarm, rows, sql, stub } = open();
    const { tickets, EVENTS } = heldQueue();
    await append(Array.from({ length: 10 }, (_, at) => decided(`r${at}`)));
    await alarm({ EVENTS });
    await stub.confirm(tickets[0]!);
    await append([said("later")]);
    await fillWith(sql, { rows: 11, room: 4 });
    await alarm({ EVENTS });
    expect((await rows()).map(({ number }) => number)).toEqual([8, 9, 10, 11]);
    expect(await stub.standing()).toMatchObject({ lost: 0 });
  });

  it("are all rows of a ticket or none, so that its file is never written with less in it", async ({
    expect,
  }) => {
    const { append, alarm, rows, sql, stub } = open();
    const { tickets, EVENTS } = heldQueue();
    await append(Array.from({ length: 6 }, (_, at) => decided(`r${at}`)));
    await alarm({ EVENTS });
    await append(Array.from({ length: 6 }, (_, at) => said(`s${at}`)));
    await alarm({ EVENTS });
    const [first, second] = tickets.splice(0);
    await fillWith(sql, { rows: 12, room: 8 });
    await alarm({ EVENTS });
    expect((await rows()).map(({ number }) => number)).toEqual([7, 8, 9, 10, 11, 12]);
    expect(await stub.take(first!)).toEqual({ state: "confirmed" });
    expect(await stub.take(second!)).toMatchObject({ state: "open" });
    expect(await stub.standing()).toMatchObject({ rows: 6, lost: 6, pending: 1 });
  });

  it("is all that is too old or too much where there are no files", async ({ expect }) => {
    const { append, alarm, rows, sql, stub } = open();
    await append(Array.from({ length: 10 }, (_, at) => decided(`r${at}`)));
    await sql("UPDATE rows SET kept_ms = 0 WHERE number <= 2");
    await alarm({});
    expect((await rows()).map(({ number }) => number)).toEqual([3, 4, 5, 6, 7, 8, 9, 10]);
    await fillWith(sql, { rows: 8, room: 4 });
    await alarm({});
    expect((await rows()).map(({ number }) => number)).toEqual([7, 8, 9, 10]);
    expect(await stub.standing()).toMatchObject({ rows: 4, lost: 4 });
  });

  it("is looked at by an alarm that comes by itself", async ({ expect }) => {
    const { tenant, stub } = open();
    const line = JSON.stringify(decided("a", { tenant }));
    await stub.append([line], { tenant, days: 90, fileAfterMs: 600_000 });
    expect(await runDurableObjectAlarm(stub)).toBe(true);
    expect(await runInDurableObject(stub, (_, { storage }) => storage.getAlarm())).not.toBeNull();
  });
});
