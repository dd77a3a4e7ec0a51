/**
 * The simulated vendor, asked by the official SDK: what it must get right for the end-to-end tests to mean anything.
 * Nothing here measures time; where order matters, the vendor holds events back until it is told to go on.
 */
import OpenAI, { BadRequestError, NotFoundError, RateLimitError } from "openai";
import { afterAll, afterEach, beforeAll, describe, it } from "vitest";
import { startVendor, type Vendor } from "../../scripts/vendor.ts";

let vendor: Vendor;
let client: OpenAI;

beforeAll(async () => {
  vendor = await startVendor();
  client = clientOf("openai");
});
afterEach(() => {
  vendor.faults.clear();
});
afterAll(() => vendor.close());

function clientOf(name: string): OpenAI {
  return new OpenAI({
    apiKey: "sk-none",
    baseURL: `${vendor.url}/${name}/v1`,
    maxRetries: 0,
    logLevel: "off",
  });
}

function ask(content: string): OpenAI.ChatCompletionMessageParam[] {
  return [{ role: "user", content }];
}

const WEATHER: OpenAI.ChatCompletionTool = {
  type: "function",
  function: {
    name: "get_weather",
    description: "Weather forecast for a city",
    parameters: {
      type: "object",
      required: ["city", "days"],
      properties: {
        city: { type: "string" },
        days: { type: "integer", minimum: 1, maximum: 5 },
        unit: { type: "string", enum: ["celsius", "fahrenheit"] },
      },
    },
  },
};

async function allOf<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const one of stream) all.push(one);
  return all;
}

/** What a promise was rejected with; undefined where it was not. */
async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
    return undefined;
  } catch (error) {
    return error;
  }
}

async function answerOf(model: string, seed: number): Promise<string | null | undefined> {
  const messages = ask("Explain why lighthouses use Fresnel lenses.");
  const answer = await client.chat.completions.create({ model, messages, seed });
  return answer.choices[0]?.message.content;
}

async function postFault(body: object): Promise<number> {
  const url = `${vendor.url}/__sim/faults`;
  const response = await fetch(url, { method: "POST", body: JSON.stringify(body) });
  return response.status;
}

async function whole(stream: AsyncIterable<OpenAI.ChatCompletionChunk>): Promise<string> {
  let text = "";
  for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? "";
  return text;
}

