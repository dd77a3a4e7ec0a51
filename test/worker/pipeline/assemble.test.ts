/**
 * A stream put together is the answer that would have come unstreamed: for the cases of every vendor's format, for any
 * completion however it is cut, and for the loose ways in which vendors stream. What is no whole answer throws.
 */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import { isRecord } from "../../../worker/lib/json.ts";
import { assemble, Assembly } from "../../../worker/pipeline/assemble.ts";
import { meterStream, StreamMeter } from "../../../worker/pipeline/meter.ts";
import { openSource, sourceOf } from "../fixture/sse-source.ts";
import { chunk, finish, FRAME, parseObject, USAGE, usageChunk } from "../fixture/vendor.ts";

const files: Record<string, string> = import.meta.glob("../../fixtures/providers/**/*.json", {
  query: "?raw",
  eager: true,
  import: "default",
});

type Fields = Record<string, unknown>;

function fileOf(format: string, name: string): unknown {
  return JSON.parse(files[`../../fixtures/providers/${format}/${name}.json`]!);
}

/** What a whole answer's only choice says. */
function messageOf(body: unknown): Fields {
  const choices = isRecord(body) ? body["choices"] : undefined;
  const choice: unknown = Array.isArray(choices) ? choices[0] : undefined;
  if (!isRecord(choice) || !isRecord(choice["message"])) throw new Error("no message");
  return choice["message"];
}

/** The vendor's chunks through the meter, as for a client that wants usage. */
function metered(data: readonly string[]) {
  const request = {
    model: "auto",
    messages: [{ role: "user" as const, content: "Hi" }],
    stream_options: { include_usage: true },
  };
  const meter = new StreamMeter({ request, receipt: () => ({ cost_usd: 0.5 }) });
  return meterStream(sourceOf([data]), { meter, onEnd() {} });
}

function assembled(...chunks: readonly Fields[]): Fields {
  const assembly = new Assembly();
  for (const one of chunks) assembly.add(one);
  const { body, text } = assembly.end();
  if (text !== JSON.stringify(body)) throw new Error("the text is another answer");
  return parseObject(text);
}

function said(...deltas: readonly Fields[]): Fields {
  return messageOf(assembled(...deltas.map((delta) => ({ choices: [{ index: 0, delta }] }))));
}

/** The same without the vendor's words and numbers: those of the streams and the whole answers differ. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shapeOf);
  if (isRecord(value))
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, shapeOf(one)]));
  return value === null ? null : typeof value;
}

/** Where the stream of a fixture tells more or less than the whole answer beside it. */
const OPENAI = { body: { system_fingerprint: "fp", service_tier: undefined } };
const TOLD: Readonly<Record<string, { body?: Fields; message?: Fields }>> = {
  "openai/stream": { ...OPENAI, message: { annotations: undefined } },
  "openai/tools-stream": { ...OPENAI, message: { annotations: undefined } },
  "openai/reasoning-stream": { ...OPENAI, message: { annotations: undefined } },
  "openai-responses/tools-stream": { message: { content: "I will look." } },
  "google/tools-stream": { message: { content: "Let me look." } },
  "google/reasoning-stream": {
    message: { extra_content: { google: { thought_signature: "CpcB" } } },
  },
};

