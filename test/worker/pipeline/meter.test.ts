/**
 * The promises of the meter on arbitrary streams: what the vendor said arrives unchanged and in order,
 * an answer that is whole says so and has its receipt, one that is not never looks as if it were.
 */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import type { ChatRequest } from "../../../worker/domain/chat.ts";
import { RouterError } from "../../../worker/domain/errors.ts";
import { meterStream, StreamMeter, type StreamEnding } from "../../../worker/pipeline/meter.ts";
import type { TokenCounts } from "../../../worker/pipeline/usage.ts";
import { eventOf, openSource, sourceOf } from "../fixture/sse-source.ts";
import { chunk, finish, FRAME, parseObject, USAGE, usageChunk } from "../fixture/vendor.ts";

const RECEIPT = { cost_usd: 0.5 };

/** Counts five tokens: one and the frame around it. */
function requestOf(wantsUsage: boolean): ChatRequest {
  return {
    model: "auto",
    messages: [{ role: "user", content: "Hi" }],
    stream: true,
    stream_options: { include_usage: wantsUsage },
  };
}

interface Metered {
  readonly data: string[];
  readonly endings: StreamEnding[];
  readonly counts: TokenCounts;
}

interface Vendor {
  readonly wantsUsage?: boolean;
  readonly error?: Error;
  /** Events that come at once. */
  readonly batchSize?: number;
}

function inBatches(data: readonly string[], size: number): string[][] {
  return data.flatMap((_, at) => (at % size === 0 ? [data.slice(at, at + size)] : []));
}

async function meter(
  data: readonly string[],
  { wantsUsage = false, error, batchSize = 1 }: Vendor = {},
): Promise<Metered> {
  const events = sourceOf(inBatches(data, batchSize), error);
  const endings: StreamEnding[] = [];
  const state = new StreamMeter({ request: requestOf(wantsUsage), receipt: () => RECEIPT });
  const passed = meterStream(events, { meter: state, onEnd: (ending) => endings.push(ending) });
  const got: string[] = [];
  for (let batch = await passed.next(); batch !== undefined; batch = await passed.next())
    got.push(...batch.map((event) => event.data));
  return { data: got, endings, counts: state.counts };
}

function parsed(text: string | undefined): Record<string, unknown> {
  return parseObject(text);
}

const content = fc.string({ unit: "grapheme" }).map((text) => chunk(text));
const size = fc.integer({ min: 1, max: 5 });

