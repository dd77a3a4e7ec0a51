/**
 * Anthropic's official SDK and the Vercel AI SDK's Anthropic provider, unmodified, against the worker in real workerd,
 * with the simulated vendor behind it: a team that talks to /v1/messages replaces its base URL and changes nothing else.
 */
import { createAnthropic } from "@ai-sdk/anthropic";
import Anthropic, {
  APIError,
  APIUserAbortError,
  AuthenticationError,
  BadRequestError,
  GatewayTimeoutError,
  InternalServerError,
  NotFoundError,
  PaymentRequiredError,
  RateLimitError,
} from "@anthropic-ai/sdk";
import { APICallError, generateText, jsonSchema, Output, stepCountIs, streamText, tool } from "ai";
import { afterAll, afterEach, beforeAll, describe, it } from "vitest";
import { RouterError } from "../../worker/domain/errors.ts";
import { messagesError } from "../../worker/http/wire/anthropic/errors.ts";
import { errorResponse } from "../../worker/http/wire/errors.ts";
import { startLocalService, type LocalService } from "../support/node/local-service.ts";

const KEY = "sluice-key-e2e";
const MODEL = "openai/gpt-5.4";

let service: LocalService;

beforeAll(async () => {
  service = await startLocalService({ SLUICE_API_KEY: KEY });
});
afterEach(() => {
  service.vendor.faults.clear();
});
afterAll(() => service.close());

function client(options: ConstructorParameters<typeof Anthropic>[0] = {}): Anthropic {
  return new Anthropic({ apiKey: KEY, baseURL: service.url, maxRetries: 0, ...options });
}

const LOOKUP: Anthropic.Tool = {
  name: "look_up_tide",
  description: "Tide tables for a harbour",
  input_schema: {
    type: "object",
    required: ["harbour"],
    properties: { harbour: { type: "string" } },
  },
};

function ask(content: Anthropic.MessageParam["content"]) {
  return { model: MODEL, max_tokens: 200, messages: [{ role: "user" as const, content }] };
}

function textOf({ content }: Anthropic.Message): string {
  return content.map((block) => (block.type === "text" ? block.text : "")).join("");
}

/** What a promise was rejected with. */
async function rejectionOf(work: PromiseLike<unknown>): Promise<unknown> {
  try {
    await work;
  } catch (error) {
    return error;
  }
  throw new Error("It was not refused.");
}

