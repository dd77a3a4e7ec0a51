/**
 * The simulated vendor in OpenAI's Responses format: OpenAI's official client gets along with it, its streams obey
 * the grammar to which our own are held, and it refuses what OpenAI refuses.
 */
import * as fc from "fast-check";
import OpenAI, { InternalServerError, NotFoundError, RateLimitError } from "openai";
import { afterAll, beforeAll, describe, it } from "vitest";
import catalogJson from "../../router-models/catalog.json" with { type: "json" };
import { parseCatalog } from "../../router-models/catalog.ts";
import { readResponsesRequest } from "../../scripts/simulation/responses-request.ts";
import { responsesRequestSchema } from "../../scripts/simulation/responses-schema.ts";
import { isRefusal } from "../../scripts/simulation/vendor-request.ts";
import { startVendor, type Vendor } from "../../scripts/vendor.ts";
import { SseDecoder } from "../../worker/lib/sse.ts";
import { readStream, type ReadStream } from "../worker/http/wire/responses/stream-grammar.ts";

const MODEL = "gpt-5.4";
const PROMPT = "What is the weather forecast for Lisbon over the next 3 days?";
const WEATHER: OpenAI.Responses.FunctionTool = {
  type: "function",
  name: "get_weather",
  description: "Weather forecast for a city",
  parameters: { type: "object", required: ["city"], properties: { city: { type: "string" } } },
  strict: false,
};
const TIDE = { ...WEATHER, name: "get_tide", description: "Tide, for the weather forecast" };
const REASONING = { effort: "high", summary: "auto" } as const;

let vendor: Vendor;
let client: OpenAI;

beforeAll(async () => {
  vendor = await startVendor();
  const baseURL = `${vendor.url}/openai/v1`;
  client = new OpenAI({ apiKey: "sk-none", baseURL, maxRetries: 0, logLevel: "off" });
});
afterAll(() => vendor.close());

