/**
 * Streams of the Responses API: whatever its course, one comes to the same as the whole Response at its end; what is
 * none becomes a failure; and the contract's fixtures obey the grammar that our own streams must.
 */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import { isRecord } from "../../../../worker/lib/json.ts";
import { SseDecoder, type SseEvent } from "../../../../worker/lib/sse.ts";
import { endpointsOf } from "../../../../worker/providers/endpoints.ts";
import { OPENAI_COMPATIBLE } from "../../../../worker/providers/openai/adapter.ts";
import { parseObject } from "../../fixture/vendor.ts";
import { readStream } from "../../http/wire/responses/stream-grammar.ts";

type Fields = Record<string, unknown>;

const KEY = "very-secret-0123456789";
const [ENDPOINT] = endpointsOf({ keys: { openai: [KEY] } }).get("openai")!;
const CREATED_S = 1_741_569_952;
const BEGUN = { id: "resp_1", object: "response", created_at: 7, model: "m-1", output: [] };
const FIXTURES: Record<string, string> = import.meta.glob(
  "../../../fixtures/providers/openai-responses/*/stream.txt",
  { query: "?raw", eager: true, import: "default" },
);

function event(type: string, fields: Fields = {}): SseEvent {
  return { event: type, data: JSON.stringify({ type, ...fields }) };
}

const CREATED = event("response.created", { response: BEGUN });
const CALL = { type: "function_call", call_id: "call_1", name: "look_up", arguments: "" };
const COMPLETED = event("response.completed", { response: BEGUN });

/** The data of all chunks; a failure is the last entry. */
function read(events: readonly SseEvent[]): Fields[] {
  const reader = OPENAI_COMPATIBLE.openStream(ENDPOINT, CREATED_S);
  const out: Fields[] = [];
  for (const one of events) {
    const taken = reader.take(one);
    if ("kind" in taken) return [...out, { ...taken }];
    out.push(...taken.map(({ data }) => (data === "[DONE]" ? { data } : parseObject(data))));
  }
  return out;
}

interface Sum {
  readonly said: Record<string, string>;
  readonly calls: { id?: unknown; name?: unknown; json: string }[];
  finish: unknown;
  usage: unknown;
}

/** What a client makes of the chunks; a whole answer is one, with a message for a delta. */
function sumOf(chunks: readonly Fields[]): Sum {
  const sum: Sum = { said: { content: "" }, calls: [], finish: null, usage: undefined };
  for (const { choices, usage } of chunks) {
    sum.usage = usage ?? sum.usage;
    const choice: unknown = Array.isArray(choices) ? choices[0] : undefined;
    const words = isRecord(choice) ? (choice["delta"] ?? choice["message"]) : undefined;
    if (!isRecord(choice) || !isRecord(words)) continue;
    sum.finish = choice["finish_reason"] ?? sum.finish;
    for (const name of ["content", "refusal", "reasoning_content"]) {
      const text = words[name];
      if (typeof text === "string") sum.said[name] = `${sum.said[name] ?? ""}${text}`;
    }
    const calls: unknown = words["tool_calls"];
    if (Array.isArray(calls)) for (const [at, call] of calls.entries()) addCall(sum, call, at);
  }
  return sum;
}

function addCall({ calls }: Sum, { index, id, function: fn }: Fields, at: number): void {
  const { name, arguments: json } = isRecord(fn) ? fn : {};
  const place = Number(index ?? at);
  if (id !== undefined) calls[place] = { id, name, json: "" };
  calls[place]!.json += String(json);
}

function sumOfWhole(response: Fields): Sum {
  const answer = OPENAI_COMPATIBLE.readAnswer(
    { text: "", body: response, createdS: CREATED_S },
    ENDPOINT,
  );
  if (answer.kind === "failure") throw new Error(answer.message);
  return sumOf([answer.body]);
}

/** An item as it ends, and its events but for their place in the output. */
interface Item {
  readonly item: Fields;
  readonly events: readonly (readonly [string, Fields])[];
}

const pieces = fc.array(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 3 });

const message = fc.tuple(pieces, fc.boolean()).map(([deltas, isRefusal]): Item => {
  const type = isRefusal ? "refusal" : "output_text";
  const content = [{ type, [isRefusal ? "refusal" : "text"]: deltas.join("") }];
  return {
    item: { type: "message", role: "assistant", content },
    events: deltas.map((delta) => [`response.${type}.delta`, { content_index: 0, delta }]),
  };
});

const thought = fc.array(pieces, { maxLength: 3 }).map((parts): Item => {
  const summary = parts.map((deltas) => ({ type: "summary_text", text: deltas.join("") }));
  return {
    item: { type: "reasoning", summary },
    events: parts.flatMap((deltas, at) =>
      deltas.map(
        (delta) => ["response.reasoning_summary_text.delta", { summary_index: at, delta }] as const,
      ),
    ),
  };
});

/** How much of a call's arguments its deltas tell, and whether an event of their end tells the rest. */
const call = fc
  .tuple(pieces, fc.nat({ max: 3 }), fc.boolean(), fc.uuid())
  .map(([deltas, told, hasDone, id]): Item => {
    const json = deltas.join("");
    const done = ["response.function_call_arguments.done", { arguments: json }] as const;
    return {
      item: { ...CALL, call_id: id, arguments: json },
      events: [
        ...deltas
          .slice(0, told)
          .map((delta) => ["response.function_call_arguments.delta", { delta }] as const),
        ...(hasDone ? [done] : []),
      ],
    };
  });

