/**
 * The stream as a law: whatever deltas a vendor sends in whatever order, what goes out is a lawful stream
 * of Anthropic's (stream-grammar.ts) that says the same. Examples show the usual streams event by event.
 */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import { messageEvents } from "../../../../../worker/http/wire/anthropic/stream.ts";
import type { SseEvent } from "../../../../../worker/lib/sse.ts";
import { parseObject } from "../../../fixture/vendor.ts";
import { readLawfully, type ReadStream } from "./stream-grammar.ts";

const FRAME = { requestId: "req_7", model: "openai/small", showsThinking: true, inputTokens: 12 };
const USAGE = { prompt_tokens: 30, completion_tokens: 9, total_tokens: 39 };
const LAST = { choices: [], usage: USAGE, sluice: { cost_usd: 0.1 } };

type Delta = Record<string, unknown>;

function chunkOf(delta: Delta, finish: string | null = null): Delta {
  return { id: "c-1", model: "m-1", choices: [{ index: 0, delta, finish_reason: finish }] };
}

function view(chunks: readonly (Delta | "[DONE]")[], frame = FRAME): SseEvent[] {
  const show = messageEvents(frame);
  return chunks.flatMap((chunk) =>
    show({ event: undefined, data: chunk === "[DONE]" ? chunk : JSON.stringify(chunk) }),
  );
}

/** A whole stream of these deltas as the meter ends it. */
function answerOf(deltas: readonly Delta[], finish = "stop", frame = FRAME): ReadStream {
  const chunks = [...deltas.map((d) => chunkOf(d)), chunkOf({}, finish), LAST, "[DONE]" as const];
  return readLawfully(view(chunks, frame));
}

function call(index: number, json: string, more: Delta = {}): Delta {
  return { tool_calls: [{ index, ...more, function: { arguments: json } }] };
}

function begin(index: number, id: string, name: string): Delta {
  return { tool_calls: [{ index, id, type: "function", function: { name, arguments: "" } }] };
}

function bodies({ blocks }: ReadStream, type: string): string[] {
  return blocks.filter((b) => b.type === type).map(({ body }) => body);
}

/** Cuts of a text into pieces, the text itself beside them. */
const pieces = fc.array(fc.string({ unit: "grapheme", minLength: 1, maxLength: 4 }), {
  maxLength: 5,
});

/** A call's arguments: an object in pieces. */
const callPieces = fc
  .tuple(fc.jsonValue(), fc.array(fc.nat(), { maxLength: 5 }))
  .map(([v, cuts]) => {
    const json = JSON.stringify({ v, brace: '"}\\' });
    const at = [...new Set([0, ...cuts.map((n) => n % json.length)])].toSorted((a, b) => a - b);
    return at.map((start, i) => json.slice(start, at[i + 1]));
  });

/** Deltas of several sources, each in its own order, mixed by `turns`. */
function mix(sources: readonly (readonly Delta[])[], turns: readonly number[]): Delta[] {
  const queues = sources.map((source) => [...source]);
  const mixed: Delta[] = [];
  for (const turn of turns) {
    const next = queues[turn % queues.length]?.shift();
    if (next !== undefined) mixed.push(next);
  }
  return [...mixed, ...queues.flat()];
}