describe("a vendor's stream, metered and put together", () => {
  const pairs = Object.keys(files).flatMap((path) => {
    const [, format = "", name = ""] =
      /providers\/([^/]+)\/(.*stream)\/chunks\.json$/.exec(path) ?? [];
    const whole = name === "stream" ? "plain" : name.replace("-stream", "");
    return name === "" ? [] : [[format, name, whole] as const];
  });

  it("is tried for every stream of every format", ({ expect }) => {
    expect(pairs).toHaveLength(14);
  });

  it.for(pairs)("makes of %s's %s what %s is", async ([format, name, whole], { expect }) => {
    const chunks = fileOf(format, `${name}/chunks`);
    if (!Array.isArray(chunks)) throw new Error("no chunks");
    const data = chunks.map((one) => (one === "[DONE]" ? one : JSON.stringify(one)));
    const { body, receipt } = await assemble(metered(data));
    const completion = parseObject(JSON.stringify(fileOf(format, `${whole}/completion`)));
    Object.assign(completion, TOLD[`${format}/${name}`]?.body);
    Object.assign(messageOf(completion), TOLD[`${format}/${name}`]?.message);
    expect(shapeOf(body)).toEqual(shapeOf(parseObject(JSON.stringify(completion))));
    expect(receipt).toEqual({ cost_usd: 0.5 });
  });
});

const text = fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 });
const name = fc.oneof(fc.string({ minLength: 1 }), fc.constantFrom("__proto__", "constructor"));
/** What nobody here knows, as text, a list, or a value that comes in one piece. */
const unknown = fc.oneof(
  text,
  fc.array(fc.jsonValue(), { minLength: 1 }),
  fc.integer(),
  fc.boolean(),
);
const logprob = fc.record({ token: text, logprob: fc.double({ max: 0, noNaN: true }) });
const call = fc
  .record({ name: text, arguments: text, isCustom: fc.boolean(), extra: fc.option(fc.object()) })
  .map(({ name: called, arguments: json, isCustom, extra }) => ({
    ...(isCustom
      ? { type: "custom", custom: { name: called, input: json } }
      : { type: "function", function: { name: called, arguments: json } }),
    ...(extra !== null && Object.keys(extra).length > 0 && { extra_content: extra }),
  }));
const thinking = fc.oneof(
  fc.record({ type: fc.constant("thinking"), thinking: text, signature: text }),
  fc.record({ type: fc.constant("redacted_thinking"), data: text }),
);
const KNOWN = ["role", "content", "refusal", "tool_calls", "function_call", "audio"];
const message = fc
  .record({
    content: fc.option(text),
    refusal: fc.option(text),
    more: fc.dictionary(name, unknown, { maxKeys: 3 }),
    calls: fc.array(call, { maxLength: 3 }),
    extension: fc.record(
      {
        reasoning_content: text,
        thinking_blocks: fc.array(thinking, { minLength: 1 }),
        annotations: fc.array(fc.object(), { minLength: 1 }),
        function_call: fc.record({ name: text, arguments: text }),
        audio: fc.record({ id: text, data: fc.base64String({ minLength: 4 }), transcript: text }),
      },
      { requiredKeys: [] },
    ),
  })
  .map(({ content, refusal, more, calls, extension }) => ({
    ...Object.fromEntries(Object.entries(more).filter(([key]) => !KNOWN.includes(key))),
    role: "assistant",
    content,
    refusal,
    ...extension,
    ...(calls.length > 0 && {
      tool_calls: calls.map((one, at) => ({ id: `call_${at}`, ...one })),
    }),
  }));
const choice = fc.record({
  message,
  logprobs: fc.option(
    fc.record({ content: fc.array(logprob, { minLength: 1 }), refusal: fc.constant(null) }),
  ),
  finish_reason: fc.constantFrom("stop", "length", "tool_calls"),
  content_filter_results: fc.constant({ hate: { filtered: false } }),
});
const completion = fc.record({
  id: text,
  object: fc.constant("chat.completion"),
  created: fc.nat(),
  model: text,
  service_tier: fc.constantFrom("default", "flex"),
  choices: fc
    .array(choice, { minLength: 1, maxLength: 3 })
    .map((choices) => choices.map((one, index) => ({ index, ...one }))),
  usage: fc.constant(USAGE),
});

/** The pieces of a text or a list, cut where `cut` says. */
function cutUp(value: unknown, cut: (length: number) => number): unknown[] {
  if (typeof value !== "string" && !Array.isArray(value)) return [value];
  const at = cut(value.length);
  return [value.slice(0, at), value.slice(at)].filter(({ length }) => length > 0);
}