const added = fc.boolean();
const usage = { input_tokens: 3, output_tokens: 2 };
const ending = fc.constantFrom(
  { status: "completed" },
  { status: "incomplete", incomplete_details: { reason: "max_output_tokens" } },
  { status: "incomplete", incomplete_details: { reason: "content_filter" } },
);

describe("a stream of Responses", () => {
  it("comes to what the Response at its end says", ({ expect }) => {
    const output = fc.array(fc.tuple(fc.oneof(message, thought, call), added), { maxLength: 5 });
    fc.assert(
      fc.property(output, ending, (items, end) => {
        const events = items.flatMap(([{ item, events: own }, isAdded], place) => {
          const at = { output_index: place };
          const isSilent = own.length === 0 && !isAdded;
          return [
            ...(isSilent
              ? []
              : [event("response.output_item.added", { ...at, item: { ...item, arguments: "" } })]),
            ...own.map(([type, fields]) => event(type, { ...at, ...fields })),
            event("response.output_item.done", { ...at, item }),
          ];
        });
        const response = { ...BEGUN, ...end, usage, output: items.map(([{ item }]) => item) };
        const last = event(`response.${end.status}`, { response });
        const chunks = read([CREATED, ...events, last]);
        expect(chunks.at(-1)).toEqual({ data: "[DONE]" });
        expect(sumOf(chunks)).toEqual(sumOfWhole(response));
      }),
    );
  });

  it("survives any mutation", ({ expect }) => {
    const own = Object.values(FIXTURES).flatMap((text) => eventsOf(text));
    const fields = own.flatMap(({ data }) => Object.keys(parseObject(data)));
    const mutation = fc.tuple(
      fc.constantFrom(...own),
      fc.dictionary(fc.constantFrom(...new Set(fields)), fc.jsonValue(), { maxKeys: 2 }),
    );
    fc.assert(
      fc.property(fc.array(mutation, { maxLength: 12 }), (mutations) => {
        const events = mutations.map(([{ event: name, data }, more]) => {
          return { event: name, data: JSON.stringify({ ...parseObject(data), ...more }) };
        });
        const chunks = read([CREATED, ...events]);
        const finishes = chunks.filter(({ data }) => data === "[DONE]");
        expect(finishes.length).toBeLessThan(2);
      }),
    );
  });

  it("has no end that its vendor does not tell", ({ expect }) => {
    const chunks = read([CREATED, event("response.output_text.delta", { delta: "Hi" })]);
    expect(sumOf(chunks)).toMatchObject({ said: { content: "Hi" }, finish: null });
    expect(chunks).not.toContainEqual({ data: "[DONE]" });
  });

  it("has nothing after its end", ({ expect }) => {
    const ended = read([CREATED, COMPLETED]);
    const late = [event("response.output_text.delta", { delta: "Hi" }), COMPLETED];
    expect(read([CREATED, COMPLETED, ...late, { event: undefined, data: "[DONE]" }])).toEqual(
      ended,
    );
  });

  it("names its sources, and is dated by us where it has no date", ({ expect }) => {
    const annotation = { type: "url_citation", url: "https://a.example" };
    const chunks = read([
      event("response.created", { response: { id: "resp_1", model: "m-1" } }),
      event("response.output_text.annotation.added", { annotation }),
    ]);
    const annotations = [{ type: "url_citation", url_citation: { url: "https://a.example" } }];
    expect(chunks[1]).toMatchObject({
      id: "resp_1",
      created: CREATED_S,
      choices: [{ delta: { annotations } }],
    });
  });

  it.for<[string, readonly SseEvent[], string]>([
    ["that failed", [CREATED, failed({ code: "server_error", message: KEY })], "vendor_error"],
    ["that failed without a word", [CREATED, event("response.failed")], "vendor_error"],
    ["that begins with a failure", [failed({ code: "invalid_prompt" })], "content_filtered"],
    ["with an error", [CREATED, event("error", { code: "x", message: KEY })], "vendor_error"],
    ["that begins with an error", [event("error", { message: "busy" })], "vendor_error"],
    ["with an error inside", [CREATED, event("x", { error: { message: "no" } })], "vendor_error"],
    ["without a beginning", [event("response.output_text.delta", { delta: "" })], "malformed"],
    ["with a call that has no id", [CREATED, opened({ call_id: 7 })], "malformed"],
    ["whose end is empty", [CREATED, event("response.completed")], "malformed"],
    ["with an event that is no JSON", [CREATED, { event: "x", data: "{" }], "malformed"],
  ])("%s is a failure", ([_what, events, reason], { expect }) => {
    const failure = read(events).at(-1);
    expect(failure).toMatchObject({ kind: "failure", reason, isRetryable: true });
    expect(JSON.stringify(failure)).not.toContain(KEY);
  });
});

function failed(error: Fields): SseEvent {
  return event("response.failed", { response: { ...BEGUN, status: "failed", error } });
}

function opened(fields: Fields): SseEvent {
  const item = { ...CALL, ...fields };
  return event("response.output_item.added", { output_index: 0, item });
}

function eventsOf(text: string): SseEvent[] {
  return new SseDecoder().push(new TextEncoder().encode(text));
}

describe("the fixtures", () => {
  it.for(Object.entries(FIXTURES))("%s are lawful streams", ([, text], { expect }) => {
    expect(readStream(eventsOf(text)).last).toBe("response.completed");
  });
});
