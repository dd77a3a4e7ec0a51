/**
 * What an attempt comes to when the vendor misbehaves in each way that it can, on timers moved by hand.
 * A stream that has begun is never a failure; before that, everything is.
 */
import { describe, it } from "vitest";
import { chatRequestSchema } from "../../../worker/domain/chat.ts";
import type { UpstreamOutcome } from "../../../worker/domain/upstream.ts";
import { createDispatch } from "../../../worker/providers/dispatch.ts";
import { endpointsOf } from "../../../worker/providers/endpoints.ts";
import { NO_CIRCUITS } from "../../../worker/vitals/circuit-board.ts";
import { KEYS, TIMEOUTS, TOTAL_TIMEOUT_MS } from "../fixture/service.ts";
import { readerOf } from "../fixture/sse-source.ts";
import { manualTimers } from "../fixture/timers.ts";
import {
  chunk,
  finish,
  json,
  openStream,
  scriptedVendor,
  silent,
  sse,
  streamed,
  usageChunk,
  whole,
  type Responder,
} from "../fixture/vendor.ts";

type Keys = Readonly<Record<string, readonly string[]>>;

const FOUR_KEYS = { openai: ["key-1", "key-2", "key-3", "key-4"] };

function setUp(responder: Responder | readonly Responder[], keys: Keys = KEYS) {
  const vendor = scriptedVendor(...[responder].flat());
  const timers = manualTimers();
  const dispatch = createDispatch({
    endpoints: endpointsOf({ keys }),
    timeouts: TIMEOUTS,
    circuits: NO_CIRCUITS,
    random: () => 0,
    clock: timers.clock,
    timer: timers.timer,
    pause: timers.pause,
    send: vendor.send,
  });
  const client = new AbortController();
  function call(stream = false, model = "openai/small"): Promise<UpstreamOutcome> {
    const request = chatRequestSchema.parse({ model, messages: [{ role: "user" }], stream });
    return dispatch({
      model,
      upstreamModel: "small-1",
      request,
      signal: client.signal,
      timeoutMs: TOTAL_TIMEOUT_MS,
    });
  }
  return { call, timers, client, requests: vendor.requests, dispatch };
}

function eventStreamOf(body: BodyInit): Responder {
  return () => new Response(body, { headers: { "content-type": "text/event-stream" } });
}

async function settle(): Promise<void> {
  for (let i = 0; i < 50; i++) await Promise.resolve();
}

async function streamOf(outcome: Promise<UpstreamOutcome>) {
  const settled = await outcome;
  if (settled.kind !== "stream") throw new Error(`No stream: ${JSON.stringify(settled)}`);
  return readerOf(settled.events);
}