describe("meterStream", () => {
  it("passes every chunk on unchanged and in order, then the receipt, then [DONE]", async ({
    expect,
  }) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(content),
        fc.boolean(),
        size,
        async (chunks, hasUsage, batchSize) => {
          const sent = [...chunks, finish()];
          const all = [...sent, ...(hasUsage ? [usageChunk()] : []), "[DONE]"];
          const { data, endings } = await meter(all, { batchSize });
          expect(data.slice(0, -2)).toEqual(sent);
          expect(parsed(data.at(-2))).toEqual({
            ...FRAME,
            choices: [{ index: 0, delta: {}, finish_reason: null }],
            sluice: RECEIPT,
          });
          expect(data.at(-1)).toBe("[DONE]");
          expect(endings).toEqual(["complete"]);
        },
      ),
    );
  });

  it("gives a client that asked for usage one usage chunk, the last, and null before", async ({
    expect,
  }) => {
    // As OpenAI sends it; usage with the last choice; cumulative usage in every chunk.
    const shapes = [
      [chunk("a", { usage: null }), finish({ usage: null }), usageChunk()],
      [chunk("a"), finish({ usage: USAGE })],
      [chunk("a", { usage: { ...USAGE, completion_tokens: 1 } }), finish({ usage: USAGE })],
    ];
    for (const shape of shapes) {
      const { data, counts } = await meter([...shape, "[DONE]"], { wantsUsage: true });
      const chunks = data.slice(0, -1).map(parsed);
      expect(chunks.slice(0, -1).map(({ usage }) => usage)).toEqual([null, null]);
      expect(chunks.at(-1)).toEqual({ ...FRAME, choices: [], usage: USAGE, sluice: RECEIPT });
      expect(counts).toMatchObject({ input: 10, output: 20, isEstimate: false });
    }
  });

  it("estimates the usage that a vendor does not report, and says so", async ({ expect }) => {
    // A token may lie across two deltas: counted one by one these would be four.
    for (const usage of [undefined, { prompt_tokens: 0, completion_tokens: 0 }]) {
      const pieces = [chunk("He"), chunk("llo"), chunk(" wor"), chunk("ld"), finish({ usage })];
      const { data, counts } = await meter([...pieces, "[DONE]"], { wantsUsage: true });
      expect(counts).toEqual({
        input: 5,
        cachedInput: 0,
        output: 2,
        isEstimate: true,
      });
      expect(parsed(data.at(-2))["usage"]).toEqual({
        prompt_tokens: 5,
        completion_tokens: 2,
        total_tokens: 7,
      });
    }
  });

  it("takes an answer for whole that is finished but lacks [DONE]", async ({ expect }) => {
    const { data, endings } = await meter([chunk("a"), finish(), usageChunk()]);
    expect(data).toHaveLength(4);
    expect(data.at(-1)).toBe("[DONE]");
    expect(endings).toEqual(["complete"]);
  });

  it("wants every choice finished", async ({ expect }) => {
    const second = JSON.stringify({ ...FRAME, choices: [{ index: 1, delta: { content: "b" } }] });
    const { data, endings } = await meter([chunk("a"), second, finish()]);
    expect(parsed(data.at(-1))["error"]).toMatchObject({ code: "upstream_cut" });
    expect(endings).toEqual(["broken"]);
  });

  it("ends a torn, failed or malformed stream with one error and no [DONE], wherever it happens", async ({
    expect,
  }) => {
    const failure = new RouterError("timeout_error", "silent", { code: "upstream_timeout" });
    const trouble = fc.constantFrom(
      { tail: [], error: undefined, code: "upstream_cut" },
      { tail: [], error: failure, code: "upstream_timeout" },
      { tail: [], error: new Error("secret detail"), code: "internal_error" },
      {
        tail: ['{"choices":', chunk("late"), "[DONE]"],
        error: undefined,
        code: "upstream_malformed",
      },
      { tail: ["[1]", "[DONE]"], error: undefined, code: "upstream_malformed" },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(content), trouble, size, async (chunks, what, batchSize) => {
        const { tail, error, code } = what;
        const options = { batchSize, ...(error && { error }) };
        const { data, endings } = await meter([...chunks, ...tail], options);
        expect(data.slice(0, -1)).toEqual(chunks);
        expect(parsed(data.at(-1))).toMatchObject({ error: { code, param: null } });
        expect(data.at(-1)).not.toContain("secret detail");
        expect(endings).toEqual(["broken"]);
      }),
    );
  });

  it("lets nothing pass after [DONE]", async ({ expect }) => {
    for (const batchSize of [1, 3]) {
      const { data } = await meter([finish(), "[DONE]", chunk("late")], { batchSize });
      expect(data.at(-1)).toBe("[DONE]");
      expect(data.join("")).not.toContain("late");
    }
  });

  it("passes a chunk on before the next one exists", async ({ expect }) => {
    const { events, write } = openSource();
    const state = new StreamMeter({ request: requestOf(false), receipt: () => RECEIPT });
    const passed = meterStream(events, { meter: state, onEnd() {} });
    for (const text of ["a", "b", "c"]) {
      write(chunk(text));
      expect(await passed.next()).toEqual([eventOf(chunk(text))]);
    }
  });

  it("cancels the vendor's events when the client leaves, and counts what came", async ({
    expect,
  }) => {
    const { events, write, left } = openSource();
    // What some vendors report with the first chunk, before anything is written.
    const usage = { prompt_tokens: 3, completion_tokens: 1 };
    write(chunk("one two three four", { usage }));
    const endings: StreamEnding[] = [];
    const state = new StreamMeter({ request: requestOf(false), receipt: () => RECEIPT });
    const passed = meterStream(events, { meter: state, onEnd: (ending) => endings.push(ending) });
    await passed.next();
    const hanging = passed.next();
    passed.cancel("gone");
    passed.cancel();
    expect(await hanging).toBeUndefined();
    expect([left, endings]).toEqual([["gone"], ["cancelled"]]);
    expect(state.counts).toMatchObject({ input: 3, output: 4, isEstimate: true });
  });

  it("tells the vendor's reader that it was not the client who left", async ({ expect }) => {
    const { events, write, left } = openSource();
    const state = new StreamMeter({ request: requestOf(false), receipt: () => RECEIPT });
    const passed = meterStream(events, { meter: state, onEnd() {} });
    write(chunk("a"), "no JSON");
    expect(await passed.next()).toHaveLength(2);
    expect(await passed.next()).toBeUndefined();
    expect(left).toMatchObject([{ code: "upstream_malformed" }]);
  });
});

