/**
 * The simulated vendor in Anthropic's own format, judged by Anthropic's official client: what it puts
 * together from a stream is the plain answer, and each fault raises its own error.
 */
import Anthropic, {
  AuthenticationError,
  BadRequestError,
  InternalServerError,
  NotFoundError,
  RateLimitError,
} from "@anthropic-ai/sdk";
import { afterAll, beforeAll, describe, it } from "vitest";
import { startVendor, type Vendor } from "../../scripts/vendor.ts";

const MODEL = "claude-haiku-5-5";
const WEATHER: Anthropic.Tool = {
  name: "get_weather",
  description: "Weather forecast of a city",
  input_schema: {
    type: "object",
    properties: { city: { type: "string" } },
    required: ["city"],
  },
};

let vendor: Vendor;
let client: Anthropic;

beforeAll(async () => {
  vendor = await startVendor();
  client = new Anthropic({ apiKey: "none", baseURL: `${vendor.url}/anthropic`, maxRetries: 0 });
});
afterAll(() => vendor.close());

function ask(content: string, more: object = {}) {
  return { model: MODEL, max_tokens: 900, messages: [{ role: "user" as const, content }], ...more };
}

describe("Anthropic's client", () => {
  it.for([
    ["text", "Explain why lighthouses use Fresnel lenses.", {}],
    ["thinking", "Explain why lighthouses use Fresnel lenses.", { thinking: { type: "adaptive" } }],
    ["a call", "What is the weather forecast for Lisbon?", { tools: [WEATHER] }],
  ] as const)(
    "puts together from a stream what the plain answer is: %s",
    async ([, prompt, more], { expect }) => {
      const plain = await client.messages.create(ask(prompt, more));
      const streamed = await client.messages.stream(ask(prompt, more)).finalMessage();
      expect(streamed).toMatchObject(plain);
      expect(plain.stop_reason).toBe("tools" in more ? "tool_use" : "end_turn");
      expect(plain.content[0]?.type).toBe(
        "tools" in more ? "tool_use" : "thinking" in more ? "thinking" : "text",
      );
    },
  );

  it("takes back its calls and thoughts unaltered, and bills what is marked", async ({
    expect,
  }) => {
    const question = ask("What is the weather forecast for Lisbon?", { tools: [WEATHER] });
    const { content } = await client.messages.create({
      ...question,
      thinking: { type: "adaptive" },
    });
    const call = content.find(({ type }) => type === "tool_use");
    if (call?.type !== "tool_use") throw new Error("no call");
    const mark = { type: "ephemeral" as const };
    const result = { type: "tool_result" as const, tool_use_id: call.id, content: "Drizzle" };
    const conversation = [
      ...question.messages,
      { role: "assistant" as const, content },
      { role: "user" as const, content: [{ ...result, cache_control: mark }] },
    ];
    const answer = await client.messages.create({ ...question, messages: conversation });
    expect(answer.stop_reason).toBe("end_turn");
    expect(answer.usage.cache_creation_input_tokens).toBeGreaterThan(0);
    const altered = content.map((block) =>
      block.type === "thinking" ? { ...block, thinking: "Something else." } : block,
    );
    const forged = conversation.map((turn) =>
      turn.content === content ? { ...turn, content: altered } : turn,
    );
    await expect(client.messages.create({ ...question, messages: forged })).rejects.toBeInstanceOf(
      BadRequestError,
    );
    await expect(
      client.messages.create({ ...question, messages: conversation.slice(0, 2) }),
    ).rejects.toThrow(/tool_result/);
  });

  it("is refused what Anthropic does not know", async ({ expect }) => {
    await expect(client.messages.create(ask("Hi", { logprobs: true }))).rejects.toThrow(/logprobs/);
    await expect(
      client.messages.create({ ...ask("Hi"), model: "claude-0" }),
    ).rejects.toBeInstanceOf(NotFoundError);
  });

  it.for([
    ["429", RateLimitError, "rate_limit_error"],
    ["529", InternalServerError, "overloaded_error"],
    ["401", AuthenticationError, "authentication_error"],
  ] as const)("raises its own error for %s", async ([fault, kind, type], { expect }) => {
    const refused = client.messages.create(ask(`Hi [sim:${fault}]`));
    await expect(refused).rejects.toBeInstanceOf(kind);
    await expect(refused).rejects.toMatchObject({ type });
  });

  it("learns of an error within a stream", async ({ expect }) => {
    const stream = client.messages.stream(ask("Hi [sim:error-chunk:after=1]"));
    await expect(stream.finalMessage()).rejects.toMatchObject({ type: "api_error" });
  });
});