describe("answers", () => {
  const messages = ask("Explain why lighthouses use Fresnel lenses.");

  it("are the same for the same model, prompt and seed, and differ otherwise", async ({
    expect,
  }) => {
    const first = await answerOf("gpt-5.4", 1);
    expect(first).toMatch(/Fresnel|lighthouses|lenses/);
    expect(await answerOf("gpt-5.4", 1)).toBe(first);
    expect(await answerOf("gpt-5.4", 2)).not.toBe(first);
    expect(await answerOf("gpt-5-mini", 1)).not.toBe(first);
  });

  it("are the same streamed and plain, with the same usage", async ({ expect }) => {
    const plain = await client.chat.completions.create({ model: "gpt-5.4", messages });
    const stream = await client.chat.completions.create({
      model: "gpt-5.4",
      messages,
      stream: true,
      stream_options: { include_usage: true },
    });
    const chunks = await allOf(stream);
    const text = chunks.map((c) => c.choices[0]?.delta.content ?? "").join("");
    expect(text).toBe(plain.choices[0]?.message.content);
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: plain.usage });
    expect(chunks.slice(0, -1).every((c) => c.usage === null)).toBe(true);
    expect(chunks.at(-2)?.choices[0]?.finish_reason).toBe("stop");
  });

  it("bills reasoning within the completion, and no usage chunk unless asked", async ({
    expect,
  }) => {
    const { usage } = await client.chat.completions.create({ model: "gpt-5.4", messages });
    const reasoning = usage?.completion_tokens_details?.reasoning_tokens ?? 0;
    expect(reasoning).toBeGreaterThan(0);
    expect(usage?.completion_tokens).toBeGreaterThan(reasoning);
    expect(usage?.total_tokens).toBe((usage?.prompt_tokens ?? 0) + (usage?.completion_tokens ?? 0));
    const stream = await client.chat.completions.create({
      model: "gpt-5.4",
      messages,
      stream: true,
    });
    for await (const chunk of stream) expect(chunk.usage).toBeUndefined();
  });

  it("end at max_tokens with reason length, and at a stop text", async ({ expect }) => {
    const cut = await client.chat.completions.create({
      model: "gpt-5.4",
      messages,
      max_completion_tokens: 5,
    });
    expect(cut.choices[0]?.finish_reason).toBe("length");
    expect(cut.usage?.completion_tokens).toBe(5);
    const full = (await client.chat.completions.create({ model: "gpt-5.4", messages })).choices[0];
    const stop = full?.message.content?.split(" ")[3] ?? "";
    const stopped = await client.chat.completions.create({ model: "gpt-5.4", messages, stop });
    expect(stopped.choices[0]?.finish_reason).toBe("stop");
    expect(full?.message.content?.startsWith(`${stopped.choices[0]?.message.content}${stop}`)).toBe(
      true,
    );
  });

  it("come n at a time, each different, streamed by index", async ({ expect }) => {
    const plain = await client.chat.completions.create({ model: "gpt-5.4", messages, n: 3 });
    const texts = plain.choices.map((c) => c.message.content ?? "");
    expect(new Set(texts).size).toBe(3);
    const streamed = ["", "", ""];
    const stream = await client.chat.completions.create({
      model: "gpt-5.4",
      messages,
      n: 3,
      stream: true,
    });
    for await (const chunk of stream)
      for (const { index, delta } of chunk.choices) streamed[index] += delta.content ?? "";
    expect(streamed).toEqual(texts);
  });

  it("accept images and bill them", async ({ expect }) => {
    const content: OpenAI.ChatCompletionContentPart[] = [
      { type: "text", text: "What is in this picture?" },
      { type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } },
    ];
    const answer = await client.chat.completions.create({
      model: "gpt-5.4",
      messages: [{ role: "user", content }],
    });
    expect(answer.choices[0]?.message.content).toMatch(/^The image is clear/);
    expect(answer.usage?.prompt_tokens).toBeGreaterThan(765);
  });

  it("know each vendor's own names, and list them", async ({ expect }) => {
    const groq = clientOf("groq");
    const ids = (await groq.models.list()).data.map((m) => m.id);
    expect(ids).toContain("openai/gpt-oss-20b");
    const answer = await groq.chat.completions.create({ model: "openai/gpt-oss-20b", messages });
    expect(answer.model).toBe("openai/gpt-oss-20b");
    await expect(
      groq.chat.completions.create({ model: "gpt-oss-20b", messages }),
    ).rejects.toBeInstanceOf(NotFoundError);
  });

  it("refuse a bad request as OpenAI does", async ({ expect }) => {
    const error = await failureOf(
      client.chat.completions.create({ model: "gpt-5.4", messages: [] }),
    );
    expect(error).toBeInstanceOf(BadRequestError);
    expect(error).toMatchObject({ type: "invalid_request_error", param: "messages" });
  });
});