describe("the Anthropic SDK", () => {
  it("gets a plain answer from the model that the router chose", async ({ expect }) => {
    const body = { ...ask("What is the capital of Portugal?"), model: "auto" };
    const { data, response, request_id } = await client().messages.create(body).withResponse();
    expect(data).toMatchObject({ type: "message", role: "assistant", stop_reason: "end_turn" });
    expect(textOf(data)).toMatch(/Portugal|capital/);
    expect(data.usage.output_tokens).toBeGreaterThan(0);
    expect(data.usage.input_tokens).toBeGreaterThan(0);
    expect(request_id).toBe(response.headers.get("x-sluice-request-id"));
    expect(response.headers.get("x-sluice-cost-usd")).toMatch(/^\d+\.\d{6}$/);
  });

  it("streams the same answer, and its helper makes the same message of it", async ({ expect }) => {
    const body = { ...ask("Explain how tides work."), system: "Be plain." };
    const plain = await client().messages.create(body);
    const stream = client().messages.stream(body);
    const final = await stream.finalMessage();
    expect(final.content).toEqual(plain.content);
    expect(final.usage).toEqual(plain.usage);
    expect(final.stop_reason).toBe(plain.stop_reason);
    expect(stream.request_id).toMatch(/^req_/);
  });

  it("reads each event before the vendor has sent the next", async ({ expect }) => {
    const arrived = service.vendor.requests.next();
    const body = { ...ask("Explain tides. [sim:step:until=8]"), max_tokens: 6 };
    const stream = await client().messages.create({ ...body, stream: true });
    const record = await arrived;
    let pieces = 0;
    for await (const event of stream) {
      if (event.type === "message_start") service.vendor.release();
      if (event.type !== "content_block_delta") continue;
      pieces += 1;
      // The role, then one event for each piece.
      expect(record.sentEvents).toBe(pieces + 1);
      service.vendor.release();
    }
    expect(pieces).toBe(6);
    expect(await record.ended).toBe("finished");
  });

  it("makes the tools' round trip, plain and streamed", async ({ expect }) => {
    const first = ask("Look up the tide for Brest.");
    const base = { ...first, tools: [LOOKUP] };
    const asked = await client().messages.create(base);
    const streamed = await client().messages.stream(base).finalMessage();
    expect(streamed.content).toEqual(asked.content);
    expect(asked.stop_reason).toBe("tool_use");
    const call = asked.content.find((block) => block.type === "tool_use");
    expect(call).toMatchObject({ name: "look_up_tide", input: { harbour: "Brest" } });
    const result: Anthropic.ToolResultBlockParam = {
      type: "tool_result",
      tool_use_id: call!.id,
      content: [{ type: "text", text: "High water at 16:40" }],
    };
    const arrived = service.vendor.requests.next();
    const second = await client().messages.create({
      ...base,
      messages: [
        ...first.messages,
        { role: "assistant", content: asked.content },
        { role: "user", content: [result] },
      ],
    });
    expect(second.stop_reason).toBe("end_turn");
    expect(textOf(second)).not.toBe("");
    expect((await arrived).body).toMatchObject({
      input: [
        {},
        { type: "function_call", call_id: call!.id },
        { type: "function_call_output", call_id: call!.id },
      ],
    });
  });

  it("sends the results of parallel calls back in one turn", async ({ expect }) => {
    const ids = ["call_a", "call_b"];
    const arrived = service.vendor.requests.next();
    await client().messages.create({
      ...ask(""),
      tools: [LOOKUP],
      messages: [
        { role: "user", content: "Look up the tides." },
        {
          role: "assistant",
          content: ids.map((id) => ({
            type: "tool_use" as const,
            id,
            name: "look_up_tide",
            input: { harbour: id },
          })),
        },
        {
          role: "user",
          content: ids.map((id) => ({
            type: "tool_result" as const,
            tool_use_id: id,
            content: "16:40",
          })),
        },
      ],
    });
    expect((await arrived).body).toMatchObject({
      input: [
        { role: "user" },
        ...ids.map((id) => ({ type: "function_call", call_id: id })),
        ...ids.map((id) => ({ type: "function_call_output", call_id: id, output: "16:40" })),
      ],
    });
  });

  it("gets an answer that keeps to a schema", async ({ expect }) => {
    const schema = {
      type: "object",
      properties: { city: { type: "string" }, people: { type: "integer" } },
      required: ["city", "people"],
      additionalProperties: false,
    };
    const answer = await client().messages.create({
      ...ask("Describe Lisbon with 545000 people."),
      output_config: { format: { type: "json_schema", schema } },
    });
    expect(JSON.parse(textOf(answer))).toEqual({
      city: expect.any(String),
      people: expect.any(Number),
    });
  });

  it("shows pictures to the model", async ({ expect }) => {
    const answer = await client().messages.create(
      ask([
        {
          type: "image",
          source: { type: "base64", media_type: "image/png", data: "iVBORw0KGgo=" },
        },
        { type: "text", text: "What is in this picture?" },
      ]),
    );
    expect(textOf(answer)).toMatch(/^The image is clear/);
  });

  it("hands a wish to think on in the vendor's words", async ({ expect }) => {
    const arrived = service.vendor.requests.next();
    await client().messages.create({
      ...ask("Think."),
      max_tokens: 9_000,
      thinking: { type: "enabled", budget_tokens: 8_000 },
    });
    const { body } = await arrived;
    expect(body).toMatchObject({ reasoning_effort: "medium" });
    expect(body).not.toHaveProperty("thinking");
  });

  it("gets from Anthropic what Anthropic would give: thinking, cache and all", async ({
    expect,
  }) => {
    const cache_control = { type: "ephemeral" as const };
    const system = [{ type: "text" as const, text: "You know harbours.", cache_control }];
    const first = ask("Look up the tide for Brest.");
    const body = {
      ...first,
      model: "anthropic/claude-haiku-5-5",
      system,
      thinking: { type: "adaptive" as const },
      tools: [{ ...LOOKUP, cache_control }],
    };
    const { content, usage, id } = await client().messages.create(body);
    const streamed = await client().messages.stream(body).finalMessage();
    expect(streamed.content).toEqual(content);
    expect(id).toMatch(/^msg_/);
    expect(content).toMatchObject([
      { type: "thinking", signature: expect.stringMatching(/./) },
      { type: "tool_use", name: "look_up_tide" },
    ]);
    expect(usage.cache_creation_input_tokens).toBeGreaterThan(0);
    const call = content.find((block) => block.type === "tool_use");
    const failed: Anthropic.ToolResultBlockParam = {
      type: "tool_result",
      tool_use_id: call!.id,
      content: "No such harbour",
      is_error: true,
      cache_control,
    };
    const history: Anthropic.MessageParam[] = [
      ...first.messages,
      { role: "assistant", content },
      { role: "user", content: [failed] },
    ];
    const arrived = service.vendor.requests.next();
    await client().messages.create({ ...body, messages: history });
    const sent = { ...body, model: "claude-haiku-5-5" };
    expect((await arrived).body).toMatchObject({
      ...sent,
      messages: [
        { role: "user", content: [{ type: "text", text: "Look up the tide for Brest." }] },
        ...history.slice(1),
      ],
    });
  });

  it("lists the models, and shows one", async ({ expect }) => {
    const ids: string[] = [];
    for await (const { id, type } of client().models.list()) {
      expect(type).toBe("model");
      ids.push(id);
    }
    expect(ids).toContain(MODEL);
    expect(new Set(ids).size).toBe(ids.length);
    const { display_name: name, created_at: created } = await client().models.retrieve(MODEL);
    expect(name).toBe("GPT-5.4");
    expect(created).toMatch(/^20\d\d-\d\d-01T/);
  });

  it("counts tokens before it asks", async ({ expect }) => {
    const { model, messages } = ask("How many?");
    const count = await client().messages.countTokens({ model, messages });
    expect(count.input_tokens).toBeGreaterThan(0);
  });

  it("aborts the vendor's request when it aborts", async ({ expect }) => {
    const arrived = service.vendor.requests.next();
    const stream = client().messages.stream(ask("Tell a long story. [sim:slow:factor=1]"));
    stream.on("text", () => stream.abort());
    expect(await rejectionOf(stream.done())).toBeInstanceOf(APIUserAbortError);
    expect(await (await arrived).ended).toBe("aborted");
  });

  it.for([
    { kind: BadRequestError, body: { container: "c" } },
    { kind: AuthenticationError, apiKey: "wrong" },
    { kind: NotFoundError, body: { model: "nobody/none" } },
    { kind: RateLimitError, content: "Hi [sim:429]" },
    { kind: InternalServerError, content: "Hi [sim:500]" },
    { kind: GatewayTimeoutError, content: "Hi [sim:stall]" },
  ])(
    "raises its own $kind.name",
    async ({ kind, body, apiKey = KEY, content = "Hi" }, { expect }) => {
      const asked = client({ apiKey }).messages.create({ ...ask(content), ...body });
      const error = await rejectionOf(asked);
      expect(error).toBeInstanceOf(kind);
      expect(error).toHaveProperty("requestID", expect.stringMatching(/^req_/));
    },
  );

  it("raises an error for a stream that breaks", async ({ expect }) => {
    const error = await rejectionOf(
      client().messages.stream(ask("Hi [sim:error-chunk:after=3]")).finalMessage(),
    );
    expect(error).toBeInstanceOf(APIError);
    expect(error).toHaveProperty("type", "api_error");
  });

  it("tries a limit again, and what another try cannot mend not", async ({ expect }) => {
    service.vendor.faults.add({
      fault: { kind: "status", status: 429, retryAfterMs: 10 },
      times: 1,
    });
    service.vendor.requests.clear();
    const answer = await client({ maxRetries: 2 }).messages.create(ask("Once more."));
    expect(answer.type).toBe("message");
    expect(service.vendor.requests.all()).toHaveLength(2);
    service.vendor.requests.clear();
    const refused = client({ maxRetries: 2 }).messages.create(ask("Hi [sim:400]"));
    expect(await rejectionOf(refused)).toBeInstanceOf(BadRequestError);
    expect(service.vendor.requests.all()).toHaveLength(1);
  });
});

