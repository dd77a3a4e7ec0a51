/**
 * What vendors are sent and how their refusals are read, without a network: each dialect's field names,
 * the reason and the retry of each status, and that a key leaves in its own header and nowhere else.
 */
import { describe, it } from "vitest";
import { chatRequestSchema } from "../../../worker/domain/chat.ts";
import { endpointsOf, type Endpoint } from "../../../worker/providers/endpoints.ts";
import { buildRequest, readStatus } from "../../../worker/providers/openai-compatible.ts";
import { VENDORS } from "../../../worker/providers/registry.ts";
import { parseObject } from "../fixture/vendor.ts";

const KEY = "very-secret-0123456789";

function endpoint(vendor: string): Endpoint {
  return endpointsOf({ keys: { [vendor]: KEY } }).get(vendor)!;
}

function bodyFor(vendor: string, fields: Record<string, unknown>): Record<string, unknown> {
  const request = chatRequestSchema.parse({
    model: "auto",
    messages: [{ role: "user", content: "Hi" }],
    ...fields,
  });
  return parseObject(buildRequest(endpoint(vendor), request, "m-1").body);
}

function read(status: number, body: unknown = {}, headers: Record<string, string> = {}) {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return readStatus({ status, headers: new Headers(headers) }, text, {
    endpoint: endpoint("openai"),
    nowMs: 0,
  });
}

describe("VENDORS", () => {
  it("has one row per vendor, reached by https, with a key of its own", ({ expect }) => {
    expect(new Set(VENDORS.map(({ id }) => id)).size).toBe(VENDORS.length);
    expect(new Set(VENDORS.map(({ keyName }) => keyName)).size).toBe(VENDORS.length);
    for (const { baseUrl, keyName } of VENDORS) {
      expect(baseUrl).toMatch(/^https:\/\/[^/]+\/.*[^/]$/);
      expect(keyName).toMatch(/^[A-Z]+_API_KEY$/);
    }
  });
});

describe("endpointsOf", () => {
  it("serves the vendors whose key is there", ({ expect }) => {
    expect([...endpointsOf({ keys: { groq: KEY } }).keys()]).toEqual(["groq"]);
  });

  it("sends everything to a stand-in, and never a key", ({ expect }) => {
    const endpoints = endpointsOf({ keys: { groq: KEY }, standInUrl: "http://127.0.0.1:9/" });
    expect(endpoints.size).toBe(VENDORS.length);
    expect(endpoints.get("groq")).toMatchObject({ baseUrl: "http://127.0.0.1:9/groq/v1" });
    expect(JSON.stringify([...endpoints.values()])).not.toContain(KEY);
  });
});

describe("buildRequest", () => {
  it("passes on what it does not know, and drops only what is ours", ({ expect }) => {
    const fields = { seed: 7, tools: [{ type: "function", extra: 1 }], invented: { deep: [null] } };
    const body = bodyFor("openai", { ...fields, sluice: { preset: "cost" } });
    expect(body).toEqual({ ...fields, model: "m-1", messages: [{ role: "user", content: "Hi" }] });
  });

  it("puts the key into the header and nowhere else", ({ expect }) => {
    const request = chatRequestSchema.parse({ model: "a", messages: [{ role: "user" }] });
    const { url, headers, body } = buildRequest(endpoint("groq"), request, "m-1");
    expect(headers["authorization"]).toBe(`Bearer ${KEY}`);
    expect(url).toBe("https://api.groq.com/openai/v1/chat/completions");
    expect(url + body).not.toContain(KEY);
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

describe("readStatus", () => {
  it.for<[number, string, boolean]>([
    [302, "vendor_error", true],
    [400, "rejected", false],
    [401, "vendor_error", true],
    [403, "vendor_error", true],
    [404, "vendor_error", true],
    [408, "timeout", true],
    [422, "rejected", false],
    [429, "rate_limited", true],
    [500, "vendor_error", true],
    [503, "vendor_error", true],
    [504, "timeout", true],
    [529, "vendor_error", true],
  ])("takes status %i for %s, retryable: %s", ([status, reason, isRetryable], { expect }) => {
    expect(read(status)).toMatchObject({ reason, isRetryable, status });
  });

  it.for<[unknown, string]>([
    [{ error: { message: "bad temperature" } }, "OpenAI: bad temperature"],
    [{ error: "bad temperature" }, "OpenAI: bad temperature"],
    [{ message: "bad temperature" }, "OpenAI: bad temperature"],
    [{ detail: [{ loc: ["n"] }] }, 'OpenAI: [{"loc":["n"]}]'],
    [[{ error: { message: "bad temperature" } }], "OpenAI: bad temperature"],
    ["<html>Bad Gateway</html>", "OpenAI answered with status 400"],
    ["", "OpenAI answered with status 400"],
  ])("quotes the vendor: %j", ([body, expected], { expect }) => {
    expect(read(400, body).message).toBe(expected);
  });

  it("quotes no key, no control characters, and not too much", ({ expect }) => {
    const said = `${KEY} sk-proj-abcdefgh1234 AIzaSyA-0123456789 a\u001B[31m\nb ${"x".repeat(900)}`;
    const { message } = read(400, { error: { message: said } });
    expect(message).toMatch(/^OpenAI: \[key\] \[key\] \[key\] a \[31m b x+…$/);
    expect(message.length).toBeLessThan(450);
  });

  it("does not quote what is said about our key", ({ expect }) => {
    const { message } = read(401, { error: { message: "Incorrect API key: ab***yz" } });
    expect(message).toBe("OpenAI answered with status 401");
  });

  it("keeps the time to wait", ({ expect }) => {
    expect(read(429, {}, { "retry-after": "3" }).retryAfterMs).toBe(3_000);
    expect(read(500)).not.toHaveProperty("retryAfterMs");
  });
});
