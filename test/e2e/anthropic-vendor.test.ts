/**
 * Claude behind OpenAI's client: the worker in real workerd speaks Anthropic's own format to the simulated
 * vendor, which is as strict about it as Anthropic, and the client sees nothing but OpenAI's.
 */
import { BadRequestError, type OpenAI } from "openai";
import { afterAll, beforeAll, describe, it } from "vitest";
import { isRecord } from "../../worker/lib/json.ts";
import { startLocalService, type LocalService } from "../support/node/local-service.ts";

const MODEL = "anthropic/claude-haiku-5-5";
const WEATHER: OpenAI.ChatCompletionTool = {
  type: "function",
  function: {
    name: "get_weather",
    description: "Weather forecast of a city",
    parameters: {
      type: "object",
      properties: { city: { type: "string" } },
      required: ["city"],
      additionalProperties: false,
    },
  },
};

let service: LocalService;
let client: OpenAI;

beforeAll(async () => {
  service = await startLocalService();
  client = service.client();
});
afterAll(() => service.close());

type Fields = Partial<Omit<OpenAI.ChatCompletionCreateParamsNonStreaming, "model">>;

function ask(content: string, more: Fields = {}) {
  return { model: MODEL, messages: [{ role: "user" as const, content }], ...more };
}

/** What the vendor got last, which is Anthropic's body. */
function lastBody(): Record<string, unknown> {
  const body = service.vendor.requests.all().at(-1)?.body;
  if (!isRecord(body)) throw new Error("The vendor got nothing");
  return body;
}

describe("Claude behind OpenAI's client", () => {
  it("answers the same streamed and plain, with the same usage", async ({ expect }) => {
    const question = ask("Explain why lighthouses use Fresnel lenses.", { max_tokens: 400 });
    const plain = await client.chat.completions.create(question);
    expect(lastBody()).toMatchObject({ model: "claude-haiku-5-5", max_tokens: 400 });
    const stream = client.chat.completions.stream({
      ...question,
      stream: true,
      stream_options: { include_usage: true },
    });
    const whole = await stream.finalChatCompletion();
    expect(whole.choices[0]?.message.content).toBe(plain.choices[0]?.message.content);
    expect(whole.usage).toEqual(plain.usage);
    expect(plain.usage?.completion_tokens_details?.reasoning_tokens).toBeGreaterThan(0);
    expect(plain.created).toBeGreaterThan(1.7e9);
  });

  it("carries a tool's round trip with thinking that goes back unaltered", async ({ expect }) => {
    const question = ask("What is the weather forecast for Lisbon?", {
      tools: [WEATHER],
      reasoning_effort: "low",
    });
    const first = await client.chat.completions.create(question);
    const asked = first.choices[0]!.message;
    expect(first.choices[0]?.finish_reason).toBe("tool_calls");
    expect(asked).toHaveProperty("thinking_blocks.0.signature");
    const id = asked.tool_calls![0]!.id;
    const second = await client.chat.completions.create({
      ...question,
      messages: [
        ...question.messages,
        asked,
        { role: "tool", tool_call_id: id, content: "Drizzle" },
      ],
    });
    expect(second.choices[0]?.finish_reason).toBe("stop");
    expect(lastBody()["messages"]).toMatchObject([
      { role: "user" },
      { role: "assistant", content: [{ type: "thinking" }, { type: "tool_use", id }] },
      { role: "user", content: [{ type: "tool_result", tool_use_id: id }] },
    ]);
  });

  it("streams a call's arguments, and an answer that fits a schema", async ({ expect }) => {
    const stream = client.chat.completions.stream({
      ...ask("What is the weather forecast for Lisbon?", { tools: [WEATHER] }),
      stream: true,
    });
    const [call] = (await stream.finalChatCompletion()).choices[0]?.message.tool_calls ?? [];
    expect(call?.type === "function" && JSON.parse(call.function.arguments)).toEqual({
      city: "Lisbon",
    });
    const schema = { ...WEATHER.function.parameters };
    const answer = await client.chat.completions.create(
      ask("A city, please: Lisbon.", {
        response_format: { type: "json_schema", json_schema: { name: "city", schema } },
      }),
    );
    expect(JSON.parse(answer.choices[0]?.message.content ?? "")).toHaveProperty("city");
  });

  it("bills what is written to the prompt cache at its own price", async ({ expect }) => {
    const text = "A long book about locks and gates. ".repeat(40);
    const cached = { type: "text" as const, text, cache_control: { type: "ephemeral" } };
    const { data, response } = await client.chat.completions
      .create({
        model: MODEL,
        messages: [
          { role: "system", content: [cached] },
          { role: "user", content: "Who wrote it?" },
        ],
      })
      .withResponse();
    const { prompt_tokens: input = 0, completion_tokens: output = 0 } = data.usage ?? {};
    const details: unknown = data.usage?.prompt_tokens_details;
    const written = isRecord(details) ? Number(details["cache_write_tokens"]) : 0;
    expect(written).toBeGreaterThan(100);
    const exactMicroUsd = (input - written) * 0.1 + written * 0.125 + output * 0.5;
    const billedMicroUsd = Number(response.headers.get("x-sluice-cost-usd")) * 1e6;
    expect(billedMicroUsd - exactMicroUsd).toBeGreaterThan(-0.01);
    expect(billedMicroUsd - exactMicroUsd).toBeLessThan(3.01);
  });

  it.for<[string, Fields]>([
    ["refuses_n", { n: 2 }],
    ["refuses_sampling", { temperature: 0.2 }],
    ["refuses_logprobs", { logprobs: true }],
    ["refuses_json_object", { response_format: { type: "json_object" } }],
    ["verbosity", { verbosity: "low" }],
  ])("is a clear 400 for what Claude has no words for: %s", async ([word, more], { expect }) => {
    const before = service.vendor.requests.all().length;
    const refused = client.chat.completions.create(ask("Hi", more));
    await expect(refused).rejects.toBeInstanceOf(BadRequestError);
    await expect(refused).rejects.toThrow(word);
    expect(service.vendor.requests.all()).toHaveLength(before);
  });

  it.for([
    ["529", 502, /Anthropic/],
    ["429", 429, /Anthropic/],
    ["400", 400, /answers 400 on demand/],
    ["empty", 502, /without content/],
    ["error-body", 502, /fails on demand/],
    ["malformed", 502, /cannot be read/],
    ["wrong-type", 502, /text\/html/],
    ["cut", 502, /Anthropic/],
  ] as const)("says what the vendor did wrong: %s", async ([fault, status, words], { expect }) => {
    const failed = client.chat.completions.create(ask(`Hi [sim:${fault}]`));
    await expect(failed).rejects.toMatchObject({ status });
    await expect(failed).rejects.toThrow(words);
  });

  it.for(["error-chunk:after=2", "cut:after=3", "malformed:after=2"])(
    "ends a stream that dies with an error, never as whole: %s",
    async (fault, { expect }) => {
      const stream = await client.chat.completions.create({
        ...ask(`Explain rust at length. [sim:${fault}]`),
        stream: true,
      });
      let text = "";
      await expect(async () => {
        for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? "";
      }).rejects.toThrow(/./);
      expect(text).not.toBe("");
    },
  );
});