/** A chunk of one choice. */
function piece(index: number, more: Record<string, unknown> = {}): string {
  return JSON.stringify({
    ...FRAME,
    choices: [{ index, delta: { content: "a" }, finish_reason: null, ...more }],
  });
}

/** Reads to the end under an allowance that says no from the second read on. */
async function stopped(batches: readonly (readonly string[])[], n?: number) {
  const endings: StreamEnding[] = [];
  const request: ChatRequest = { ...requestOf(false), ...(n !== undefined && { n }) };
  const state = new StreamMeter({ request, receipt: (_counts, ending) => ({ ending }) });
  let reads = 0;
  const passed = meterStream(sourceOf(batches), {
    meter: state,
    allowance: { allows: () => ++reads < 2 },
    onEnd: (ending) => endings.push(ending),
  });
  const got: string[] = [];
  for (let batch = await passed.next(); batch !== undefined; batch = await passed.next())
    got.push(...batch.map(({ data }) => data));
  return { got, endings };
}

describe("a stream whose budget is spent", () => {
  it("finishes every choice that was asked for and has not finished", async ({ expect }) => {
    const { got, endings } = await stopped(
      [[piece(1)], [piece(1, { finish_reason: "stop" })], [piece(0)]],
      3,
    );
    expect(parsed(got.at(-3))["choices"]).toEqual([
      { index: 0, delta: {}, finish_reason: "length" },
      { index: 2, delta: {}, finish_reason: "length" },
    ]);
    expect(parsed(got.at(-2))).toMatchObject({ sluice: { ending: "stopped" } });
    expect(got.at(-1)).toBe("[DONE]");
    expect(endings).toEqual(["stopped"]);
  });

  it("passes on what has come, a call that is cut within among it", async ({ expect }) => {
    const call = { index: 0, id: "call_1", function: { name: "f", arguments: '{"a' } };
    const cut = piece(0, { delta: { tool_calls: [call] } });
    const { got } = await stopped([[piece(0)], [cut], [piece(0)]]);
    expect(got.slice(0, 2)).toEqual([piece(0), cut]);
    expect(parsed(got[2])["choices"]).toEqual([{ index: 0, delta: {}, finish_reason: "length" }]);
    expect(got).toHaveLength(5);
  });

  it("is whole where all choices have finished, and waits for its usage", async ({ expect }) => {
    const { got, endings } = await stopped([
      [chunk("a")],
      [chunk("b"), finish()],
      [usageChunk()],
      ["[DONE]"],
    ]);
    expect(got.slice(0, 3)).toEqual([chunk("a"), chunk("b"), finish()]);
    expect(parsed(got.at(-2))).toMatchObject({ sluice: { ending: "complete" } });
    expect(endings).toEqual(["complete"]);
  });
});
