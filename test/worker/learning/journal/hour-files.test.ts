/** From tickets to files and to their end, over a real bucket and real journals. */
import { env, runInDurableObject } from "cloudflare:test";
import { describe, it } from "vitest";
import { logRecordSchema } from "../../../../worker/domain/event.ts";
import { keepEvents } from "../../../../worker/learning/journal/event-keeping.ts";
import {
  deliverTickets,
  sweepFiles,
  type EventFiles,
  type FileEvent,
  type FilePorts,
} from "../../../../worker/learning/journal/hour-files.ts";
import { JournalObject } from "../../../../worker/learning/journal/journal-object.ts";
import {
  DAY_MS,
  fileOf,
  HOUR_MS,
  keyOf,
  prefixOf,
  type Ticket,
} from "../../../../worker/learning/journal/tickets.ts";
import { manualTimers } from "../../fixture/timers.ts";
import { decided } from "./made-up-records.ts";

const { EVENT_FILES: BUCKET, JOURNAL } = env;

let count = 0;

function open() {
  const tenant = `files-${count++}`;
  const stub = JOURNAL.getByName(tenant);
  const log: FileEvent[] = [];
  const tickets: Ticket[] = [];
  const ports: FilePorts = {
    journalOf: (name) => JOURNAL.getByName(name),
    files: BUCKET,
    random: () => 0,
    log: (event) => void log.push(event),
  };
  return {
    tenant,
    stub,
    log,
    ports,
    /** Keeps records and answers the tickets of those that were on none. */
    append: async (ids: readonly string[]): Promise<Ticket[]> => {
      const EVENTS = {
        async sendBatch(messages: Iterable<{ body: Ticket }>) {
          tickets.push(...[...messages].map(({ body }) => body));
          return { metadata: { metrics: { backlogCount: 0, backlogBytes: 0 } } };
        },
      };
      await runInDurableObject(stub, async (object: JournalObject, state) => {
        object.append(
          ids.map((id) => JSON.stringify(decided(id, { tenant }))),
          { tenant, days: 30, fileAfterMs: 0 },
        );
        await new JournalObject(state, { ...env, EVENTS }).alarm();
        await state.storage.deleteAlarm();
      });
      return tickets.splice(0);
    },
    files: async (): Promise<string[]> => {
      const { objects } = await BUCKET.list({ prefix: prefixOf(tenant) });
      return objects.map(({ key }) => key);
    },
  };
}

/** One delivery of these bodies. */
async function deliver(
  bodies: readonly unknown[],
  ports: FilePorts | undefined,
  log?: FilePorts["log"],
) {
  const outcomes: string[] = [];
  const messages = bodies.map((body, index) => ({
    id: String(index),
    body,
    attempts: 2,
    ack: () => void outcomes.push("ack"),
    retry: ({ delaySeconds }: QueueRetryOptions = {}) =>
      void outcomes.push(`again in ${delaySeconds}`),
  }));
  await deliverTickets({ messages }, ports, log ?? ports?.log ?? (() => {}));
  return outcomes;
}

async function recordsIn(key: string) {
  const object = await BUCKET.get(key);
  const text = await new Response(object!.body.pipeThrough(new DecompressionStream("gzip"))).text();
  return text
    .trimEnd()
    .split("\n")
    .map((line) => logRecordSchema.parse(JSON.parse(line)));
}

/** A bucket that fails so many times. */
function failing(times: number, name: "put" | "delete" = "put"): EventFiles {
  let left = times;
  return {
    put: BUCKET.put.bind(BUCKET),
    delete: BUCKET.delete.bind(BUCKET),
    list: BUCKET.list.bind(BUCKET),
    [name]: async (...given: Parameters<R2Bucket["put"]>) => {
      if (left-- > 0) throw new Error("The bucket cannot be reached");
      return name === "put" ? BUCKET.put(...given) : BUCKET.delete(given[0]);
    },
  };
}

