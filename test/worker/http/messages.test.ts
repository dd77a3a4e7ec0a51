/** /v1/messages from request to answer: what the vendor is sent, what the client sees, and every kind of refusal. */
import { describe, it } from "vitest";
import { RouterError } from "../../../worker/domain/errors.ts";
import { messagesError } from "../../../worker/http/wire/anthropic/errors.ts";
import { SseDecoder } from "../../../worker/lib/sse.ts";
import { createService, type ServiceOptions } from "../fixture/service.ts";
import {
  chunk,
  finish,
  json,
  openStream,
  scriptedVendor,
  streamed,
  usageChunk,
  whole,
} from "../fixture/vendor.ts";
import { readLawfully } from "./wire/anthropic/stream-grammar.ts";

const PATH = "/v1/messages";
const COUNT = "/v1/messages/count_tokens";

interface Call {
  readonly path?: string;
  readonly method?: string;
  readonly fields?: Record<string, unknown>;
  readonly headers?: Record<string, string>;
}

async function ask(
  { path = PATH, method = "POST", fields, headers }: Call,
  options: ServiceOptions,
) {
  const service = createService(options);
  const response = await service.fetch(path, {
    method,
    headers: { "content-type": "application/json", ...headers },
    ...(method === "POST" && {
      body: JSON.stringify({
        model: "openai/small",
        max_tokens: 50,
        messages: [{ role: "user", content: "Hi" }],
        ...fields,
      }),
    }),
  });
  return { service, response };
}

async function eventsOf(response: Response) {
  return readLawfully(new SseDecoder().push(new Uint8Array(await response.arrayBuffer())));
}

describe("POST /v1/messages", () => {
  it("answers with a message, and says in headers what it did", async ({ expect }) => {
    const { send, requests } = scriptedVendor(whole());
    const headers = { "anthropic-version": "2023-06-01", "anthropic-beta": "some-beta-2026" };
    const { response } = await ask({ fields: { system: "Be brief" }, headers }, { send });
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      id: "msg_1",
      type: "message",
      role: "assistant",
      model: "small",
      content: [{ type: "text", text: "Hello." }],
      stop_reason: "end_turn",
      stop_sequence: null,
      usage: {
        input_tokens: 10,
        cache_creation_input_tokens: 0,
        cache_read_input_tokens: 0,
        output_tokens: 20,
      },
    });
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "content-type": "application/json",
      "request-id": "req_1",
      "x-sluice-cost-usd": "0.000090",
      "x-sluice-model": "openai/small",
    });
    expect(requests[0]!.body).toEqual({
      model: "small",
      max_completion_tokens: 50,
      messages: [
        { role: "system", content: "Be brief" },
        { role: "user", content: "Hi" },
      ],
    });
  });

  it("streams: message, blocks, usage and receipt", async ({ expect }) => {
    const { send } = scriptedVendor(
      streamed(chunk("Hel"), chunk("lo"), finish(), usageChunk(), "[DONE]"),
    );
    const { response, service } = await ask({ fields: { stream: true } }, { send });
    expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    expect(response.headers.get("x-sluice-model")).toBe("openai/small");
    const { message, blocks, end } = await eventsOf(response);
    expect(message).toMatchObject({ id: "msg_1", usage: { input_tokens: 5 } });
    expect(blocks).toMatchObject([{ type: "text", body: "Hello" }]);
    expect(end).toMatchObject({
      delta: { stop_reason: "end_turn" },
      usage: { input_tokens: 10, output_tokens: 20 },
      sluice: { cost_usd: 0.00009, model: "openai/small" },
    });
    await Promise.all(service.background);
    expect(service.log.at(-1)).toMatchObject({ event: "completion", ending: "complete" });
  });

  it("tells of a stream that breaks by an error event", async ({ expect }) => {
    const stream = openStream();
    const { send } = scriptedVendor(stream.respond);
    const asked = ask({ fields: { stream: true } }, { send });
    stream.write(chunk("Hel"));
    const { response } = await asked;
    stream.close();
    const { blocks, error } = await eventsOf(response);
    expect(blocks).toMatchObject([{ body: "Hel" }]);
    expect(error).toMatchObject({
      error: { type: "api_error", code: "upstream_cut" },
      request_id: "req_1",
    });
  });

  it("only decides on a dry run", async ({ expect }) => {
    const { send, requests } = scriptedVendor();
    const { response } = await ask({ headers: { "x-sluice-dry-run": "true" } }, { send });
    expect(await response.json()).toMatchObject({ object: "route", model: "openai/small" });
    expect(requests).toEqual([]);
  });

  it("shows a PDF only to a model that reads files", async ({ expect }) => {
    const source = { type: "base64", media_type: "application/pdf", data: "AAAA" };
    const messages = [{ role: "user", content: [{ type: "document", source }] }];
    const { response } = await ask({ fields: { messages } }, {});
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      error: { message: expect.stringContaining("lacks_files") },
    });
  });

  it("asks for thinking only a model that thinks", async ({ expect }) => {
    const thinking = { type: "enabled", budget_tokens: 1_024 };
    const { response } = await ask({ fields: { thinking } }, {});
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      error: { message: expect.stringContaining("lacks_reasoning") },
    });
  });
});