describe("a streamed message", () => {
  it("is lawful and says the same, however a vendor mixes its deltas", ({ expect }) => {
    fc.assert(
      fc.property(
        fc.record({ texts: pieces, thoughts: pieces }),
        fc.array(callPieces, { maxLength: 4 }),
        fc.array(fc.nat(), { maxLength: 40 }),
        ({ texts, thoughts }, calls, turns) => {
          const sources = [
            texts.map((content) => ({ content })),
            thoughts.map((reasoning_content) => ({ reasoning_content })),
            ...calls.map((parts, i) => [
              begin(i, `call_${i}`, `tool_${i}`),
              ...parts.map((json) => call(i, json)),
            ]),
          ];
          const read = answerOf(mix(sources, turns));
          expect(bodies(read, "text").join("")).toBe(texts.join(""));
          expect(bodies(read, "thinking").join("")).toBe(thoughts.join(""));
          const tools = read.blocks.filter(({ type }) => type === "tool_use");
          expect(new Set(tools.map(({ id, name, body }) => [id, name, body].join()))).toEqual(
            new Set(calls.map((parts, i) => [`call_${i}`, `tool_${i}`, parts.join("")].join())),
          );
          expect(read.end?.["delta"]).toMatchObject({
            stop_reason: calls.length > 0 ? "tool_use" : "end_turn",
          });
        },
      ),
    );
  });

  it("is lawful for any chunks at all", ({ expect }) => {
    const anything = fc.record(
      {
        content: fc.anything(),
        refusal: fc.anything(),
        reasoning: fc.anything(),
        thinking_blocks: fc.array(
          fc.record({ type: fc.string(), thinking: fc.string(), signature: fc.string() }),
        ),
        tool_calls: fc.array(
          fc.record(
            { index: fc.nat(3), id: fc.string(), function: fc.anything() },
            { requiredKeys: [] },
          ),
        ),
      },
      { requiredKeys: [] },
    );
    const chunk = fc.oneof(
      fc
        .tuple(anything, fc.constantFrom(null, null, "stop", "length"))
        .map(([d, f]) => chunkOf(d as Delta, f)),
      fc.record({ choices: fc.anything(), usage: fc.anything() }).map((c) => c as Delta),
    );
    fc.assert(
      fc.property(fc.array(chunk, { minLength: 1, maxLength: 12 }), (chunks) => {
        const readable = chunks.map((c) => parseObject(JSON.stringify(c, noBigints)));
        const isLawful = readLawfully(view([...readable, LAST, "[DONE]"]));
        expect(isLawful.end === undefined).toBe(isLawful.error !== undefined);
      }),
    );
  });

  it("lets each piece of the open block out at once", ({ expect }) => {
    const show = messageEvents(FRAME);
    function types(delta: Delta): (string | undefined)[] {
      const shown = show({ event: undefined, data: JSON.stringify(chunkOf(delta)) });
      return shown.map(({ event }) => event?.replace("content_block_", ""));
    }
    expect(types({ role: "assistant", content: "" })).toEqual(["message_start"]);
    expect(types({ content: "a" })).toEqual(["start", "delta"]);
    expect(types({ content: "b" })).toEqual(["delta"]);
    expect(types(begin(0, "call_0", "f"))).toEqual(["stop", "start"]);
    expect(types(call(0, '{"a":'))).toEqual(["delta"]);
    expect(types(call(0, "1}"))).toEqual(["delta"]);
    expect(types(begin(1, "call_1", "g"))).toEqual(["stop", "start"]);
    expect(types(call(1, "{}"))).toEqual(["delta"]);
  });

  it("begins with an estimate and ends with what was used, and for how much", ({ expect }) => {
    const usage = {
      prompt_tokens: 100,
      completion_tokens: 9,
      total_tokens: 109,
      prompt_tokens_details: { cached_tokens: 60, cache_write_tokens: 30 },
      completion_tokens_details: { reasoning_tokens: 4 },
    };
    const read = readLawfully(
      view([chunkOf({ content: "Hi" }, "length"), { ...LAST, usage }, "[DONE]"]),
    );
    expect(read.message).toEqual({
      id: "msg_7",
      type: "message",
      role: "assistant",
      model: "m-1",
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: {
        input_tokens: 12,
        cache_creation_input_tokens: 0,
        cache_read_input_tokens: 0,
        output_tokens: 0,
      },
    });
    expect(read.end).toEqual({
      type: "message_delta",
      delta: { stop_reason: "max_tokens", stop_sequence: null },
      usage: {
        input_tokens: 10,
        cache_creation_input_tokens: 30,
        cache_read_input_tokens: 60,
        output_tokens: 9,
        output_tokens_details: { thinking_tokens: 4 },
      },
      sluice: { cost_usd: 0.1 },
    });
  });

  it("signs thinking that came in pieces, without saying it twice", ({ expect }) => {
    const whole = { type: "thinking", thinking: "So be it", signature: "sig" };
    const inPieces = [{ reasoning_content: "So " }, { reasoning_content: "be it" }];
    const repeated = [
      { reasoning_content: "So ", thinking_blocks: [{ ...whole, thinking: "So ", signature: "" }] },
      {
        reasoning_content: "be it",
        thinking_blocks: [{ ...whole, thinking: "be it", signature: "" }],
      },
      { thinking_blocks: [{ ...whole, thinking: "" }] },
    ];
    for (const deltas of [[...inPieces, { thinking_blocks: [whole] }], repeated]) {
      const { blocks } = answerOf([...deltas, { content: "Yes" }]);
      expect(blocks).toMatchObject([
        { type: "thinking", body: "So be it", signature: "sig" },
        { type: "text", body: "Yes" },
      ]);
    }
  });

  it("keeps two signed blocks and a redacted one apart", ({ expect }) => {
    const { blocks } = answerOf([
      { thinking_blocks: [{ type: "thinking", thinking: "a", signature: "1" }] },
      { thinking_blocks: [{ type: "redacted_thinking", data: "xyz" }] },
      { reasoning_content: "b" },
      { thinking_blocks: [{ type: "thinking", thinking: "b", signature: "2" }] },
    ]);
    expect(blocks).toMatchObject([
      { body: "a", signature: "1" },
      { type: "redacted_thinking", data: "xyz" },
      { body: "b", signature: "2" },
    ]);
  });

  it("shows unsigned thinking only to a client that asked", ({ expect }) => {
    const frame = { ...FRAME, showsThinking: false };
    const signed = { thinking_blocks: [{ type: "thinking", thinking: "Hm", signature: "s" }] };
    const plain = [{ reasoning_content: "Hm" }, { content: "Yes" }];
    expect(answerOf(plain, "stop", frame).blocks).toMatchObject([{ type: "text" }]);
    expect(answerOf([signed, { content: "Yes" }], "stop", frame).blocks).toMatchObject([
      { type: "thinking", body: "Hm" },
      { type: "text" },
    ]);
  });

  it("tells calls apart that all have the number 0, and those without a number", ({ expect }) => {
    for (const index of [0, undefined]) {
      const deltas = ["a", "b"].map((id) => ({
        tool_calls: [{ index, id, function: { name: id, arguments: `{"n":"${id}"}` } }],
      }));
      expect(bodies(answerOf(deltas), "tool_use")).toEqual(['{"n":"a"}', '{"n":"b"}']);
    }
  });

  it("gives a call an id where the vendor gave none", ({ expect }) => {
    const { blocks } = answerOf([
      { tool_calls: [{ index: 0, function: { name: "f", arguments: "{}" } }] },
    ]);
    expect(blocks).toMatchObject([{ id: "toolu_7_0", name: "f", body: "{}" }]);
  });

  it.for([
    ["stop", "end_turn"],
    ["length", "max_tokens"],
    ["content_filter", "refusal"],
    ["tool_calls", "end_turn"],
  ] as const)("says %s as %s", ([finish, reason], { expect }) => {
    expect(answerOf([{ content: "a" }], finish).end?.["delta"]).toEqual({
      stop_reason: reason,
      stop_sequence: null,
    });
  });

  it("ends in an error, and says nothing after it", ({ expect }) => {
    const error = {
      message: "It broke",
      type: "timeout_error",
      param: null,
      code: "upstream_timeout",
    };
    const events = view([
      chunkOf({ content: "a" }),
      { error },
      chunkOf({ content: "b" }),
      "[DONE]",
    ]);
    expect(readLawfully(events).error).toEqual({
      type: "error",
      error: { type: "timeout_error", message: "It broke", code: "upstream_timeout" },
      request_id: "req_7",
    });
  });

  it("is an error where a vendor goes on with a call that had ended", ({ expect }) => {
    const { error } = answerOf([
      begin(0, "call_0", "f"),
      call(0, "{}"),
      { content: "a" },
      call(0, " "),
      call(0, '{"b":1}'),
    ]);
    expect(error?.["error"]).toMatchObject({ type: "api_error", code: "upstream_malformed" });
  });

  it("holds no more than a bounded length back", ({ expect }) => {
    const large = "x".repeat(300_000);
    const flood = Array.from({ length: 4 }, () => call(1, large));
    const { error } = answerOf([
      begin(0, "call_0", "f"),
      call(0, '{"open":'),
      begin(1, "call_1", "g"),
      ...flood,
    ]);
    expect(error?.["error"]).toMatchObject({ code: "upstream_malformed" });
  });
});

function noBigints(_: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}