describe("a ticket", () => {
  it("becomes one file under its own name, a record a line, however often it comes", async ({
    expect,
  }) => {
    const { append, ports, files, stub, tenant, log } = open();
    const ids = ["a", "ü 💸", "c"];
    const [ticket] = await append(ids);
    expect(await deliver([ticket, ticket], ports)).toEqual(["ack", "ack"]);
    const key = keyOf(ticket!);
    const hour = new Date(ticket!.hourMs).toISOString();
    expect(key).toBe(
      `events/v1/${tenant}/${hour.slice(0, 10)}/${hour.slice(11, 13)}/000000000001-000000000003.ndjson.gz`,
    );
    expect(await files()).toEqual([key]);
    expect((await recordsIn(key)).map(({ id }) => id)).toEqual(ids);
    expect(log).toEqual([{ event: "event_file_written", key }]);
    expect(fileOf(key)).toEqual({ endMs: ticket!.hourMs + HOUR_MS, last: 3 });
    expect(await stub.standing()).toMatchObject({ pending: 0, rows: 3 });
    const [next] = await append(["d"]);
    expect(next).toMatchObject({ first: 4, last: 4 });
  });

  it("is put back while the bucket fails, also where the journal was not told", async ({
    expect,
  }) => {
    const { append, ports, files, stub, log } = open();
    const [ticket] = await append(["a"]);
    const broken = { ...ports, files: failing(1) };
    expect(await deliver([ticket], broken)).toEqual(["again in 10"]);
    expect(await files()).toEqual([]);
    const silent = {
      ...ports,
      journalOf: (tenant: string) => ({
        take: (taken: Ticket) => JOURNAL.getByName(tenant).take(taken),
        confirm: () => Promise.reject(new Error("no journal")),
        discard: () => Promise.reject(new Error("no journal")),
        erase: () => Promise.reject(new Error("no journal")),
        standing: () => Promise.reject(new Error("no journal")),
      }),
    };
    expect(await deliver([ticket], silent)).toEqual(["again in 10"]);
    expect(await deliver([ticket], broken)).toEqual(["ack"]);
    expect(await recordsIn(keyOf(ticket!))).toHaveLength(1);
    expect(await stub.standing()).toMatchObject({ pending: 0 });
    expect(log.map(({ event }) => event)).toEqual([
      "event_file_put_back",
      "event_file_put_back",
      "event_file_written",
    ]);
  });

  it.for<[string, unknown]>([
    ["nothing", null],
    ["an alert", { type: "budget.threshold" }],
    ["a ticket of nobody", { kind: "hour_file", tenant: "../a", hourMs: 0, first: 1, last: 1 }],
    ["a ticket of no hour", { kind: "hour_file", tenant: "a", hourMs: 1, first: 1, last: 1 }],
  ])("that is %s is let go", async ([, body], { expect }) => {
    const { ports, log } = open();
    expect(await deliver([body], ports)).toEqual(["ack"]);
    expect(log).toEqual([{ event: "event_ticket_dropped", id: "0", reason: "not a ticket" }]);
  });

  it("is let go where there is no bucket any more", async ({ expect }) => {
    const { append } = open();
    const log: FileEvent[] = [];
    expect(await deliver(await append(["a"]), undefined, (event) => void log.push(event))).toEqual([
      "ack",
    ]);
    expect(log).toMatchObject([{ event: "event_ticket_dropped", reason: "no bucket is bound" }]);
  });
});

/** As an operator asks for it. */
async function erase(
  { tenant, ports }: ReturnType<typeof open>,
  files: EventFiles = BUCKET,
): Promise<void> {
  const { clock, pause } = manualTimers();
  await keepEvents({
    ...ports,
    log: () => {},
    journalOf: (name) => JOURNAL.getByName(name),
    files,
    clock,
    pause,
    fileAfterMs: 0,
  }).events!.erase(tenant);
}