describe("an unstreamed attempt", () => {
  it("gives the vendor's body as it came", async ({ expect }) => {
    const text = '{ "choices": [ {"message":{}} ],  "x": 1.50 }';
    const headers = { "content-type": "application/json" };
    const { call, requests, timers } = setUp(() => new Response(text, { headers }));
    expect(await call()).toMatchObject({ kind: "completion", text, body: { x: 1.5 } });
    expect(requests[0]).toMatchObject({
      url: "https://api.openai.com/v1/chat/completions",
      body: { model: "small-1" },
    });
    expect(timers.pending).toBe(0);
  });

  it.for([
    ["openai/small", "req_0123", "req_0123"],
    ["anthropic/large", "req_0123", "req_0123"],
    ["openai/small", undefined, null],
    ["openai/small", "", null],
    ["openai/small", "req_\u00e9", null],
    ["openai/small", "req_1\r\nx-evil: 1", null],
    ["openai/small", "x".repeat(512), "x".repeat(512)],
    ["openai/small", "x".repeat(513), null],
  ] as const)("tells %s of the request %j", async ([model, requestId, told], { expect }) => {
    const { dispatch, requests, client } = setUp(whole(), { openai: ["k"], anthropic: ["k"] });
    const messages = [{ role: "user", content: "Hi" }];
    const work = {
      model,
      upstreamModel: "small-1",
      signal: client.signal,
      timeoutMs: TOTAL_TIMEOUT_MS,
      ...(requestId !== undefined && { requestId }),
    };
    await dispatch({ ...work, request: chatRequestSchema.parse({ model, messages }) });
    const request = { model, input: "Hi" };
    await dispatch({ ...work, operation: "embeddings", request, hasBase64: true });
    const names = requests.map(({ headers }) => headers.get("x-client-request-id"));
    expect(names).toEqual([told, told]);
  });

  it.for<[string, Responder, string]>([
    ["an error in a 200", json(200, { error: { message: "no" } }), "vendor_error"],
    ["no choices", json(200, { id: "x" }), "malformed"],
    ["empty choices", json(200, { choices: [] }), "malformed"],
    ["an array", json(200, []), "malformed"],
    ["a length that no window has", json(200, JSON.parse(OVERFLOW)), "context_overflow"],
    [
      "invalid UTF-8",
      () => new Response(new Uint8Array(INVALID), { headers: JSON_TYPE }),
      "malformed",
    ],
    ["JSON nested deeper than the stack", () => jsonText("[".repeat(1 << 20)), "malformed"],
    ["half of a JSON", () => jsonText('{"choices":['), "malformed"],
    [
      "HTML",
      () => new Response("<html>", { headers: { "content-type": "text/html" } }),
      "malformed",
    ],
    ["no content type", () => new Response(new Uint8Array(1)), "malformed"],
    ["more than it may", () => jsonText(`"${"x".repeat(9 << 20)}"`), "malformed"],
    ["a limit", json(429, {}), "rate_limited"],
    ["a network error", () => Promise.reject(new Error("ECONNREFUSED 10.0.0.7")), "unreachable"],
    ["a redirect", () => new Response(null, { status: 307 }), "vendor_error"],
  ])("fails on %s", async ([, responder, reason], { expect }) => {
    const { call, timers } = setUp(responder);
    const outcome = await call();
    expect(outcome).toMatchObject({ kind: "failure", reason, isRetryable: true });
    expect(JSON.stringify(outcome)).not.toContain("10.0.0.7");
    expect(timers.pending).toBe(0);
  });

  it("gives up on a silent vendor, and closes its connection", async ({ expect }) => {
    const { call, timers, requests } = setUp(silent());
    const outcome = call();
    timers.advance(TIMEOUTS.answerMs);
    expect(await outcome).toMatchObject({ reason: "timeout", isRetryable: true });
    expect(requests[0]!.signal.aborted).toBe(true);
    expect(timers.pending).toBe(0);
  });

  it("gives up on a body that stops in its middle", async ({ expect }) => {
    const body = new ReadableStream<Uint8Array>({
      start(out) {
        out.enqueue(new TextEncoder().encode('{"choices":'));
      },
    });
    const headers = { "content-type": "application/json" };
    const { call, timers } = setUp(() => new Response(body, { headers }));
    const outcome = call();
    await settle();
    timers.advance(TIMEOUTS.idleMs);
    expect(await outcome).toMatchObject({ reason: "timeout" });
  });

  it("reads of an error's body only the beginning", async ({ expect }) => {
    let sent = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(out) {
        sent++;
        out.enqueue(new Uint8Array(4096));
      },
    });
    const { call } = setUp(() => new Response(endless, { status: 500 }));
    expect(await call()).toMatchObject({ reason: "vendor_error", status: 500 });
    expect(sent).toBeLessThan(8);
  });

  it("passes the client's abort on at once", async ({ expect }) => {
    const { call, client, requests, timers } = setUp(silent());
    const outcome = call();
    client.abort();
    expect(await outcome).toMatchObject({ reason: "aborted", isRetryable: false });
    expect(requests[0]!.signal.aborted).toBe(true);
    expect(timers.pending).toBe(0);
  });

  it("calls nobody for a client that has already gone", async ({ expect }) => {
    const { call, client, requests } = setUp(whole());
    client.abort();
    expect(await call()).toMatchObject({ reason: "aborted", calls: 0 });
    expect(requests).toHaveLength(0);
  });

  it("shares its time among the vendor's keys", async ({ expect }) => {
    function limited(): Response {
      timers.advance(TIMEOUTS.answerMs - 1);
      return Response.json({}, { status: 429 });
    }
    const { call, timers, requests } = setUp([limited, limited, limited, silent()], FOUR_KEYS);
    const outcome = call();
    while (requests.length < 4)
      await new Promise((resolve) => {
        setTimeout(resolve);
      });
    timers.advance(TOTAL_TIMEOUT_MS - 3 * (TIMEOUTS.answerMs - 1));
    expect(await outcome).toMatchObject({ reason: "timeout", calls: 4 });
    expect(requests).toHaveLength(4);
  });

  it.for<[string, Responder, boolean]>([
    ["half of an answer", () => jsonText('{"choices":['), true],
    ["an answer without choices", json(200, { choices: [] }), true],
    ["a choice without a message", json(200, { choices: [{ index: 0 }] }), true],
    ["an error in a 200", json(200, { error: { message: "no" } }), false],
    ["a refusal", json(500, {}), false],
    ["no connection", () => Promise.reject(new Error("ECONNREFUSED")), false],
    ["another site's page", () => new Response("<html>"), false],
  ])("says whether %s may be billed", async ([, responder, expected], { expect }) => {
    const outcome = await setUp(responder).call();
    expect("mayBeBilled" in outcome).toBe(expected);
  });

  it("may be billed for an answer that was not waited for any longer", async ({ expect }) => {
    const { call, timers } = setUp(silent());
    const outcome = call();
    timers.advance(TIMEOUTS.answerMs);
    expect(await outcome).toMatchObject({ reason: "timeout", mayBeBilled: true });
  });
});