/** A message's deltas, in the order in which they must come. */
function deltasOf(whole: Fields, cut: (length: number) => number): Fields[] {
  return Object.entries(whole).flatMap(([field, value]): Fields[] => {
    if (field === "tool_calls" && Array.isArray(value))
      return value.flatMap((one, index) =>
        callPieces(one, cut).map((piece) => ({ tool_calls: [{ index, ...piece }] })),
      );
    if ((field === "function_call" || field === "audio") && isRecord(value))
      return partPieces(value, cut).map((piece) => ({ [field]: piece }));
    if (field === "role" || field === "refusal" || field === "content")
      if (value === null) return [{ [field]: value }];
    return cutUp(value, field === "role" ? () => 0 : cut).map((piece) => own(field, piece));
  });
}

/** An object with a field of its own by whatever name. */
function own(field: string, value: unknown): Fields {
  return Object.fromEntries([[field, value]]);
}

function partPieces(record: Fields, cut: (length: number) => number): Fields[] {
  return Object.entries(record).flatMap(([field, value]) =>
    cutUp(value, field === "name" || field === "id" ? () => 0 : cut).map((piece) =>
      own(field, piece),
    ),
  );
}

function callPieces(one: Fields, cut: (length: number) => number): Fields[] {
  const { function: called, custom, ...more } = one;
  const kind = isRecord(called) ? "function" : "custom";
  const inner = isRecord(called) ? called : isRecord(custom) ? custom : {};
  return [more, ...partPieces(inner, cut).map((piece) => ({ [kind]: piece }))];
}

describe("a completion cut into chunks", () => {
  it("is itself again, however it is cut and its choices are mixed", ({ expect }) => {
    fc.assert(
      fc.property(completion, fc.gen(), ({ choices, usage, ...frame }, gen) => {
        const whole = { ...frame, choices, usage };
        function cut(length: number): number {
          return gen(fc.nat, { max: length });
        }
        const queues = choices.map(({ index, message: spoken, logprobs, ...around }) => [
          ...deltasOf(spoken, cut).map((delta): Fields => ({ index, delta, finish_reason: null })),
          ...cutUp(logprobs?.content, cut).map((content): Fields => {
            return { index, delta: {}, logprobs: logprobs && { content, refusal: null } };
          }),
          { index, delta: {}, ...around },
        ]);
        const chunks: Fields[] = [];
        while (queues.some(({ length }) => length > 0)) {
          const next = queues[gen(fc.nat, { max: queues.length - 1 })]?.shift();
          if (next !== undefined) chunks.push({ ...frame, choices: [next], usage: null });
        }
        chunks.push({ ...frame, choices: [], usage, obfuscation: "xyz" });
        expect(assembled(...chunks)).toEqual(JSON.parse(JSON.stringify(whole)));
      }),
    );
  });
});

const NAMED = { type: "function", function: { name: "f", arguments: "" } };