describe("tools and structure", () => {
  it("calls a tool that the prompt asks for, with arguments that fit", async ({ expect }) => {
    const messages = ask("What is the weather forecast for Lisbon over the next 3 days?");
    const answer = await client.chat.completions.create({
      model: "gpt-5.4",
      messages,
      tools: [WEATHER],
    });
    const choice = answer.choices[0];
    expect(choice?.finish_reason).toBe("tool_calls");
    const call = choice?.message.tool_calls?.[0];
    expect(call?.type === "function" && call.function.name).toBe("get_weather");
    const given = call?.type === "function" ? JSON.parse(call.function.arguments) : {};
    expect(given).toMatchObject({ city: "Lisbon", days: 3 });
    expect(["celsius", "fahrenheit"]).toContain(given.unit);
  });

  it("answers in words when no tool fits, when told not to, and after the result", async ({
    expect,
  }) => {
    const base = { model: "gpt-5.4", tools: [WEATHER] };
    const poem = await client.chat.completions.create({
      ...base,
      messages: ask("Write a short poem about rust."),
    });
    expect(poem.choices[0]?.message.tool_calls).toBeUndefined();
    const messages = ask("What is the weather forecast for Lisbon?");
    const told = await client.chat.completions.create({ ...base, messages, tool_choice: "none" });
    expect(told.choices[0]?.message.content).toBeTruthy();
    const first = await client.chat.completions.create({ ...base, messages });
    const asked = first.choices[0]?.message;
    const id = asked?.tool_calls?.[0]?.id;
    if (asked === undefined || id === undefined) throw new Error("no tool was called");
    const result = { role: "tool" as const, tool_call_id: id, content: "Drizzle, 14 degrees" };
    const second = await client.chat.completions.create({
      ...base,
      messages: [...messages, asked, result],
    });
    expect(second.choices[0]?.finish_reason).toBe("stop");
  });

  it.for([
    ["gpt-5.6-luna", undefined, 400],
    ["gpt-5.6-luna", "low", 400],
    ["gpt-5.6-luna", null, 400],
    ["gpt-5.6-luna", "none", 200],
    ["gpt-6-luna", undefined, 400],
    ["gpt-6-luna", "none", 200],
    ["gpt-6-astra", "none", 400],
    ["gpt-5.4", undefined, 200],
    ["gpt-5.4", null, 200],
    ["gpt-5.4", "low", 400],
    ["gpt-5.4", "none", 200],
    ["gpt-5-mini", "low", 200],
  ] as const)(
    "are refused in chat where OpenAI refuses them: %s %s",
    async ([model, reasoning_effort, status], { expect }) => {
      const body = {
        model,
        messages: ask("Hi"),
        ...(reasoning_effort !== undefined && { reasoning_effort }),
      };
      const { response } = await client.chat.completions.create(body).withResponse();
      expect(response.status).toBe(200);
      const refused = await failureOf(
        client.chat.completions.create({ ...body, tools: [WEATHER] }),
      );
      if (status === 200) return expect(refused).toBeUndefined();
      return expect(refused).toMatchObject({
        status,
        error: {
          message: `Function tools with reasoning_effort are not supported for ${model} in /v1/chat/completions. To use function tools, use /v1/responses or set reasoning_effort to 'none'.`,
          type: "invalid_request_error",
          param: "reasoning_effort",
          code: null,
        },
      });
    },
  );

  it("must call when required, and streams the arguments in pieces", async ({ expect }) => {
    const stream = await client.chat.completions.create({
      model: "gpt-5.4",
      messages: ask("Good evening."),
      tools: [WEATHER],
      tool_choice: "required",
      stream: true,
    });
    const deltas = (await allOf(stream)).flatMap((c) => c.choices[0]?.delta.tool_calls ?? []);
    expect(deltas[0]).toMatchObject({
      index: 0,
      type: "function",
      function: { name: "get_weather" },
    });
    const json = deltas.map((d) => d.function?.arguments ?? "").join("");
    expect(JSON.parse(json)).toHaveProperty("city");
    expect(deltas.length).toBeGreaterThan(3);
  });

  it("answers JSON when asked for it, and an object that fits a schema", async ({ expect }) => {
    const messages = ask("Extract the invoice: two ropes, one anchor, 430 euros.");
    const loose = await client.chat.completions.create({
      model: "gpt-5.4",
      messages,
      response_format: { type: "json_object" },
    });
    expect(JSON.parse(loose.choices[0]?.message.content ?? "")).toHaveProperty("answer");
    const schema = {
      type: "object",
      required: ["total", "currency", "lines"],
      properties: {
        total: { type: "number", minimum: 100 },
        currency: { enum: ["EUR"] },
        lines: { type: "array", minItems: 2, items: { $ref: "#/$defs/line" } },
      },
      $defs: {
        line: {
          type: "object",
          properties: { what: { type: "string" }, paid: { type: "boolean" } },
        },
      },
    };
    const strict = await client.chat.completions.create({
      model: "gpt-5.4",
      messages,
      response_format: { type: "json_schema", json_schema: { name: "invoice", schema } },
    });
    const value = JSON.parse(strict.choices[0]?.message.content ?? "");
    expect(value).toMatchObject({ total: 430, currency: "EUR" });
    expect(value.lines.length).toBeGreaterThanOrEqual(2);
    expect(typeof value.lines[0].what).toBe("string");
    expect(typeof value.lines[0].paid).toBe("boolean");
  });
});