describe("a streamed attempt", () => {
  it("resolves with the first event, and hands on each further one as it comes", async ({
    expect,
  }) => {
    const vendor = openStream();
    const { call, timers } = setUp(vendor.respond);
    const outcome = call(true);
    await settle();
    vendor.write(chunk("a"));
    const events = await streamOf(outcome);
    expect((await events.read()).value?.data).toBe(chunk("a"));
    vendor.write(chunk("b"));
    expect((await events.read()).value?.data).toBe(chunk("b"));
    vendor.close();
    expect((await events.read()).done).toBe(true);
    expect(timers.pending).toBe(0);
  });

  it.for<[string, Responder, string]>([
    ["an error as first event", streamed('{"error":{"message":"overloaded"}}'), "vendor_error"],
    ["an error as JSON with status 200", json(200, { error: { message: "no" } }), "vendor_error"],
    ["a whole answer", whole(), "malformed"],
    ["nothing", eventStreamOf(""), "malformed"],
    ["[DONE] and nothing else", streamed("[DONE]"), "malformed"],
    ["usage and no choice", streamed(usageChunk(), "[DONE]"), "malformed"],
    ["chunks that never have a choice", streamed(...Array(99).fill(usageChunk())), "malformed"],
    ["a length that no window has", streamed(OVERFLOW), "context_overflow"],
    ["invalid UTF-8", eventStreamOf(new Uint8Array(INVALID)), "malformed"],
    ["broken JSON", streamed('{"choices":['), "malformed"],
    ["something else", streamed('{"hello":1}'), "malformed"],
    ["an endless event", eventStreamOf(`data: ${"x".repeat(2 << 20)}`), "malformed"],
    ["a status", json(503, {}), "vendor_error"],
  ])("fails on %s", async ([, responder, reason], { expect }) => {
    const { call, timers } = setUp(responder);
    expect(await call(true)).toMatchObject({ kind: "failure", reason, isRetryable: true });
    expect(timers.pending).toBe(0);
  });

  it("waits for headers, then for the first event, each for its time", async ({ expect }) => {
    const noHeaders = setUp(silent());
    const first = noHeaders.call(true);
    noHeaders.timers.advance(TIMEOUTS.connectMs);
    expect(await first).toMatchObject({
      reason: "timeout",
      message: expect.stringContaining("connect"),
    });

    const vendor = openStream();
    const noEvent = setUp(vendor.respond);
    const second = noEvent.call(true);
    await settle();
    noEvent.timers.advance(TIMEOUTS.firstByteMs);
    expect(await second).toMatchObject({
      reason: "timeout",
      message: expect.stringContaining("first byte"),
    });
    await vendor.left;
  });

  it("errors when the vendor falls silent, but not while the client does not read", async ({
    expect,
  }) => {
    const vendor = openStream();
    const { call, timers } = setUp(vendor.respond);
    const outcome = call(true);
    await settle();
    vendor.write(chunk("a"));
    const events = await streamOf(outcome);
    await events.read();
    vendor.write(chunk("b"));
    await events.read();
    timers.advance(TIMEOUTS.idleMs); // The client takes its time; the vendor is not to blame.
    vendor.write(chunk("c"));
    expect((await events.read()).value?.data).toBe(chunk("c"));
    const hanging = events.read();
    timers.advance(TIMEOUTS.idleMs);
    await expect(hanging).rejects.toMatchObject({
      code: "upstream_timeout",
      type: "timeout_error",
    });
    await vendor.left;
    expect(timers.pending).toBe(0);
  });

  it("errors when the connection breaks, without naming addresses", async ({ expect }) => {
    const vendor = openStream();
    const { call } = setUp(vendor.respond);
    const outcome = call(true);
    await settle();
    vendor.write(chunk("a"));
    const events = await streamOf(outcome);
    await events.read();
    vendor.tear();
    const error = await events.read().catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "upstream_failed", status: 502 });
    expect(String(error)).not.toContain("10.0.0.7");
  });

  it("errors with what the vendor says in the middle of a stream", async ({ expect }) => {
    const bad = '{"id":"x","choices":[],"error":{"message":"out of capacity"}}';
    const { call } = setUp(streamed(chunk('an "error" in text'), bad, finish()));
    const events = await streamOf(call(true));
    expect((await events.read()).value?.data).toBe(chunk('an "error" in text'));
    await expect(events.read()).rejects.toThrow("OpenAI: out of capacity");
  });

  it("closes the vendor's connection when its reader leaves or the client aborts", async ({
    expect,
  }) => {
    for (const leave of ["cancel", "abort"]) {
      const vendor = openStream();
      const { call, client, requests, timers } = setUp(vendor.respond);
      const outcome = call(true);
      await settle();
      vendor.write(chunk("a"));
      const events = await streamOf(outcome);
      if (leave === "abort") client.abort();
      else events.cancel();
      await vendor.left;
      expect(requests[0]!.signal.aborted).toBe(true);
      expect(timers.pending).toBe(0);
    }
  });

  it("gives a first chunk without choices too, once the one with a choice is there", async ({
    expect,
  }) => {
    const filterResults = '{"choices":[],"prompt_filter_results":[]}';
    const { call } = setUp(streamed(filterResults, chunk("a"), finish()));
    const events = await streamOf(call(true));
    const first = [await events.read(), await events.read()];
    expect(first.map(({ value }) => value?.data)).toEqual([filterResults, chunk("a")]);
  });

  it("ends a stream that never ends when the time is over", async ({ expect }) => {
    const slow = openStream();
    const timed = setUp(slow.respond);
    const outcome = timed.call(true);
    await settle();
    slow.write(chunk("a"));
    const events = await streamOf(outcome);
    await events.read();
    for (let ms = 0; ms < TOTAL_TIMEOUT_MS - 1_000; ms += 1_000) {
      slow.write(chunk("b"));
      await events.read();
      timed.timers.advance(1_000);
    }
    const last = events.read();
    timed.timers.advance(1_000);
    await expect(last).rejects.toMatchObject({ code: "upstream_timeout" });
  });

  it("takes a stream that begins with endless comments for the vendor's fault", async ({
    expect,
  }) => {
    const comment = new TextEncoder().encode(`:${"x".repeat((1 << 20) - 2)}\n`);
    const body = new ReadableStream<Uint8Array>({ pull: (out) => out.enqueue(comment) });
    const outcome = await setUp(eventStreamOf(body)).call(true);
    expect(outcome).toMatchObject({ kind: "failure", reason: "malformed" });
  });

  it("gives the same events wherever the network cuts", async ({ expect }) => {
    const data = [chunk("é"), chunk("漢字 🙂"), finish()];
    const bytes = sse(...data, "[DONE]");
    for (let size = 1; size < 40; size += 3) {
      const body = new ReadableStream<Uint8Array>({
        start(out) {
          for (let at = 0; at < bytes.length; at += size) out.enqueue(bytes.slice(at, at + size));
          out.close();
        },
      });
      const { call } = setUp(eventStreamOf(body));
      const events = await streamOf(call(true));
      const got: string[] = [];
      for (let e = await events.read(); !e.done; e = await events.read()) got.push(e.value!.data);
      expect(got).toEqual([...data, "[DONE]"]);
    }
  });
});

/** `data: {"choices":[{"x":"` and two bytes that UTF-8 does not have. */
const INVALID = [...sse('{"choices":[{"x":"').slice(0, -2), 0xff, 0xfe];
const OVERFLOW = '{"error":{"message":"no","code":"context_length_exceeded"}}';
const JSON_TYPE = { "content-type": "application/json" };

function jsonText(text: string): Response {
  return new Response(text, { headers: { "content-type": "application/json" } });
}
