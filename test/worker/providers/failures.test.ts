/** How vendors' refusals are read: the reason and the retry of each status, and what is quoted of them. */
import { describe, it } from "vitest";
import { endpointsOf } from "../../../worker/providers/endpoints.ts";
import { readStatus } from "../../../worker/providers/failures.ts";

const KEY = "very-secret-0123456789";

function read(status: number, body: unknown = {}, headers: Record<string, string> = {}) {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return readStatus({ status, headers: new Headers(headers) }, text, {
    endpoint: endpointsOf({ keys: { openai: [KEY] } }).get("openai")![0],
    nowMs: 0,
  });
}

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
    [
      { success: false, errors: [{ code: 7, message: "bad temperature" }] },
      "OpenAI: bad temperature",
    ],
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
    const details = [{ "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "34.5s" }];
    expect(read(429, { error: { code: 429, details } }).retryAfterMs).toBe(34_500);
    expect(read(500)).not.toHaveProperty("retryAfterMs");
  });

  it.for(["API_KEY_INVALID", "FAILED_PRECONDITION"])(
    "does not take Google's 400 %s for the client's fault",
    (reason, { expect }) => {
      const error = { code: 400, message: "API key not valid: ab***yz", details: [{ reason }] };
      expect(read(400, [{ error }])).toMatchObject({
        reason: "vendor_error",
        isRetryable: true,
        message: "OpenAI answered with status 400",
      });
    },
  );

  it("does not let a client's own words pass for the refusal of our key", ({ expect }) => {
    const error = {
      message: "Unknown parameter",
      param: "FAILED_PRECONDITION",
      code: "API_KEY_INVALID",
    };
    expect(read(400, { error })).toMatchObject({ reason: "rejected", isRetryable: false });
  });

  it.for<[string, number, unknown]>([
    ["OpenAI", 400, { error: { code: "context_length_exceeded", message: "x" } }],
    ["llama.cpp", 400, { error: { type: "exceed_context_size_error", message: "x" } }],
    ["vLLM", 400, { message: "This model's maximum context length is 4096 tokens." }],
    ["Anthropic", 400, anthropic("prompt is too long: 208310 tokens > 200000 maximum")],
    ["Anthropic", 400, anthropic("input length and `max_tokens` exceed context limit: 1 + 2 > 3")],
    [
      "Google",
      400,
      [google("The input token count (9) exceeds the maximum number of tokens allowed (8).")],
    ],
    [
      "xAI",
      400,
      { error: "This model's maximum prompt length is 8 but the request has 9 tokens." },
    ],
    ["Together", 422, { error: { message: "`inputs` tokens + `max_new_tokens` must be <= 8193" } }],
    ["Mistral", 400, { message: "Prompt contains 9 tokens, too large for model with 8 maximum" }],
    ["Groq", 413, { error: { code: "context_length_exceeded", message: "x" } }],
  ])("knows a prompt too long for a model: %s, %i", ([, status, body], { expect }) => {
    expect(read(status, body)).toMatchObject({ reason: "context_overflow", isRetryable: true });
  });

  it.for<[string, number, unknown]>([
    ["Azure", 400, { error: { code: "content_filter", message: "x" } }],
    [
      "Azure",
      400,
      { error: { message: "x", innererror: { code: "ResponsibleAIPolicyViolation" } } },
    ],
    ["OpenAI", 400, { error: { code: "invalid_prompt", message: "x" } }],
    ["OpenAI", 400, { error: { code: "bio_policy", message: "x" } }],
    ["DeepSeek", 400, { error: { message: "Content Exists Risk" } }],
    ["xAI", 403, { error: "Content violates usage guidelines." }],
    [
      "OpenRouter",
      403,
      { error: { code: 403, message: "Model requires moderation and your input was flagged" } },
    ],
  ])("knows a content filter: %s, %i", ([, status, body], { expect }) => {
    const failure = read(status, body);
    expect(failure).toMatchObject({ reason: "content_filtered", isRetryable: true });
    expect(failure.message).toContain("OpenAI: ");
  });

  it.for<[number, unknown, string]>([
    [400, { error: { message: "max_tokens must be at most 4096" } }, "rejected"],
    [400, { error: { message: "messages: the list is too long" } }, "rejected"],
    [400, { error: { message: "the filter `content` is unknown", code: "toString" } }, "rejected"],
    [413, { error: { message: "Request too large for tokens per minute" } }, "vendor_error"],
    [500, { error: { code: "context_length_exceeded" } }, "vendor_error"],
    [429, { error: { message: "prompt is too long for your tier" } }, "rate_limited"],
  ])("takes no other refusal for one of these: %i %j", ([status, body, reason], { expect }) => {
    expect(read(status, body).reason).toBe(reason);
  });

  it("survives an error that is nested deeper than the stack", ({ expect }) => {
    const deep = `{"detail":${"[".repeat(4_000)}${"]".repeat(4_000)}}`;
    expect(read(400, deep).message).toMatch(/^OpenAI/);
  });
});

function anthropic(message: string) {
  return { type: "error", error: { type: "invalid_request_error", message } };
}

function google(message: string) {
  return { error: { code: 400, message, status: "INVALID_ARGUMENT" } };
}
