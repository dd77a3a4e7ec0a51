/** What vendors are sent, without a network: each dialect's field names, and a key in its header only. */
import { describe, it } from "vitest";
import { chatRequestSchema } from "../../../../worker/domain/chat.ts";
import { endpointsOf, type Endpoint } from "../../../../worker/providers/endpoints.ts";
import { OPENAI_COMPATIBLE } from "../../../../worker/providers/openai/adapter.ts";
import { parseObject } from "../../fixture/vendor.ts";

const KEY = "very-secret-0123456789";

function endpoint(vendor: string): Endpoint {
  return endpointsOf({ keys: { [vendor]: [KEY] } }).get(vendor)![0];
}

function bodyFor(vendor: string, fields: Record<string, unknown>): Record<string, unknown> {
  const request = chatRequestSchema.parse({
    model: "auto",
    messages: [{ role: "user", content: "Hi" }],
    ...fields,
  });
  return parseObject(OPENAI_COMPATIBLE.buildRequest(endpoint(vendor), request, "m-1").body);
}

describe("buildRequest", () => {
  it("passes on what it does not know, and drops only what is ours", ({ expect }) => {
    const fields = { seed: 7, tools: [{ type: "function", extra: 1 }], invented: { deep: [null] } };
    const body = bodyFor("openai", { ...fields, sluice: { preset: "cost" } });
    expect(body).toEqual({ ...fields, model: "m-1", messages: [{ role: "user", content: "Hi" }] });
  });

  it("puts the key into the header and nowhere else", ({ expect }) => {
    const request = chatRequestSchema.parse({ model: "a", messages: [{ role: "user" }] });
    const { url, headers, body } = OPENAI_COMPATIBLE.buildRequest(endpoint("groq"), request, "m-1");
    expect(headers["authorization"]).toBe(`Bearer ${KEY}`);
    expect(url).toBe("https://api.groq.com/openai/v1/chat/completions");
    expect(url + body).not.toContain(KEY);
  });

  it("uses the header that the vendor wants", ({ expect }) => {
    const addresses = { AZURE_OPENAI_ENDPOINT: "https://mine.openai.azure.com" };
    const [azure] = endpointsOf({ keys: { azure: [KEY] }, addresses }).get("azure")!;
    const request = chatRequestSchema.parse({ model: "a", messages: [{ role: "user" }] });
    const { url, headers } = OPENAI_COMPATIBLE.buildRequest(azure, request, "my-deployment");
    expect(url).toBe("https://mine.openai.azure.com/openai/v1/chat/completions");
    expect(headers).toMatchObject({ "api-key": KEY });
    expect(headers).not.toHaveProperty("authorization");
  });

  it.for<[string, Record<string, unknown>, Record<string, unknown>]>([
    ["openai", { max_tokens: 5 }, { max_completion_tokens: 5 }],
    ["openai", { max_completion_tokens: 5 }, { max_completion_tokens: 5 }],
    ["mistral", { max_completion_tokens: 5 }, { max_tokens: 5 }],
    ["mistral", { max_tokens: 9, max_completion_tokens: 5 }, { max_tokens: 5 }],
    ["mistral", { max_tokens: null }, {}],
  ])("tells %s %j as %j", ([vendor, fields, expected], { expect }) => {
    const { model: _m, messages: _s, ...rest } = bodyFor(vendor, fields);
    expect(rest).toEqual(expected);
  });

  it("asks for usage in streams where the vendor understands that", ({ expect }) => {
    const options = { stream_options: { include_usage: false, other: 1 } };
    expect(bodyFor("openai", { stream: true, ...options })["stream_options"]).toEqual({
      include_usage: true,
      other: 1,
    });
    expect(bodyFor("mistral", { stream: true, ...options })).not.toHaveProperty("stream_options");
    expect(bodyFor("openai", {})).not.toHaveProperty("stream_options");
  });

  it("writes developer as system where only that is known", ({ expect }) => {
    const messages = [{ role: "developer", content: "Be brief" }];
    expect(bodyFor("openai", { messages })["messages"]).toEqual(messages);
    expect(bodyFor("groq", { messages })["messages"]).toEqual([
      { role: "system", content: "Be brief" },
    ]);
  });
});