describe("what vendors stream loosely", () => {
  it.for<[string, Fields[], Fields]>([
    ["nothing at all", [{}], { role: "assistant", content: null, refusal: null }],
    ["an empty text", [{ role: "assistant", content: "" }], { content: "" }],
    ["an empty text beside a call", [{ content: "" }, { tool_calls: [NAMED] }], { content: null }],
    ["an empty text beside a refusal", [{ content: "" }, { refusal: "No." }], { content: null }],
    ["null after text", [{ content: "a" }, { content: null }], { content: "a" }],
    [
      "parts and text in turn",
      [{ content: [{ type: "thinking" }] }, { content: "a" }, { content: "b" }],
      { content: [{ type: "thinking" }, { type: "text", text: "ab" }] },
    ],
    [
      "text, then parts",
      [{ content: "a" }, { content: [{ type: "image" }] }],
      { content: [{ type: "text", text: "a" }, { type: "image" }] },
    ],
    [
      "a block of thinking in pieces",
      [
        { thinking_blocks: [{ type: "thinking", thinking: "a", signature: null }] },
        { thinking_blocks: [{ type: "thinking", thinking: "b" }] },
        { thinking_blocks: [{ type: "thinking", thinking: "", signature: "s" }] },
        { thinking_blocks: [{ type: "thinking", thinking: "c", signature: "t" }] },
      ],
      {
        thinking_blocks: [
          { type: "thinking", thinking: "ab", signature: "s" },
          { type: "thinking", thinking: "c", signature: "t" },
        ],
      },
    ],
    [
      "audio whose pieces were encoded one by one",
      [
        { audio: { id: "audio_1", transcript: "He" } },
        { audio: { data: btoa("a"), transcript: "y" } },
        { audio: { data: btoa("bc"), expires_at: 7 } },
        { audio: { data: btoa("def") } },
      ],
      { audio: { id: "audio_1", transcript: "Hey", data: btoa("abcdef"), expires_at: 7 } },
    ],
    ["no base64", [{ audio: { data: "\u00e9=\u00e9" } }], { audio: { data: "\u00e9=\u00e9" } }],
  ])("%s", ([, deltas, expected], { expect }) => {
    expect(said(...deltas)).toMatchObject(expected);
  });

  const [first, more] = [{ name: "f", arguments: "" }, { arguments: "{}" }] as const;
  const made = { type: "function", function: { name: "f", arguments: "{}" } };

  it.for<[string, Fields[], Fields[]]>([
    [
      "an id and a name with every piece",
      [
        { index: 0, id: "a", function: first },
        { index: 0, id: "a", function: { name: "f", ...more } },
      ],
      [{ id: "a", ...made }],
    ],
    [
      "one index for all",
      [
        { index: 0, id: "a", function: first },
        { index: 0, function: more },
        { index: 0, id: "b", function: { ...first, ...more } },
      ],
      [
        { id: "a", ...made },
        { id: "b", ...made },
      ],
    ],
    [
      "neither index nor id",
      [{ function: first }, { function: more }, { function: { ...first, ...more } }],
      [made, made],
    ],
    [
      "indices that begin elsewhere, in another order",
      [
        { index: 7, id: "b", function: first },
        { index: 3, id: "a", function: first },
        { index: 7, function: more },
        { index: 3, function: more },
      ],
      [
        { id: "a", ...made },
        { id: "b", ...made },
      ],
    ],
    ["what is no call", [{ id: "a" }], [{ id: "a" }]],
  ])("calls with %s", ([, pieces, calls], { expect }) => {
    const deltas = pieces.map((piece) => ({ tool_calls: [piece, null] }));
    expect(said(...deltas)["tool_calls"]).toEqual(calls);
  });

  it("fields of the answer, of which the last that says something holds", ({ expect }) => {
    const body = assembled(
      { id: "", created: 0, model: "", citations: ["a"], prompt_filter_results: [{ x: 1 }] },
      { id: "x", created: 5, model: "m", service_tier: null, object: "chat.completion.chunk" },
      { id: "x", created: 5, model: "m", citations: ["a", "b"], prompt_filter_results: [] },
      { id: null, choices: [{ index: 1, delta: null, finish_reason: "stop" }, "no choice"] },
      { choices: [{ index: 0, delta: {}, finish_reason: null, stop_reason: null }], usage: null },
    );
    expect(body).toEqual({
      id: "x",
      object: "chat.completion",
      created: 5,
      model: "m",
      citations: ["a", "b"],
      prompt_filter_results: [{ x: 1 }],
      service_tier: null,
      choices: [
        { index: 0, message: EMPTY, logprobs: null, finish_reason: null, stop_reason: null },
        { index: 1, message: EMPTY, logprobs: null, finish_reason: "stop" },
      ],
    });
  });
});

