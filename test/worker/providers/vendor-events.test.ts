/** A vendor's stream: how long its opening is held, the bound that no clock has, and what its end tells about the vendor. */
import { describe, it } from "vitest";
import { RouterError } from "../../../worker/domain/errors.ts";
import { Deadline } from "../../../worker/lib/deadline.ts";
import { endpointsOf } from "../../../worker/providers/endpoints.ts";
import { OPENAI_COMPATIBLE } from "../../../worker/providers/openai/adapter.ts";
import { VendorEvents } from "../../../worker/providers/vendor-events.ts";
import { manualTimers } from "../fixture/timers.ts";
import { chunk, finish, sse } from "../fixture/vendor.ts";

const ENDPOINT = endpointsOf({ keys: { openai: ["key"] } }).get("openai")![0];
const FAULT = new RouterError("server_error", "x", { code: "x" });

const ROLE = JSON.stringify({ choices: [{ index: 0, delta: { role: "assistant", content: "" } }] });

/** No end of patience. */
function forEver(): Promise<void> {
  return new Promise(() => {});
}

/** Sends the text again and again, unless it is sent once. */
async function begin(bytes: Uint8Array, { isEndless = true, maxBytes = 1 << 20 } = {}) {
  let sentBytes = 0;
  const body = new ReadableStream<Uint8Array>({
    pull(out) {
      if (!isEndless && sentBytes > 0) return out.close();
      sentBytes += bytes.length;
      out.enqueue(bytes);
    },
  });
  const reader = OPENAI_COMPATIBLE.openStream(ENDPOINT, 0);
  const deadline = new Deadline();
  const events = new VendorEvents({ body, reader, endpoint: ENDPOINT, maxBytes }, deadline);
  const failure = await events.begin(forEver);
  const verdicts: unknown[] = [];
  events.watch(1_000, (verdict) => verdicts.push(verdict));
  return { failure, events, verdicts, deadline, sentBytes: () => sentBytes };
}

async function readOn({ events }: Awaited<ReturnType<typeof begin>>): Promise<unknown> {
  try {
    for (;;) if ((await events.next()) === undefined) return undefined;
  } catch (error) {
    return error;
  }
}

describe("a stream of the vendor", () => {
  it.for([
    ["of chunks", sse(chunk("word"))],
    ["of keep-alives after a chunk", new Uint8Array([...sse(chunk("word")), ...keepAlive()])],
  ] as const)("that never ends ends after so many bytes: %s", async ([, bytes], { expect }) => {
    const vendor = await begin(bytes);
    expect(String(await readOn(vendor))).toContain("a stream without end");
    expect(vendor.sentBytes()).toBeLessThan((1 << 20) + 3 * bytes.length);
    expect(vendor.deadline.signal.aborted).toBe(true);
    expect(vendor.verdicts).toEqual([{ kind: "failure" }]);
  });

  it.for<[string, Uint8Array, string]>([
    ["with an end", sse(chunk("a"), finish()), "success"],
    ["within its answer", sse(chunk("a")), "failure"],
    ["after text about a finish", sse(chunk('"finish_reason":"stop"')), "failure"],
  ])("that closes %s", async ([, bytes, kind], { expect }) => {
    const vendor = await begin(bytes, { isEndless: false });
    expect(await readOn(vendor)).toBeUndefined();
    expect(vendor.verdicts).toEqual([{ kind }]);
  });

  it.for<[string, readonly string[], unknown, string]>([
    ["in the middle", [chunk("a")], undefined, "abandoned"],
    ["because it found fault with it", [chunk("a")], FAULT, "failure"],
    ["because it found fault with its end", [chunk("a"), finish()], FAULT, "failure"],
    ["when it has all of it", [chunk("a"), finish()], undefined, "success"],
  ])("whose reader leaves %s", async ([, data, reason, kind], { expect }) => {
    const vendor = await begin(sse(...data), { isEndless: false });
    await vendor.events.next();
    vendor.events.cancel(reason);
    vendor.events.cancel();
    expect(vendor.verdicts).toEqual([{ kind }]);
    expect(vendor.deadline.signal.aborted).toBe(true);
  });

  it("gives what one read has completed together, and before a failure behind it", async ({
    expect,
  }) => {
    const data = [chunk("a"), chunk("b"), finish()];
    const vendor = await begin(sse(...data, '{"error":{"message":"late"}}'), { isEndless: false });
    expect((await vendor.events.next())?.map((event) => event.data)).toEqual(data);
    await expect(vendor.events.next()).rejects.toThrow("late");
    expect(vendor.verdicts).toEqual([{ kind: "failure" }]);
  });

  it("settles a read that is left under way", async ({ expect }) => {
    let asked = 0;
    const body = new ReadableStream<Uint8Array>({
      pull(out) {
        asked += 1;
        if (asked > 1) return new Promise(() => {});
        return out.enqueue(sse(chunk("a")));
      },
    });
    const reader = OPENAI_COMPATIBLE.openStream(ENDPOINT, 0);
    const events = new VendorEvents({ body, reader, endpoint: ENDPOINT }, new Deadline());
    await events.begin(forEver);
    await events.next();
    const hanging = events.next();
    events.cancel();
    await expect(hanging).rejects.toThrow();
  });
});

