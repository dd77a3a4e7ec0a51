/** Every way to ask wrongly, and the error object and status that it gets. Nobody is called for any of them. */
import { describe, it } from "vitest";
import { createService, errorOf, KEYS, type ServiceOptions } from "../fixture/service.ts";
import { scriptedVendor } from "../fixture/vendor.ts";

const CHAT = "/v1/chat/completions";
const JSON_TYPE = { "content-type": "application/json" };
const MESSAGES = [{ role: "user", content: "Hi" }];

interface Case {
  readonly what: string;
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
  readonly options?: ServiceOptions;
  readonly status: number;
  readonly type?: string;
  readonly code: string;
  readonly param?: string | null;
  readonly says?: RegExp;
}

const CASES: readonly Case[] = [
  { what: "malformed JSON", body: '{"model":', status: 400, code: "invalid_json" },
  { what: "no body", body: "", status: 400, code: "invalid_json" },
  { what: "an array", body: "[]", status: 400, code: "invalid_json" },
  {
    what: "missing messages",
    body: { model: "auto" },
    status: 400,
    code: "invalid_body",
    param: "messages",
  },
  {
    what: "empty messages",
    body: { model: "auto", messages: [] },
    status: 400,
    code: "invalid_body",
    param: "messages",
  },
  {
    what: "an unknown role",
    body: { model: "auto", messages: [{ role: "wizard", content: "Hi" }] },
    status: 400,
    code: "invalid_body",
    param: "messages[0].role",
  },
  {
    what: "no model",
    body: { messages: MESSAGES },
    status: 400,
    code: "invalid_body",
    param: "model",
  },
  {
    what: "a stream that is no flag",
    body: { model: "auto", messages: MESSAGES, stream: "yes" },
    status: 400,
    code: "invalid_body",
    param: "stream",
  },
  {
    what: "an unknown model",
    body: { model: "openai/nonesuch", messages: MESSAGES },
    status: 404,
    type: "not_found_error",
    code: "model_not_found",
    param: "model",
    says: /auto:balanced.*openai\/small.*\/v1\/models/,
  },
  {
    what: "an unknown preset",
    body: { model: "auto:wild", messages: MESSAGES },
    status: 404,
    type: "not_found_error",
    code: "model_not_found",
    param: "model",
    says: /auto:quality/,
  },
  {
    what: "an unknown model among the allowed",
    body: { model: "auto", messages: MESSAGES, sluice: { allow_models: ["openai/nonesuch"] } },
    status: 404,
    type: "not_found_error",
    code: "model_not_found",
    param: "allow_models",
  },
  {
    what: "a model whose vendor has no key",
    body: { model: "mistral/medium", messages: MESSAGES },
    options: { keys: { openai: KEYS.openai } },
    status: 404,
    type: "not_found_error",
    code: "no_vendor_key",
    param: "model",
    says: /MISTRAL_API_KEY/,
  },
  {
    what: "a deployment without any vendor's key",
    body: { model: "auto", messages: MESSAGES },
    options: { keys: {} },
    status: 503,
    type: "server_error",
    code: "no_vendor_key",
    says: /GROQ_API_KEY, OPENAI_API_KEY, MISTRAL_API_KEY/,
  },
  {
    what: "a body over the limit",
    body: { model: "auto", messages: [{ role: "user", content: "x".repeat(20_000) }] },
    status: 413,
    code: "body_too_large",
    says: /10000 bytes/,
  },
  { what: "the wrong method", method: "GET", status: 405, code: "method_not_allowed" },
  {
    what: "the wrong method on a list",
    path: "/v1/models",
    method: "DELETE",
    status: 405,
    code: "method_not_allowed",
  },
  {
    what: "an unknown path",
    path: "/v1/completions",
    body: {},
    status: 404,
    type: "not_found_error",
    code: "unknown_path",
    says: /GET \/openapi\.json/,
  },
  {
    what: "the wrong content type",
    headers: { "content-type": "text/plain" },
    body: { model: "auto", messages: MESSAGES },
    status: 415,
    code: "unsupported_media_type",
    param: "content-type",
    says: /text\/plain/,
  },
  {
    what: "everything filtered out by a limit",
    headers: { ...JSON_TYPE, "x-sluice-max-cost-usd": "0.000000001" },
    body: { model: "auto", messages: MESSAGES },
    status: 400,
    code: "no_candidate",
    says: /openai\/large too_expensive/,
  },
  {
    what: "a named model that cannot do it",
    body: { model: "groq/tiny", messages: MESSAGES, tools: [{ type: "function" }] },
    status: 400,
    code: "no_candidate",
    says: /: groq\/tiny lacks_tools$/,
  },
  {
    what: "a named model that is too dear",
    body: { model: "openai/large", messages: MESSAGES, sluice: { max_cost_usd: 0.000001 } },
    status: 400,
    code: "no_candidate",
    says: /: openai\/large too_expensive$/,
  },
  {
    what: "a named model that is not allowed",
    body: {
      model: "openai/large",
      messages: MESSAGES,
      sluice: { allow_models: ["openai/small"] },
    },
    status: 400,
    code: "no_candidate",
    says: /: openai\/large not_allowed$/,
  },
  {
    what: "more context than any model has",
    body: { model: "auto", messages: MESSAGES, max_tokens: 1_000_000 },
    status: 400,
    code: "no_candidate",
    says: /context_too_small/,
  },
];