describe("an erasure", () => {
  it("leaves neither rows nor files, and numbers go on", async ({ expect }) => {
    const opened = open();
    const { append, ports, files, stub } = opened;
    await deliver(await append(["a"]), ports);
    await deliver(await append(["b"]), ports);
    await erase(opened);
    expect(await files()).toEqual([]);
    expect(await stub.standing()).toMatchObject({ rows: 0 });
    const [next] = await append(["a"]);
    expect(next).toMatchObject({ first: 3 });
    await deliver([next], ports);
    expect(await files()).toEqual([keyOf(next!)]);
  });

  it.for(["before its rows are read", "before its file is put", "before the journal is told"])(
    "is not undone by a ticket in flight: erased %s",
    async (moment, { expect }) => {
      const opened = open();
      const { append, ports, files, stub } = opened;
      const [ticket] = await append(["a"]);
      if (moment === "before its rows are read") await erase(opened);
      const meddled: FilePorts = {
        ...ports,
        files: {
          ...failing(0),
          async put(...given: Parameters<R2Bucket["put"]>) {
            if (moment === "before its file is put") await erase(opened);
            const put = await BUCKET.put(...given);
            if (moment === "before the journal is told") await erase(opened);
            return put;
          },
        },
      };
      expect(await deliver([ticket], meddled)).toEqual(["ack"]);
      expect(await files()).toEqual([]);
      expect(await deliver([ticket], ports)).toEqual(["ack"]);
      expect(await files()).toEqual([]);
      expect(await stub.standing()).toMatchObject({ rows: 0, pending: 0 });
    },
  );

  it("is finished later where a consumer was killed between file and journal", async ({
    expect,
  }) => {
    const opened = open();
    const { append, ports, files, stub } = opened;
    const [ticket] = await append(["a"]);
    expect((await stub.take(ticket!)).state).toBe("open");
    await erase(opened);
    await BUCKET.put(keyOf(ticket!), "what was erased");
    // The journal issues it again, and so whoever comes next takes it back.
    expect(await deliver([ticket], ports)).toEqual(["ack"]);
    expect(await files()).toEqual([]);
  });

  it("goes page by page", async ({ expect }) => {
    const opened = open();
    const { tenant, files } = opened;
    const keys = Array.from(
      { length: 7 },
      (_, at) => `${prefixOf(tenant)}2026-01-01/00/${at}.ndjson.gz`,
    );
    for (const key of keys) await BUCKET.put(key, "x");
    const pages = {
      ...failing(0),
      list: (options?: R2ListOptions) => BUCKET.list({ ...options, limit: 3 }),
    };
    await erase(opened, pages);
    expect(await files()).toEqual([]);
  });
});

/** All hours of a day. */
async function sweepAll(nowMs: number, ports: FilePorts): Promise<void> {
  for (let hour = 0; hour < 24; hour++) await sweepFiles(nowMs + hour * HOUR_MS, ports);
}

describe("the sweep", () => {
  it("ends files that are older than their tenant's days, and no other", async ({ expect }) => {
    const { append, ports, files, tenant, log } = open();
    const [ticket] = await append(["a", "b"]);
    await deliver([ticket], ports);
    const nowMs = ticket!.hourMs;
    const old = { ...ticket!, hourMs: nowMs - 30 * DAY_MS - 2 * HOUR_MS };
    const young = { ...ticket!, hourMs: nowMs - 28 * DAY_MS };
    for (const { hourMs } of [old, young]) await BUCKET.put(keyOf({ ...ticket!, hourMs }), "x");
    await sweepAll(nowMs, ports);
    expect(await files()).toEqual([keyOf(young), keyOf(ticket!)]);
    expect(log).toContainEqual({ event: "event_files_ended", tenant, count: 1 });
    await sweepAll(nowMs + 31 * DAY_MS, ports);
    expect(await files()).toEqual([]);
  });

  it("ends what was left of erased rows, and fails for one tenant alone", async ({ expect }) => {
    const { append, ports, files, stub, log } = open();
    const [ticket] = await append(["a"]);
    await stub.erase();
    await stub.discard(ticket!);
    await BUCKET.put(keyOf(ticket!), "what was erased");
    const other = open();
    await deliver(await other.append(["a"]), other.ports);
    function journalOf(tenant: string) {
      if (tenant === other.tenant) throw new Error("no journal");
      return JOURNAL.getByName(tenant);
    }
    await sweepAll(ticket!.hourMs, { ...ports, journalOf });
    expect(await files()).toEqual([]);
    expect(await other.files()).toHaveLength(1);
    expect(log).toContainEqual(
      expect.objectContaining({ event: "event_sweep_failed", tenant: other.tenant }),
    );
  });

  it("never rejects", async ({ expect }) => {
    const { ports, log } = open();
    const files = { ...failing(0), list: () => Promise.reject(new Error("no bucket")) };
    await sweepFiles(0, { ...ports, files });
    expect(log).toMatchObject([{ event: "event_sweep_failed" }]);
  });
});