describe("POST /v1/messages/count_tokens", () => {
  it("estimates as routing does", async ({ expect }) => {
    const fields = { max_tokens: undefined, system: "Be brief", model: "auto" };
    const { response } = await ask({ path: COUNT, fields }, {});
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ input_tokens: 11 });
  });
});

interface Refusal extends Call {
  readonly what: string;
  readonly options?: ServiceOptions;
  readonly status: number;
  readonly type: string;
  readonly code: string;
}

function vendor(...args: Parameters<typeof json>): ServiceOptions {
  return { send: scriptedVendor(json(...args)).send };
}

const INVALID = { status: 400, type: "invalid_request_error" } as const;
const REFUSALS: readonly Refusal[] = [
  { what: "a wrong body", fields: { messages: [] }, ...INVALID, code: "invalid_body" },
  { what: "a foreign field", fields: { container: "c" }, ...INVALID, code: "unsupported_field" },
  { what: "a wrong count", path: COUNT, fields: { messages: 1 }, ...INVALID, code: "invalid_body" },
  {
    what: "a large body",
    fields: { system: "a".repeat(20_000) },
    status: 413,
    type: "request_too_large",
    code: "body_too_large",
  },
  {
    what: "a missing key",
    options: { apiKey: "k-1" },
    status: 401,
    type: "authentication_error",
    code: "missing_api_key",
  },
  {
    what: "a wrong key",
    options: { apiKey: "k-1" },
    headers: { "x-api-key": "k-2" },
    status: 401,
    type: "authentication_error",
    code: "invalid_api_key",
  },
  {
    what: "an unknown model",
    fields: { model: "openai/nonesuch" },
    status: 404,
    type: "not_found_error",
    code: "model_not_found",
  },
  {
    what: "an unknown model to count for",
    path: COUNT,
    fields: { model: "openai/nonesuch" },
    status: 404,
    type: "not_found_error",
    code: "model_not_found",
  },
  {
    what: "an unknown path",
    path: "/v1/messages/batches",
    status: 404,
    type: "not_found_error",
    code: "unknown_path",
  },
  {
    what: "another method",
    method: "PUT",
    status: 405,
    type: "invalid_request_error",
    code: "method_not_allowed",
  },
  {
    what: "a vendor's limit",
    options: vendor(429, {}, { "retry-after": "2" }),
    status: 429,
    type: "rate_limit_error",
    code: "upstream_rate_limited",
  },
  {
    what: "a vendor in trouble",
    options: vendor(500, {}),
    status: 502,
    type: "api_error",
    code: "upstream_failed",
  },
  {
    what: "a vendor's verdict",
    options: vendor(400, { error: { message: "No." } }),
    ...INVALID,
    code: "upstream_rejected",
  },
  {
    what: "a vendor that is too slow",
    options: vendor(504, {}),
    status: 504,
    type: "timeout_error",
    code: "upstream_timeout",
  },
];

describe("a refusal below /v1/messages", () => {
  it.for(REFUSALS)("has Anthropic's shape: $what", async (refusal, { expect }) => {
    const { options = {}, status, type, code } = refusal;
    const { response } = await ask(refusal, options);
    expect(response.status).toBe(status);
    expect(response.headers.get("request-id")).toBe("req_1");
    expect(await response.json()).toMatchObject({
      type: "error",
      error: { type, code, message: expect.any(String) },
      request_id: "req_1",
    });
    if (status === 429) expect(response.headers.get("retry-after")).toBe("2");
    if (status === 405) expect(response.headers.get("allow")).toBe("POST, OPTIONS");
  });

  it("is OpenAI's on every other route", async ({ expect }) => {
    const { response } = await ask({ path: "/v1/messagesx" }, {});
    expect(await response.json()).toEqual({
      error: expect.objectContaining({ type: "not_found_error", param: null }),
    });
    expect(response.headers.get("x-request-id")).toBe("req_1");
  });

  it("names spent money as Anthropic does, and by a status that nobody retries", ({ expect }) => {
    const spent = new RouterError("insufficient_quota", "Spent", { code: "budget_exceeded" });
    expect(messagesError(spent, "req_1")).toMatchObject({
      status: 402,
      body: { error: { type: "billing_error", code: "budget_exceeded" } },
    });
  });
});
