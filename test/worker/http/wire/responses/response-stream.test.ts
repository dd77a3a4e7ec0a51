/** Chat answers as responses: every stream is lawful, and its last event is what the whole answer gives. */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import { responsesRequestSchema } from "../../../../../worker/http/wire/responses/request-schema.ts";
import { frameOf } from "../../../../../worker/http/wire/responses/response-object.ts";
import {
  responseEvents,
  wholeResponse,
} from "../../../../../worker/http/wire/responses/response-stream.ts";
import { unsealThinking } from "../../../../../worker/http/wire/responses/sealed-thinking.ts";
import { isRecord } from "../../../../../worker/lib/json.ts";
import type { SseEvent } from "../../../../../worker/lib/sse.ts";
import { FRAME, parseObject, USAGE } from "../../../fixture/vendor.ts";
import { readStream } from "./stream-grammar.ts";

const TAG = { id: "req_7", startedMs: 1_795_000_000_123 };
const ASKED = responsesRequestSchema.parse({ model: "auto", input: "Hi" });
const FRAME_OF_RESPONSE = frameOf(ASKED, TAG, "openai/small");

type Delta = Record<string, unknown>;

function sseOf(chunk: unknown): SseEvent {
  return { event: undefined, data: typeof chunk === "string" ? chunk : JSON.stringify(chunk) };
}

/** What the events are that these deltas become, with the end of an answer after them. */
function streamed(deltas: readonly Delta[], end: unknown[] = ending("stop")): SseEvent[] {
  const view = responseEvents(FRAME_OF_RESPONSE);
  const chunks = deltas.map((delta) => ({
    ...FRAME,
    choices: [{ index: 0, delta, finish_reason: null }],
  }));
  return [...chunks, ...end].flatMap((chunk) => [...view(sseOf(chunk))]);
}

function ending(reason: string): unknown[] {
  const last = { ...FRAME, choices: [{ index: 0, delta: {}, finish_reason: reason }] };
  return [last, { ...FRAME, choices: [], usage: USAGE, sluice: { cost_usd: 1 } }, "[DONE]"];
}

interface OrderlyDelta extends Delta {
  readonly tool_calls?: readonly CallPiece[];
}

/** The message that chat clients put together from these deltas. */
function assembled(deltas: readonly OrderlyDelta[]): Delta {
  const texts: Record<string, string> = {};
  const calls: { id: string; function: { name: string; arguments: string } }[] = [];
  for (const delta of deltas) {
    for (const name of ["reasoning_content", "content", "refusal"])
      if (typeof delta[name] === "string") texts[name] = (texts[name] ?? "") + delta[name];
    for (const piece of delta.tool_calls ?? []) {
      const { name, arguments: json } = piece.function;
      const call = (calls[piece.index] ??= {
        id: piece.id ?? "",
        function: { name: "", arguments: "" },
      });
      call.function.name += name ?? "";
      call.function.arguments += json;
    }
  }
  return {
    role: "assistant",
    content: null,
    ...texts,
    ...(calls.length > 0 && { tool_calls: calls }),
  };
}

interface CallPiece {
  readonly index: number;
  readonly id?: string;
  readonly function: { readonly name?: string; readonly arguments: string };
}

function whole(message: Delta, reason = "stop") {
  return wholeResponse(FRAME_OF_RESPONSE, {
    choices: [{ index: 0, message, finish_reason: reason }],
    usage: USAGE,
    sluice: { cost_usd: 1 },
  });
}

const pieces = fc.array(fc.string({ minLength: 1, maxLength: 5 }), { maxLength: 4 });

/** Deltas as most vendors send them: thinking, words, then calls one after another. */
const orderly = fc
  .record({
    thinking: pieces,
    content: pieces,
    refusal: pieces,
    calls: fc.array(pieces, { maxLength: 3 }),
  })
  .map(({ thinking, content, refusal, calls }): OrderlyDelta[] => [
    { role: "assistant", content: "" },
    ...thinking.map((reasoning_content) => ({ reasoning_content })),
    ...content.map((piece) => ({ content: piece })),
    ...refusal.map((piece) => ({ refusal: piece })),
    ...calls.flatMap((parts, index) => [
      callDelta(index, "", true),
      ...parts.map((part) => callDelta(index, part)),
    ]),
  ]);

function callDelta(index: number, json: string, isFirst = false): OrderlyDelta {
  const head = isFirst ? { id: `call_${index}`, type: "function" } : {};
  const named = { ...(isFirst && { name: `tool_${index}` }), arguments: json };
  return { tool_calls: [{ index, ...head, function: named }] };
}