/** A stream that the test writes to, and its opening. */
function opened() {
  const timers = manualTimers();
  const vendor = openBody();
  const deadline = new Deadline({ clock: timers.clock, timer: timers.timer });
  deadline.enter("first byte", 400);
  const reader = OPENAI_COMPATIBLE.openStream(ENDPOINT, 0);
  const events = new VendorEvents({ body: vendor.body, reader, endpoint: ENDPOINT }, deadline);
  return { ...vendor, timers, events, beginning: events.begin(timers.pause) };
}

describe("a stream that has promised an answer", () => {
  it("fails as a value while it has said nothing", async ({ expect }) => {
    const { write, beginning, timers } = opened();
    write(ROLE);
    await settled();
    timers.advance(499);
    write('{"error":{"message":"Overloaded"}}');
    expect(await beginning).toMatchObject({ reason: "vendor_error", isRetryable: true });
    expect(timers.pending).toBe(0);
  });

  it("is passed on after half a second, and what comes then goes after it", async ({ expect }) => {
    const { write, close, beginning, events, timers } = opened();
    write(ROLE);
    await settled();
    timers.advance(500);
    expect(await beginning).toBeUndefined();
    events.watch(1_000, () => {});
    expect((await events.next())?.map(({ data }) => data)).toEqual([ROLE]);
    const next = events.next();
    write(chunk("a"));
    expect((await next)?.map(({ data }) => data)).toEqual([chunk("a")]);
    close();
    expect(await events.next()).toBeUndefined();
    expect(timers.pending).toBe(0);
  });

  it("is not silent while its reader is slow", async ({ expect }) => {
    const { write, beginning, events, timers } = opened();
    write(ROLE);
    await settled();
    timers.advance(500);
    await beginning;
    events.watch(1_000, () => {});
    write(chunk("a")); // It is here before anybody asks for it.
    await settled();
    await events.next();
    await events.next();
    timers.advance(60_000);
    const next = events.next();
    write(chunk("b"));
    expect((await next)?.map(({ data }) => data)).toEqual([chunk("b")]);
  });

  it("may not be silent for long then", async ({ expect }) => {
    const { write, beginning, events, timers } = opened();
    write(ROLE);
    await settled();
    timers.advance(500);
    await beginning;
    events.watch(1_000, () => {});
    await events.next();
    const next = events.next();
    await settled();
    timers.advance(1_000);
    await expect(next).rejects.toMatchObject({ code: "upstream_timeout" });
  });

  it("leaves no error unheard where its reader has left", async ({ expect }) => {
    const { write, tear, beginning, events, timers } = opened();
    write(ROLE);
    await settled();
    timers.advance(500);
    await beginning;
    tear();
    await settled();
    events.cancel();
    expect(timers.pending).toBe(0);
  });
});

/** A body that the test writes to. */
function openBody() {
  let out: ReadableStreamDefaultController<Uint8Array>;
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      out = controller;
    },
  });
  return {
    body,
    write: (...data: readonly string[]) => out.enqueue(sse(...data)),
    close: () => out.close(),
    tear: () => out.error(new Error("reset")),
  };
}

/** Lets what is ready happen. */
async function settled(): Promise<void> {
  for (let i = 0; i < 50; i++) await Promise.resolve();
}

function keepAlive(): Uint8Array {
  return new TextEncoder().encode(": still here\n\n".repeat(1_000));
}