describe("bad input", () => {
  it.for(CASES)("$what", async (testCase, { expect }) => {
    const { path = CHAT, body, headers = JSON_TYPE, options } = testCase;
    const { send, requests } = scriptedVendor();
    const service = createService({ send, ...options });
    const method = testCase.method ?? "POST";
    const response = await service.fetch(path, {
      method,
      headers,
      ...(method === "POST" && { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    const error = await errorOf(response.clone());
    expect(error).toMatchObject({
      status: testCase.status,
      type: testCase.type ?? "invalid_request_error",
      code: testCase.code,
      param: testCase.param ?? null,
    });
    if (testCase.says) expect(error.message).toMatch(testCase.says);
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(response.headers.get("x-sluice-request-id")).toMatch(/^req_/);
    expect(requests).toHaveLength(0);
  });

  it("counts the body itself when no length is declared", async ({ expect }) => {
    let pulled = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(out) {
        pulled++;
        out.enqueue(new Uint8Array(1_000).fill(32));
      },
    });
    const response = await createService().fetch(CHAT, {
      method: "POST",
      headers: JSON_TYPE,
      body: endless,
    });
    expect(await errorOf(response)).toMatchObject({ status: 413, code: "body_too_large" });
    expect(pulled).toBeLessThan(20);
  });

  it("names the allowed methods, also to OPTIONS, and answers HEAD like GET", async ({
    expect,
  }) => {
    const service = createService();
    const refused = await service.fetch(CHAT, { method: "PUT" });
    const options = await service.fetch(CHAT, { method: "OPTIONS" });
    expect([refused.status, refused.headers.get("allow")]).toEqual([405, "POST, OPTIONS"]);
    expect([options.status, options.headers.get("allow")]).toEqual([204, "POST, OPTIONS"]);
    const head = await service.fetch("/v1/models", { method: "HEAD" });
    expect([head.status, await head.text()]).toEqual([200, ""]);
    const wrongHead = await service.fetch(CHAT, { method: "HEAD" });
    expect(wrongHead.status).toBe(405);
  });

  it("lets strangers see /healthz and nothing else, not even what exists", async ({ expect }) => {
    const service = createService({ apiKey: "k-1" });
    const remote = "https://sluice.example.com";
    expect((await service.fetch(`${remote}/healthz`)).status).toBe(200);
    for (const path of [CHAT, "/v1/route", "/v1/models", "/v1/nonesuch", "/"]) {
      const response = await service.fetch(remote + path);
      expect(response.headers.get("x-sluice-request-id")).toMatch(/^req_/);
      expect(response.headers.get("server-timing")).toBe("total;dur=0");
      expect(await errorOf(response)).toMatchObject({
        status: 401,
        type: "authentication_error",
        code: "missing_api_key",
      });
    }
    const headers = { authorization: "Bearer k-1" };
    expect((await service.fetch(`${remote}/v1/models`, { headers })).status).toBe(200);
    expect(JSON.stringify(service.log)).not.toContain("k-1");
  });

  it("hides a defect of ours, and logs it", async ({ expect }) => {
    const scorer = { catalog: [], score: () => Promise.reject(new Error("wasm trap")) };
    const broken = createService({ scorer });
    const response = await broken.chat();
    expect(await errorOf(response)).toMatchObject({ status: 503, code: "router_unavailable" });
    expect(broken.log.at(-1)).toMatchObject({
      level: "error",
      event: "request_failed",
      cause: "Error: wasm trap",
    });
  });
});