const text = fc.string({ maxLength: 4 });
/** Deltas in any order, some of them nonsense. */
const disorderly = fc.array(
  fc.oneof(
    fc.record({ reasoning_content: text }),
    fc.record({ reasoning: text }),
    fc.record({ content: text }),
    fc.record({ refusal: text }),
    fc.record({ content: text, reasoning_content: text, refusal: text }),
    fc.record({ thinking_blocks: fc.array(fc.anything(), { maxLength: 2 }) }),
    fc.record({
      tool_calls: fc.array(
        fc.record(
          {
            index: fc.nat(2),
            id: fc.constantFrom("a", "b", "", null),
            function: fc.record(
              { name: fc.constantFrom("f", "g", ""), arguments: text },
              { requiredKeys: [] },
            ),
          },
          { requiredKeys: [] },
        ),
        { maxLength: 3 },
      ),
    }),
    fc.dictionary(
      fc.constantFrom(
        "content",
        "refusal",
        "reasoning_content",
        "tool_calls",
        "thinking_blocks",
        "annotations",
      ),
      fc.jsonValue(),
    ),
  ),
  { maxLength: 12 },
);

function outputOf({ output }: Delta): Delta[] {
  return Array.isArray(output) ? output.filter(isRecord) : [];
}

describe("a stream", () => {
  it("is lawful for whatever deltas come, and ends as it was told", ({ expect }) => {
    const reasons = fc.constantFrom("stop", "tool_calls", "length", "content_filter", "odd");
    fc.assert(
      fc.property(disorderly, reasons, (deltas, reason) => {
        const { last, response, items } = readStream(streamed(deltas, ending(reason)));
        const isCut = reason === "length" || reason === "content_filter";
        expect(last).toBe(isCut ? "response.incomplete" : "response.completed");
        expect(outputOf(response).map(({ id }) => id)).toEqual(items.map(({ item }) => item["id"]));
      }),
    );
  });

  it("loses no text and adds none", ({ expect }) => {
    fc.assert(
      fc.property(disorderly, (deltas: Delta[]) => {
        const { items } = readStream(streamed(deltas));
        const got = items
          .filter(({ item }) => item["type"] === "message")
          .flatMap(({ texts }) => texts);
        const sent = deltas.flatMap(({ content, refusal }) => [content, refusal]);
        expect(got.join("")).toBe(sent.filter((piece) => typeof piece === "string").join(""));
      }),
    );
  });

  it("ends with what the whole answer gives", ({ expect }) => {
    fc.assert(
      fc.property(orderly, fc.constantFrom("stop", "length"), (deltas, reason) => {
        const { response } = readStream(streamed(deltas, ending(reason)));
        expect(response).toEqual(whole(assembled(deltas), reason));
      }),
    );
  });

  it("ends the same for calls that are written side by side", ({ expect }) => {
    const both = [callDelta(0, "", true), callDelta(1, "", true)];
    const mixed = [
      ...both,
      callDelta(0, "{"),
      callDelta(1, "["),
      callDelta(0, "}"),
      callDelta(1, "]"),
    ];
    expect(readStream(streamed(mixed)).response).toEqual(whole(assembled(mixed)));
  });

  it("ends thinking where words begin, and words where a call begins", ({ expect }) => {
    const deltas = [{ reasoning_content: "Hm." }, { content: "Hi." }, callDelta(0, "{}", true)];
    const bounds = streamed(deltas).filter(({ event }) => event?.includes("output_item"));
    expect(bounds.map(({ event, data }) => [event, parseObject(data)["output_index"]])).toEqual([
      ["response.output_item.added", 0],
      ["response.output_item.done", 0],
      ["response.output_item.added", 1],
      ["response.output_item.done", 1],
      ["response.output_item.added", 2],
      ["response.output_item.done", 2],
    ]);
  });

  it("that breaks off tells the error, then fails, then nothing", ({ expect }) => {
    const error = {
      error: { message: "It broke", type: "timeout_error", param: null, code: "upstream_timeout" },
    };
    fc.assert(
      fc.property(disorderly, (deltas) => {
        const read = readStream(streamed(deltas, [error, ...ending("stop")]));
        expect(read.error).toMatchObject({ message: "It broke", code: "upstream_timeout" });
        expect(read.response).toMatchObject({
          status: "failed",
          error: { code: "server_error", message: "It broke" },
        });
      }),
    );
  });

  it("too long to hold fails, and closes the vendor's when asked on", ({ expect }) => {
    const view = responseEvents(FRAME_OF_RESPONSE);
    const piece = { ...FRAME, choices: [{ index: 0, delta: { content: "x".repeat(1 << 22) } }] };
    const events = [1, 2].flatMap(() => [...view(sseOf(piece))]);
    expect(readStream(events).error).toMatchObject({ code: "answer_too_long" });
    expect(() => view(sseOf(piece))).toThrow("too long");
  });
});