function post(body: object, path = "openai/v1/responses"): Promise<Response> {
  return fetch(`${vendor.url}/${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model: MODEL, input: PROMPT, ...body }),
  });
}

interface Answer {
  readonly status: string;
  readonly output: readonly { readonly type: string }[];
  readonly usage: {
    readonly input_tokens: number;
    readonly input_tokens_details: { readonly cache_write_tokens: number };
  };
  readonly error: { readonly message: string } | null;
}

async function readAnswer(response: Promise<Response>): Promise<Answer> {
  return JSON.parse(await (await response).text());
}

async function ask(input: string): Promise<OpenAI.Responses.Response> {
  return client.responses.create({ model: MODEL, input });
}

async function streamed(body: object): Promise<ReadStream> {
  const answer = await post({ ...body, stream: true });
  return readStream(new SseDecoder().push(new Uint8Array(await answer.arrayBuffer())));
}

describe("answers", () => {
  it.for([
    ["words", {}, ["reasoning", "message"]],
    ["thoughts that are shown", { reasoning: REASONING }, ["reasoning", "message"]],
    ["two calls", { tools: [WEATHER, TIDE] }, ["reasoning", "function_call", "function_call"]],
    [
      "one call",
      { tools: [WEATHER, TIDE], parallel_tool_calls: false },
      ["reasoning", "function_call"],
    ],
    ["an end before its time", { max_output_tokens: 16 }, ["message"]],
    ["an answer that was filtered", { input: "Hi [sim:filtered]" }, ["reasoning", "message"]],
    ["nothing", { input: "Hi [sim:empty]" }, []],
  ] as const)("are lawful streams, and the same whole: %s", async ([, body, kinds], { expect }) => {
    const { last, response } = await streamed(body);
    const whole = await readAnswer(post(body));
    const times = { created_at: 0, completed_at: 0 };
    expect({ ...response, ...times }).toEqual({ ...whole, ...times });
    expect(last).toBe(`response.${whole.status}`);
    expect(whole.output.map(({ type }) => type)).toEqual(kinds);
  });

  it("are what OpenAI's client expects, plain and streamed", async ({ expect }) => {
    const body = { model: MODEL, input: PROMPT, tools: [WEATHER], reasoning: REASONING };
    const plain = await client.responses.create(body);
    const [thought, call] = plain.output;
    expect(thought).toMatchObject({ type: "reasoning", summary: [{ type: "summary_text" }] });
    if (call?.type !== "function_call") throw new Error("no call");
    expect(JSON.parse(call.arguments)).toEqual({ city: "Lisbon" });
    const { usage } = plain;
    expect(usage?.output_tokens_details.reasoning_tokens).toBeGreaterThan(0);
    expect(usage?.input_tokens_details).toEqual({ cached_tokens: 0, cache_write_tokens: 0 });
    expect(usage?.total_tokens).toBe((usage?.input_tokens ?? 0) + (usage?.output_tokens ?? 0));
    expect(plain).toMatchObject({ status: "completed", tools: [WEATHER], reasoning: REASONING });
    let json = "";
    for await (const event of await client.responses.create({ ...body, stream: true }))
      if (event.type === "response.function_call_arguments.delta") json += event.delta;
    expect(json).toBe(call.arguments);
    const final = await client.responses.stream(body).finalResponse();
    expect(final.output).toMatchObject(plain.output);

    const { call_id, name, arguments: given } = call;
    const answer = await client.responses.create({
      ...body,
      store: false,
      input: [
        { role: "developer", content: [{ type: "input_text", text: "Be brief." }] },
        { role: "user", content: PROMPT },
        { role: "assistant", content: "One moment." },
        { type: "function_call", call_id, name, arguments: given },
        { type: "function_call_output", call_id, output: "Drizzle at 14 degrees" },
      ],
    });
    expect(answer.output.map(({ type }) => type)).toEqual(["reasoning", "message"]);
  });

  it("come from Azure too", async ({ expect }) => {
    const { models, ...rest } = parseCatalog(catalogJson);
    const moved = models.map((model) => ({ ...model, id: model.id.replace(/^openai/, "azure") }));
    const azure = await startVendor({ catalog: { ...rest, models: moved } });
    const { url } = azure;
    const there = new OpenAI({ apiKey: "none", baseURL: `${url}/azure/v1`, maxRetries: 0 });
    try {
      const answer = await there.responses.create({ model: MODEL, input: PROMPT });
      expect(answer.status).toBe("completed");
      const chat = there.chat.completions.create({
        model: "gpt-5.6-luna",
        messages: [{ role: "user", content: PROMPT }],
        tools: [{ type: "function", function: { name: "look_up", parameters: {} } }],
      });
      await expect(chat).rejects.toMatchObject({ status: 400, param: "reasoning_effort" });
    } finally {
      await azure.close();
    }
  });

  it("say why they end early, fit a schema, and obey the choice of a tool", async ({ expect }) => {
    const cut = await client.responses.create({
      model: MODEL,
      input: PROMPT,
      max_output_tokens: 16,
    });
    expect(cut).toMatchObject({
      status: "incomplete",
      incomplete_details: { reason: "max_output_tokens" },
      output: [{ status: "incomplete" }],
      usage: { output_tokens: 16 },
    });
    const schema = {
      type: "object",
      required: ["days"],
      properties: { days: { type: "integer" } },
    };
    const format = { type: "json_schema" as const, name: "days", schema };
    const fitting = await client.responses.create({
      model: MODEL,
      input: PROMPT,
      text: { format },
    });
    expect(JSON.parse(fitting.output_text)).toEqual({ days: 3 });
    const tools = [WEATHER, TIDE];
    const named = { type: "function" as const, name: "get_tide" };
    const allowed = { type: "allowed_tools" as const, mode: "required" as const, tools: [named] };
    for (const tool_choice of [named, allowed]) {
      const { output } = await client.responses.create({
        model: MODEL,
        input: "Good evening.",
        tools,
        tool_choice,
      });
      expect(output.filter(({ type }) => type === "function_call")).toMatchObject([
        { name: "get_tide" },
      ]);
    }
  });

  it("bill pictures, and what is to be cached", async ({ expect }) => {
    const image = { type: "input_image", image_url: "data:image/png;base64,AAAA", detail: "auto" };
    const text = { type: "input_text", text: "Hi", prompt_cache_breakpoint: { mode: "explicit" } };
    const answer = await readAnswer(post({ input: [{ role: "user", content: [image, text] }] }));
    expect(answer.usage.input_tokens).toBeGreaterThan(765);
    expect(answer.usage.input_tokens_details.cache_write_tokens).toBe(5);
  });
});

const CALL = { type: "function_call", call_id: "call_1", name: "get_weather", arguments: "{}" };
const OUTPUT = { type: "function_call_output", call_id: "call_1", output: "Rain" };
const USER = { role: "user", content: "Hi" };

describe("refusals", () => {
  it.for([
    [{ messages: [USER] }, "messages", "unknown_parameter"],
    [{ reasoning_effort: "low" }, "reasoning_effort", "unknown_parameter"],
    [{ max_tokens: 20 }, "max_tokens", "unknown_parameter"],
    [
      { stream_options: { include_usage: true } },
      "stream_options.include_usage",
      "unknown_parameter",
    ],
    [
      { text: { format: { type: "json_schema", json_schema: {} } } },
      "text.format.name",
      "missing_required_parameter",
    ],
    [{ input: undefined }, "input", "missing_required_parameter"],
    [
      { tools: [{ type: "function", function: { name: "f" } }] },
      "tools[0].name",
      "missing_required_parameter",
    ],
    [{ tools: [{ ...WEATHER, cache_control: {} }] }, "tools[0].cache_control", "unknown_parameter"],
    [{ input: [{ ...USER, tool_calls: [] }] }, "input[0].tool_calls", "unknown_parameter"],
    [{ input: [{ role: "tool", content: "Rain" }] }, "input[0].role", "invalid_value"],
    [
      { input: [{ role: "assistant", content: [{ type: "input_text", text: "" }] }] },
      "input[0].content[0].type",
      "invalid_value",
    ],
    [
      { input: [{ role: "user", content: [{ type: "text", text: "" }] }] },
      "input[0].content[0].type",
      "invalid_value",
    ],
    [{ input: [] }, "input", "invalid_value"],
    [{ max_output_tokens: 15 }, "max_output_tokens", "integer_below_min_value"],
    [{ reasoning: { effort: "huge" } }, "reasoning.effort", "invalid_value"],
    [{ include: ["thoughts"] }, "include[0]", "invalid_value"],
    [{ metadata: { a: 1 } }, "metadata.a", "invalid_value"],
    [{ previous_response_id: "resp_1" }, "previous_response_id", "invalid_value"],
    [{ tool_choice: { type: "function", name: "f" }, tools: [WEATHER] }, "tool_choice", null],
    [{ tool_choice: "required" }, "tool_choice", null],
    [{ input: [USER, CALL] }, "input", null],
    [{ input: [USER, OUTPUT, CALL] }, "input", null],
    [{ input: [USER, { ...CALL, id: "fc_1" }, OUTPUT] }, "input", null],
    [{ input: [{ type: "item_reference", id: "msg_1" }] }, "input", null],
  ] as const)("name the field and the kind: %j", async ([body, param, code], { expect }) => {
    const answer = await post(body);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({
      error: { type: "invalid_request_error", param, code },
    });
  });

  it("say what is amiss in OpenAI's words", async ({ expect }) => {
    const kept = { ...CALL, id: "fc_1" };
    const cases = [
      [{ input: [USER, kept, OUTPUT] }, /^Item with id 'fc_1' not found\./],
      [{ n: 2 }, /^Unknown parameter: 'n'\.$/],
      [{ input: [CALL] }, /^No tool output found for function call call_1\.$/],
      [{ input: [OUTPUT] }, /^No tool call found for function call output with call_id call_1\.$/],
      [
        { max_output_tokens: 5 },
        /^Invalid 'max_output_tokens': .*Expected a value >= 16, but got 5 instead\.$/,
      ],
    ] as const;
    for (const [body, message] of cases)
      expect((await readAnswer(post(body))).error?.message).toMatch(message);
  });

  it("are all that nonsense gets", ({ expect }) => {
    const fields = Object.keys(responsesRequestSchema.shape);
    const nonsense = fc.dictionary(fc.constantFrom(...fields), fc.jsonValue(), { maxKeys: 4 });
    const items = fc.array(fc.oneof(fc.constantFrom(USER, CALL, OUTPUT), fc.jsonValue()));
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), nonsense), items, (some, input) => {
        for (const body of [
          some,
          Object(some) === some && { model: MODEL, ...Object(some), input },
        ]) {
          const read = readResponsesRequest(body);
          if (isRefusal(read)) expect(read.message).not.toBe("");
          else expect(read.messages.length).toBeGreaterThan(0);
        }
      }),
    );
  });

  it("come from vendors and models that are not there", async ({ expect }) => {
    await expect(client.responses.create({ model: "gpt-0", input: "Hi" })).rejects.toBeInstanceOf(
      NotFoundError,
    );
    expect((await post({}, "groq/v1/responses")).status).toBe(404);
    expect((await post({ model: "claude-haiku-5-5" }, "anthropic/v1/responses")).status).toBe(404);
  });
});

describe("faults", () => {
  it("raise the client's own errors", async ({ expect }) => {
    await expect(ask("[sim:429:retry-after=1]")).rejects.toBeInstanceOf(RateLimitError);
    await expect(ask("[sim:503]")).rejects.toBeInstanceOf(InternalServerError);
    await expect(ask("[sim:overflow]")).rejects.toMatchObject({ code: "context_length_exceeded" });
    await expect(ask("[sim:filter]")).rejects.toMatchObject({ code: "content_filter" });
    const broken = await readAnswer(post({ input: "[sim:error-body]" }));
    expect(broken.error?.message).toMatch(/on demand/);
    expect(await readAnswer(post({ input: "[sim:no-usage]" }))).not.toHaveProperty("usage");
  });

  it("fail a response that has begun, by the grammar", async ({ expect }) => {
    const { error, last, response } = await streamed({ input: "Hi [sim:error-chunk:after=3]" });
    expect(error).toMatchObject({ error: { code: "simulated" } });
    expect(last).toBe("response.failed");
    expect(response).toMatchObject({ status: "failed", error: { code: "simulated" } });
    const stream = client.responses.stream({ model: MODEL, input: "Hi [sim:error-chunk:after=3]" });
    await expect(stream.finalResponse()).rejects.toThrow(/on demand/);
  });

  it.for([
    ["[sim:cut:after=3]", /terminated|closed|aborted|ECONNRESET/i],
    ["[sim:malformed:after=3]", /JSON/],
    ["[sim:error-chunk:after=0]", /on demand/],
  ] as const)("break a stream: %s", async ([input, message], { expect }) => {
    const stream = await client.responses.create({ model: MODEL, input, stream: true });
    async function drain(): Promise<void> {
      for await (const event of stream) expect(event.type).not.toMatch(/completed$/);
    }
    await expect(drain()).rejects.toThrow(message);
  });

  it("leave a stream without usage, or come in tiny pieces", async ({ expect }) => {
    expect((await streamed({ input: "Hi [sim:no-usage]" })).response["usage"]).toBeNull();
    expect((await streamed({ input: "Hi [sim:trickle]" })).last).toBe("response.completed");
  });

  it("strike after as many events as in the other formats", async ({ expect }) => {
    const arrival = vendor.requests.next();
    const answer = post({ stream: true, input: "Hi [sim:step:until=4]" });
    const record = await arrival;
    const reader = (await answer).body!.getReader();
    const frames: string[] = [];
    for (let sent = 1; sent <= 3; sent++) {
      frames.push(new TextDecoder().decode((await reader.read()).value));
      expect(record.sentEvents).toBe(sent);
      vendor.release();
    }
    await reader.cancel();
    expect(frames[0]).toContain("event: response.content_part.added");
    expect(frames[0]).not.toContain("delta");
    for (const frame of frames.slice(1))
      expect(frame.match(/^event: .*$/gm)).toEqual(["event: response.output_text.delta"]);
    const text = await (await post({ stream: true, input: "Hi" })).text();
    const pieces = text.match(/^event: .*delta$/gm) ?? [];
    // What opens the answer, its pieces, what closes it, and the end.
    expect(vendor.requests.all().at(-1)?.sentEvents).toBe(pieces.length + 3);
  });
});