describe("money that has run out", () => {
  it("is not asked for twice, by either SDK", async ({ expect }) => {
    const spent = new RouterError("insufficient_quota", "Spent", { code: "budget_exceeded" });
    let calls = 0;
    async function refuse(): Promise<Response> {
      calls += 1;
      return errorResponse(spent, (error) => messagesError(error, "req_1"));
    }
    const own = client({ maxRetries: 2, fetch: refuse }).messages.create(ask("Hi"));
    expect(await rejectionOf(own)).toBeInstanceOf(PaymentRequiredError);
    expect(calls).toBe(1);
    const model = createAnthropic({ apiKey: KEY, fetch: refuse })(MODEL);
    const error = await rejectionOf(generateText({ maxRetries: 2, model, prompt: "Hi" }));
    expect(error).toMatchObject({ statusCode: 402, isRetryable: false });
    expect(calls).toBe(2);
  });
});

describe("the AI SDK's Anthropic provider", () => {
  function model(name = MODEL, apiKey = KEY) {
    return createAnthropic({ apiKey, baseURL: `${service.url}/v1` })(name);
  }
  const lookup = tool({
    description: "Tide tables for a harbour",
    inputSchema: jsonSchema<{ harbour: string }>(LOOKUP.input_schema as object),
    execute: async ({ harbour }) => `High water in ${harbour} at 16:40`,
  });
  const base = { maxRetries: 0, maxOutputTokens: 200 };

  it("gets a plain and a streamed answer", async ({ expect }) => {
    const prompt = "Explain how tides work.";
    const plain = await generateText({ ...base, model: model(), prompt });
    const streamed = streamText({ ...base, model: model(), prompt });
    expect(await streamed.text).toBe(plain.text);
    expect(plain.text).not.toBe("");
    expect((await streamed.usage).outputTokens).toBe(plain.usage.outputTokens);
    expect(await streamed.finishReason).toBe("stop");
  });

  it("makes the tools' round trip, plain and streamed", async ({ expect }) => {
    const options = {
      ...base,
      prompt: "Look up the tide for Brest.",
      tools: { look_up_tide: lookup },
      stopWhen: stepCountIs(2),
    };
    const plain = await generateText({ ...options, model: model() });
    const streamed = streamText({ ...options, model: model() });
    for (const steps of [plain.steps, await streamed.steps]) {
      expect(steps).toHaveLength(2);
      expect(steps[0]?.toolResults).toMatchObject([
        { input: { harbour: "Brest" }, output: "High water in Brest at 16:40" },
      ]);
      expect(steps[1]?.text).not.toBe("");
    }
  });

  it("gets an object that keeps to a schema", async ({ expect }) => {
    const schema = jsonSchema<{ city: string }>({
      type: "object",
      properties: { city: { type: "string" } },
      required: ["city"],
      additionalProperties: false,
    });
    const { output } = await generateText({
      ...base,
      model: model(),
      prompt: "Describe Lisbon.",
      output: Output.object({ schema }),
    });
    expect(output).toEqual({ city: expect.any(String) });
  });

  it("shows pictures to the model", async ({ expect }) => {
    const { text } = await generateText({
      ...base,
      model: model(),
      messages: [
        {
          role: "user",
          content: [
            { type: "text", text: "What is in this picture?" },
            { type: "file", data: "iVBORw0KGgo=", mediaType: "image/png" },
          ],
        },
      ],
    });
    expect(text).toMatch(/^The image is clear/);
  });

  it("aborts the vendor's request when it aborts", async ({ expect }) => {
    const arrived = service.vendor.requests.next();
    const gone = new AbortController();
    const { textStream } = streamText({
      ...base,
      model: model(),
      prompt: "Tell a long story. [sim:slow:factor=1]",
      abortSignal: gone.signal,
    });
    for await (const piece of textStream) if (piece !== "") gone.abort();
    expect(await (await arrived).ended).toBe("aborted");
  });

  it.for([
    { name: MODEL, key: "wrong", prompt: "Hi", status: 401 },
    { name: "nobody/none", key: KEY, prompt: "Hi", status: 404 },
    { name: MODEL, key: KEY, prompt: "Hi [sim:400]", status: 400 },
    { name: MODEL, key: KEY, prompt: "Hi [sim:429]", status: 429 },
    { name: MODEL, key: KEY, prompt: "Hi [sim:500]", status: 502 },
  ])("raises its own error for a $status", async ({ name, key, prompt, status }, { expect }) => {
    const error = await rejectionOf(generateText({ ...base, model: model(name, key), prompt }));
    expect(APICallError.isInstance(error)).toBe(true);
    expect(error).toMatchObject({
      statusCode: status,
      isRetryable: status === 429 || status >= 500,
      data: { type: "error", error: { message: expect.any(String) } },
    });
  });

  it("tries a limit again", async ({ expect }) => {
    service.vendor.faults.add({
      fault: { kind: "status", status: 429, retryAfterMs: 10 },
      times: 1,
    });
    service.vendor.requests.clear();
    const { text } = await generateText({ ...base, maxRetries: 1, model: model(), prompt: "Hi" });
    expect(text).not.toBe("");
    expect(service.vendor.requests.all()).toHaveLength(2);
  });
});