describe("a response", () => {
  it("says who answered, what was asked, what was used and what it cost", ({ expect }) => {
    const usage = {
      prompt_tokens: 10,
      completion_tokens: 20,
      prompt_tokens_details: { cached_tokens: 4, cache_write_tokens: 3 },
      completion_tokens_details: { reasoning_tokens: 5 },
    };
    const choices = [{ index: 0, message: { content: "Hello." }, finish_reason: "stop" }];
    const response = wholeResponse(FRAME_OF_RESPONSE, {
      choices,
      usage,
      service_tier: "flex",
      sluice: { attempts: 1 },
    });
    expect(response).toMatchObject({
      id: "resp_7",
      object: "response",
      created_at: 1_795_000_000,
      status: "completed",
      model: "openai/small",
      store: false,
      service_tier: "flex",
      error: null,
      incomplete_details: null,
      output: [
        {
          id: "msg_7_0",
          type: "message",
          role: "assistant",
          status: "completed",
          content: [{ type: "output_text", text: "Hello.", annotations: [], logprobs: [] }],
        },
      ],
      usage: {
        input_tokens: 10,
        input_tokens_details: { cached_tokens: 4, cache_write_tokens: 3 },
        output_tokens: 20,
        output_tokens_details: { reasoning_tokens: 5 },
        total_tokens: 30,
      },
      sluice: { attempts: 1 },
    });
  });

  it("cut short says why, and which item it cut", ({ expect }) => {
    expect(whole({ reasoning_content: "Hm.", content: "Hel" }, "length")).toMatchObject({
      status: "incomplete",
      incomplete_details: { reason: "max_output_tokens" },
      output: [{ type: "reasoning" }, { type: "message", status: "incomplete" }],
    });
    expect(whole({ content: "" }, "content_filter")).toMatchObject({
      status: "incomplete",
      incomplete_details: { reason: "content_filter" },
      output: [],
    });
  });

  it("carries signed thinking where the next request brings it back", ({ expect }) => {
    const blocks = [
      { type: "thinking", thinking: "Tide.", signature: "c2ln" },
      { type: "redacted_thinking", data: "eA==" },
    ];
    const response = whole({ reasoning_content: "Tide.", thinking_blocks: blocks });
    const { encrypted_content: sealed, ...item } = outputOf(response)[0]!;
    expect(item).toEqual({
      id: "rs_7_0",
      type: "reasoning",
      summary: [{ type: "summary_text", text: "Tide." }],
    });
    expect(unsealThinking(String(sealed))).toEqual(blocks);
  });

  it("has probabilities and sources with the text they belong to", ({ expect }) => {
    const logprob = { token: "Hi", logprob: -0.1, bytes: [72, 105], top_logprobs: [] };
    const url = { url: "https://example.com", title: "E", start_index: 0, end_index: 2 };
    const view = responseEvents(FRAME_OF_RESPONSE);
    const delta = { content: "Hi", annotations: [{ type: "url_citation", url_citation: url }] };
    const choices = [{ index: 0, delta, logprobs: { content: [logprob] }, finish_reason: "stop" }];
    const events = [{ ...FRAME, choices }, "[DONE]"].flatMap((chunk) => [...view(sseOf(chunk))]);
    function find(type: string): Delta {
      return parseObject(events.find(({ event }) => event === type)?.data);
    }
    const annotation = { type: "url_citation", ...url };
    expect(find("response.output_text.delta")).toMatchObject({ delta: "Hi", logprobs: [logprob] });
    expect(find("response.output_text.annotation.added")).toMatchObject({
      annotation_index: 0,
      annotation,
    });
    const content = [
      { type: "output_text", text: "Hi", annotations: [annotation], logprobs: [logprob] },
    ];
    expect(find("response.completed")).toMatchObject({ response: { output: [{ content }] } });
  });

  const CALLS: [string, object[], string[][]][] = [
    [
      "no index, an id each",
      [{ id: "a" }, { id: "b" }],
      [
        ["a", "f"],
        ["b", "f"],
      ],
    ],
    [
      "no index and no id",
      [{}, {}],
      [
        ["call_7_0", "f"],
        ["call_7_1", "f"],
      ],
    ],
    [
      "one index for all",
      [
        { index: 0, id: "a" },
        { index: 0, id: "b" },
      ],
      [
        ["a", "f"],
        ["b", "f"],
      ],
    ],
    [
      "one id for all",
      [
        { index: 0, id: "a" },
        { index: 1, id: "a" },
      ],
      [
        ["a", "f"],
        ["call_7_1", "f"],
      ],
    ],
    [
      "an id with every piece",
      [
        { index: 0, id: "a" },
        { index: 0, id: "a" },
      ],
      [["a", "ff"]],
    ],
  ];
  it.for(CALLS)("tells calls apart that have %s", ([, heads, expected], { expect }) => {
    const tool_calls = heads.map((head) => ({ ...head, function: { name: "t", arguments: "f" } }));
    const { response } = readStream(streamed([{ tool_calls }]));
    expect(outputOf(response).map((item) => [item["call_id"], item["arguments"]])).toEqual(
      expected,
    );
  });

  it("waits for a call's name, and brings back what the vendor wants with it", ({ expect }) => {
    const extra_content = { google: { thought_signature: "s" } };
    const early = {
      tool_calls: [{ index: 0, id: "a", function: { arguments: "{" }, extra_content }],
    };
    const named = { tool_calls: [{ index: 0, function: { name: "t", arguments: "}" } }] };
    const { response } = readStream(streamed([early, named]));
    expect(response["output"]).toEqual([
      {
        id: "fc_7_0",
        type: "function_call",
        status: "completed",
        call_id: "a",
        name: "t",
        arguments: "{}",
        extra_content,
      },
    ]);
  });
});