const EMPTY = { role: "assistant", content: null, refusal: null };
const MALFORMED = { code: "upstream_malformed", status: 502 };
const TOO_LONG = { code: "answer_too_long", status: 502 };

describe("a stream that is no whole answer", () => {
  it.for<[string, string[], object]>([
    ["breaks off", [chunk("a")], { code: "upstream_cut", status: 502, type: "server_error" }],
    ["holds an error", [chunk("a"), '{"error":{"message":"m"}}', "[DONE]"], { status: 502 }],
    ["holds no JSON", [chunk("a"), "{", "[DONE]"], MALFORMED],
  ])("%s", async ([, data, error], { expect }) => {
    await expect(assemble(metered(data))).rejects.toMatchObject({ name: "RouterError", ...error });
  });

  it("gives the meter's own error back, and a lost stream's", async ({ expect }) => {
    const silence = {
      message: "silent",
      type: "timeout_error",
      param: null,
      code: "upstream_timeout",
    };
    const told = sourceOf([[chunk("a")], [JSON.stringify({ error: silence })]]);
    await expect(assemble(told)).rejects.toMatchObject({
      type: "timeout_error",
      code: "upstream_timeout",
      message: "silent",
      status: 504,
    });
    await expect(assemble(sourceOf([[chunk("a")]]))).rejects.toMatchObject({
      code: "upstream_cut",
    });
  });

  const many = Array.from({ length: 129 }, (_, index) => ({ index, delta: {} }));
  const long = "x".repeat(1 << 19);
  const deep = `{"x":${"[".repeat(1 << 20)}`;

  it.for<[string, (at: number) => string, object]>([
    ["too many choices", () => JSON.stringify({ ...FRAME, choices: many }), MALFORMED],
    ["text without end", () => chunk(long), TOO_LONG],
    ["a list without end", () => deltaOf({ annotations: [long] }), TOO_LONG],
    ["fields without end", (at) => deltaOf({ [`${at}${long}`]: true }), TOO_LONG],
    [
      "values without end",
      (at) => JSON.stringify({ ...FRAME, choices: [], [at]: { long } }),
      TOO_LONG,
    ],
    [
      "thoughts without end",
      () => deltaOf({ thinking_blocks: [{ type: "thinking", thinking: long }] }),
      TOO_LONG,
    ],
    [
      "calls without end",
      () => deltaOf({ tool_calls: Array.from({ length: 8_192 }, callWithId) }),
      TOO_LONG,
    ],
    [
      "arguments without end",
      () => deltaOf({ tool_calls: [{ function: { arguments: long } }] }),
      TOO_LONG,
    ],
    ["nesting without end", () => deep, MALFORMED],
  ])("is cancelled for %s", async ([, piece, error], { expect }) => {
    const { events, left, write } = openSource();
    for (let at = 0; at < 20; at++) write(piece(at));
    await expect(assemble(events)).rejects.toMatchObject(error);
    expect(left).toEqual([expect.objectContaining(error)]);
  });

  it("may be as long as a vendor writes in small pieces", async ({ expect }) => {
    const data = Array.from({ length: 5_000 }, () => chunk("word "));
    const { body } = await assemble(metered([...data, finish(), usageChunk(), "[DONE]"]));
    expect(messageOf(body)["content"]).toBe("word ".repeat(5_000));
    expect(body["usage"]).toEqual(USAGE);
  });

  it("replaces what comes again without counting it twice", ({ expect }) => {
    const assembly = new Assembly();
    for (let at = 0; at < 50; at++) assembly.add({ citations: [long], at });
    expect(assembly.end().body).toMatchObject({ at: 49, citations: [long] });
  });
});

function deltaOf(delta: Fields): string {
  return JSON.stringify({ ...FRAME, choices: [{ index: 0, delta }] });
}

let ids = 0;

function callWithId(): Fields {
  return { index: 0, id: `${(ids += 1)}` };
}