describe("faults", () => {
  const model = "gpt-5.4";

  it("answer with a status and retry-after, by rule, as often as told", async ({ expect }) => {
    vendor.faults.add({
      fault: { kind: "status", status: 429, retryAfterMs: 1_500 },
      model: "openai/gpt-5.4",
      times: 1,
    });
    const error = await failureOf(client.chat.completions.create({ model, messages: ask("Hi") }));
    if (!(error instanceof RateLimitError)) throw new Error(`not a 429: ${String(error)}`);
    expect(error.headers.get("retry-after")).toBe("2");
    expect(error.headers.get("retry-after-ms")).toBe("1500");
    const after = await client.chat.completions.create({ model, messages: ask("Hi") });
    expect(after.choices).toHaveLength(1);
  });

  it("strike the model that a marker names, and no other", async ({ expect }) => {
    const messages = ask("Hello [sim:500 model=openai/gpt-5.4]");
    await expect(client.chat.completions.create({ model, messages })).rejects.toMatchObject({
      status: 500,
    });
    const other = await client.chat.completions.create({ model: "gpt-5-mini", messages });
    expect(other.choices).toHaveLength(1);
  });

  it("come by header and by the control route, and a misspelt one is refused", async ({
    expect,
  }) => {
    const messages = ask("Hi");
    const headers = { "x-sim-fault": "503" };
    await expect(
      client.chat.completions.create({ model, messages }, { headers }),
    ).rejects.toMatchObject({
      status: 503,
    });
    expect(await postFault({ vendor: "openai", fault: "529" })).toBe(200);
    await expect(client.chat.completions.create({ model, messages })).rejects.toMatchObject({
      status: 529,
    });
    expect(await postFault({ fault: "flood" })).toBe(400);
    expect(await postFault({ fault: "429:after=1" })).toBe(400);
  });

  it.for([
    ["cut", /terminated|closed|aborted|ECONNRESET/i],
    ["malformed", /JSON/],
    ["error-chunk", /on demand/],
  ] as const)("break a stream after some events: %s", async ([kind, message], { expect }) => {
    const stream = await client.chat.completions.create({
      model,
      messages: ask(`Tell me about tides. [sim:${kind}:after=4]`),
      stream: true,
    });
    let events = 0;
    const error = await failureOf(
      (async () => {
        for await (const chunk of stream) events += chunk.choices.length;
      })(),
    );
    // A reset connection may take events with it that the client had not read yet.
    expect(kind === "cut" ? Math.max(events, 4) : events).toBe(4);
    expect(vendor.requests.all().at(-1)?.sentEvents).toBeGreaterThanOrEqual(4);
    const cause = error instanceof Error ? error.cause : undefined;
    expect(`${String(error)} ${String(cause)}`).toMatch(message);
  });

  it("hold a stream back until it is released", async ({ expect }) => {
    const stream = await client.chat.completions.create({
      model,
      messages: ask("Tell me about tides. [sim:stall-mid:after=3]"),
      stream: true,
    });
    const events = stream[Symbol.asyncIterator]();
    for (let i = 0; i < 3; i++) expect((await events.next()).done).toBe(false);
    const record = vendor.requests.all().at(-1);
    expect(record).toMatchObject({ state: "open", sentEvents: 3 });
    vendor.release();
    const rest = await allOf({ [Symbol.asyncIterator]: () => events });
    expect(rest.at(-1)?.choices[0]?.finish_reason).toBe("stop");
    expect(await record?.ended).toBe("finished");
  });

  it("let one event through per release when stepping", async ({ expect }) => {
    const stream = await client.chat.completions.create({
      model,
      messages: ask("Hi [sim:step]"),
      max_tokens: 3,
      stream: true,
    });
    const record = vendor.requests.all().at(-1);
    const sent: unknown[] = [];
    for await (const chunk of stream) {
      expect(chunk.choices).toHaveLength(1);
      sent.push(record?.sentEvents);
      vendor.release();
    }
    // Role, three pieces, finish; [DONE] follows the finish at once.
    expect(sent).toEqual([1, 2, 3, 4, 6]);
  });

  it.for(["error-body", "wrong-type", "empty"])(
    "answer 200 with no answer: %s",
    async (kind, { expect }) => {
      const response = await fetch(`${vendor.url}/openai/v1/chat/completions`, {
        method: "POST",
        headers: { "x-sim-fault": kind },
        body: JSON.stringify({ model, messages: ask("Hi") }),
      });
      expect(response.status).toBe(200);
      const text = await response.text();
      if (kind === "wrong-type") expect(response.headers.get("content-type")).toBe("text/html");
      else if (kind === "empty") expect(JSON.parse(text)).toMatchObject({ choices: [] });
      else expect(JSON.parse(text)).toHaveProperty("error.message");
    },
  );
});

describe("the request log", () => {
  it("shows what arrived without keys, and who hung up", async ({ expect }) => {
    const gone = new AbortController();
    const arrived = vendor.requests.next();
    const call = client.chat.completions.create(
      { model: "gpt-5.4", messages: ask("Wait [sim:stall]"), user: "u-17" },
      { signal: gone.signal },
    );
    const record = await arrived;
    expect(record).toMatchObject({
      vendor: "openai",
      upstreamModel: "gpt-5.4",
      isStream: false,
      state: "open",
    });
    expect(record.body).toMatchObject({ user: "u-17" });
    expect(record.headers["authorization"]).toBe("(withheld)");
    gone.abort();
    await expect(call).rejects.toThrow(/abort/i);
    expect(await record.ended).toBe("aborted");
    const listed = await fetch(`${vendor.url}/__sim/requests`);
    const shown: unknown = await listed.json();
    const aborted = { index: record.index, state: "aborted" };
    expect(shown).toMatchObject({
      requests: expect.arrayContaining([expect.objectContaining(aborted)]),
    });
    expect(JSON.stringify(shown)).not.toContain("sk-none");
  });

  it("keeps an answer that a reader takes slowly intact", async ({ expect }) => {
    const text = await whole(
      await client.chat.completions.create({
        model: "gpt-5.4",
        messages: ask("Write a story in detail about an island."),
        stream: true,
      }),
    );
    expect(text.length).toBeGreaterThan(300);
  });
});
