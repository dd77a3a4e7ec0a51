/** POST /v1/embeddings: who serves it, what goes out, what comes back, what is refused, what it costs. */
import { describe, it } from "vitest";
import { createService, errorOf, KEYS } from "../fixture/service.ts";
import { json, scriptedVendor, silent, type Responder } from "../fixture/vendor.ts";

/** One vector of four numbers for each input. */
function vectors(count: number, more: Record<string, unknown> = {}): Responder {
  const embedding = [0.5, -0.25, 0, 1];
  const data = Array.from({ length: count }, (_, index) => ({
    object: "embedding",
    index,
    embedding,
  }));
  return json(200, { object: "list", data, usage: { prompt_tokens: 3, total_tokens: 3 }, ...more });
}

function post(
  service: ReturnType<typeof createService>,
  fields: Record<string, unknown> = {},
  headers: Record<string, string> = {},
) {
  return service.fetch("/v1/embeddings", {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({ model: "openai/vectors", input: "Hi", ...fields }),
  });
}

async function refusalOf(fields: Record<string, unknown>, headers: Record<string, string> = {}) {
  return errorOf(await post(createService(), fields, headers));
}

describe("POST /v1/embeddings", () => {
  it("gives the vendor's answer to the letter, and says in headers what it did", async ({
    expect,
  }) => {
    const text = '{"data":[{"embedding":"AAAA"}],  "usage":{"prompt_tokens":7}}';
    const { send, requests } = scriptedVendor(
      () => new Response(text, { headers: { "content-type": "application/json" } }),
    );
    const service = createService({ send });
    const fields = { encoding_format: "base64", dimensions: 2, user: "u", sluice: {}, wind: 1 };
    const response = await post(service, fields);
    expect(await response.text()).toBe(text);
    expect(Object.fromEntries(response.headers)).toEqual({
      "content-type": "application/json",
      "server-timing": "route;dur=0, upstream;dur=0, total;dur=0",
      "x-request-id": "req_1",
      "x-sluice-attempts": "1",
      "x-sluice-cache": "bypass",
      "x-sluice-cost-usd": "0.000014",
      "x-sluice-decision": "pinned",
      "x-sluice-model": "openai/vectors",
      "x-sluice-request-id": "req_1",
    });
    const [{ url, headers, body }] = [requests[0]!];
    expect(url).toBe("https://api.openai.com/v1/embeddings");
    expect(headers.get("authorization")).toBe(`Bearer ${KEYS.openai[0]}`);
    expect(headers.get("x-client-request-id")).toBe("req_1");
    const { sluice: _, ...rest } = fields;
    expect(body).toEqual({ model: "vectors", input: "Hi", ...rest });
    expect(service.log.at(-1)).toMatchObject({
      event: "embeddings",
      model: "openai/vectors",
      input_tokens: 7,
      is_usage_estimated: false,
      cost_micro_usd: 14,
    });
  });

  it("estimates what the vendor does not report, and says so in the log", async ({ expect }) => {
    const service = createService({ send: scriptedVendor(vectors(1, { usage: null })).send });
    const { headers } = await post(service, { input: "Good morning" });
    expect(headers.get("x-sluice-cost-usd")).toBe("0.000004");
    expect(service.log.at(-1)).toMatchObject({ input_tokens: 2, is_usage_estimated: true });
  });

  it("pins the vendor that a name has, and leaves it open to a bare name: cheapest first", async ({
    expect,
  }) => {
    const { send, requests } = scriptedVendor(json(500, {}), vectors(1));
    const response = await post(createService({ send }), { model: "vectors" });
    expect(response.headers.get("x-sluice-model")).toBe("openai/vectors");
    expect(response.headers.get("x-sluice-attempts")).toBe("2");
    expect(requests.map(({ body }) => body["model"])).toEqual(["openai-vectors", "vectors"]);

    const pinned = createService({ send: scriptedVendor(json(500, {})).send });
    expect(await errorOf(await post(pinned))).toMatchObject({
      status: 502,
      code: "upstream_failed",
    });
  });

  it("serves a bare name by a vendor whose key is there", async ({ expect }) => {
    const keys = { openai: KEYS.openai };
    const service = createService({ send: scriptedVendor(vectors(1)).send, keys });
    const { headers } = await post(service, { model: "vectors" });
    expect(headers.get("x-sluice-model")).toBe("openai/vectors");
  });

  it("encodes what a vendor without base64 sends as numbers", async ({ expect }) => {
    const { send, requests } = scriptedVendor(vectors(2));
    const fields = { model: "mistral/plain", input: ["a", "b"], encoding_format: "base64" };
    const body = await (
      await post(createService({ send }), fields)
    ).json<{
      data: { embedding: string }[];
    }>();
    expect(requests[0]!.body).not.toHaveProperty("encoding_format");
    const bytes = Uint8Array.from(atob(body.data[1]!.embedding), (c) => c.charCodeAt(0));
    expect([...new Float32Array(bytes.buffer)]).toEqual([0.5, -0.25, 0, 1]);
  });

  it("shows with dry_run who would serve it, and calls nobody", async ({ expect }) => {
    const { send, requests } = scriptedVendor();
    const fields = { model: "vectors", input: [1, 2, 3], dimensions: 2 };
    const headers = { "x-sluice-dry-run": "true" };
    const response = await post(createService({ send }), fields, headers);
    expect(await response.json()).toEqual({
      id: "req_1",
      object: "route",
      model: "openai/vectors",
      reason: "pinned",
      input_tokens: 3,
      attempts: ["openai/vectors"],
      models: [{ model: "openai/vectors", cost_usd: 0.000006 }],
      excluded: [{ model: "mistral/vectors-by-mistral", why: "fixed_dimensions" }],
    });
    expect(response.headers.get("x-sluice-attempts")).toBe("0");
    expect(requests).toEqual([]);
  });

  it("allows what costs as much as may be spent, to the micro-dollar", async ({ expect }) => {
    const { send } = scriptedVendor(vectors(1));
    // 249 tokens at 2 are 498 micro-dollars, and 0.000498 · 10⁶ is a hair less.
    const fields = { model: "openai/vectors", input: Array(249).fill(1) };
    expect(0.000498 * 1e6).toBeLessThan(498);
    for (const [limit, status] of [
      ["0.000498", 200],
      ["0.000497", 400],
    ] as const) {
      const headers = { "x-sluice-max-cost-usd": limit };
      expect((await post(createService({ send }), fields, headers)).status).toBe(status);
    }
  });

  it.for<[string, Record<string, unknown>, Record<string, string>, Record<string, unknown>]>([
    ["auto", { model: "auto" }, {}, { status: 400, param: "model" }],
    ["auto:fast", { model: "auto:fast" }, {}, { status: 400, code: "auto_not_for_embeddings" }],
    ["an unknown model", { model: "gpt" }, {}, { status: 404, code: "model_not_found" }],
    ["a chat model", { model: "openai/small" }, {}, { status: 404, code: "model_not_found" }],
    ["a missing key", { model: "xai/unserved" }, {}, { status: 404, code: "no_vendor_key" }],
    ["dimensions", { model: "mistral/plain", dimensions: 2 }, {}, { param: "dimensions" }],
    ["tokens", { model: "mistral/plain", input: [[1], [2]] }, {}, { param: "input" }],
    ["another's allowance", {}, { "x-sluice-allow-models": "a/b" }, { param: "allow_models" }],
    [
      "the cost",
      { input: "x".repeat(999) },
      { "x-sluice-max-cost-usd": "0.0001" },
      { status: 400 },
    ],
    ["a latency", {}, { "x-sluice-max-latency-ms": "9" }, { status: 400, param: "max_latency_ms" }],
    ["weights", {}, { "x-sluice-weights": "1.0" }, { status: 400, param: "weights" }],
    ["a hedge", {}, { "x-sluice-hedge": "auto" }, { status: 400, param: "hedge" }],
    ["a large answer", { dimensions: 65_536, input: Array(20).fill("a") }, {}, { param: "input" }],
    ["no input", { input: [] }, {}, { status: 400, param: "input" }],
    ["an empty input", { input: ["a", ""] }, {}, { status: 400, param: "input[1]" }],
    ["too many inputs", { input: Array(2_049).fill("a") }, {}, { status: 400, param: "input" }],
    ["mixed inputs", { input: ["a", 1] }, {}, { status: 400, param: "input" }],
    ["an encoding", { encoding_format: "hex" }, {}, { status: 400, param: "encoding_format" }],
  ])("refuses %s", async ([, fields, headers, wanted], { expect }) => {
    const refusal = await refusalOf(fields, headers);
    expect(refusal).toMatchObject(wanted);
    expect(refusal.message).not.toBe("");
  });

  it.for<[string, Responder]>([
    ["an answer of another length", vectors(1)],
    ["an error in place of an answer", json(200, { error: { message: "busy" } })],
    ["an item without a vector", json(200, { data: [{ embedding: [] }, { embedding: ["x"] }] })],
    ["a limit", json(429, {})],
  ])("turns to the next vendor after %s", async ([, responder], { expect }) => {
    const { send, requests } = scriptedVendor(responder, vectors(2));
    const fields = { model: "vectors", input: ["a", "b"] };
    const response = await post(createService({ send }), fields);
    expect(response.status).toBe(200);
    expect(requests).toHaveLength(2);
  });

  it("hands the vendor's verdict on the request to the client", async ({ expect }) => {
    const { send, requests } = scriptedVendor(json(400, { error: { message: "too long" } }));
    const refusal = await errorOf(await post(createService({ send }), { model: "vectors" }));
    expect(refusal).toMatchObject({ status: 400, code: "upstream_rejected" });
    expect(refusal.message).toContain("too long");
    expect(requests).toHaveLength(1);
  });

  it("ends the vendor's request when the client leaves", async ({ expect }) => {
    const asked = Promise.withResolvers<void>();
    const { send, requests } = scriptedVendor((request) => {
      asked.resolve();
      return silent()(request);
    });
    const service = createService({ send });
    const gone = new AbortController();
    const response = service.fetch("/v1/embeddings", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ model: "openai/vectors", input: "Hi" }),
      signal: gone.signal,
    });
    await asked.promise;
    gone.abort();
    expect((await response).status).toBe(499);
    expect(requests[0]!.signal.aborted).toBe(true);
    expect(service.log.filter(({ event }) => event === "embeddings")).toMatchObject([
      { ending: "cancelled", input_tokens: 1, is_usage_estimated: true, cost_micro_usd: 2 },
    ]);
  });

  it("bills an answer that broke off with the one that follows, or alone", async ({ expect }) => {
    const bare = { model: "vectors" };
    // By mistral, who broke off, one token at 1; by openai three at 2.
    const followed = createService({ send: scriptedVendor(json(200, {}), vectors(1)).send });
    expect((await post(followed, bare)).headers.get("x-sluice-cost-usd")).toBe("0.000007");
    const alone = createService({ send: scriptedVendor(json(200, {}), json(500, {})).send });
    const { status, headers } = await post(alone, bare);
    expect([status, headers.get("x-sluice-cost-usd")]).toEqual([502, "0.000001"]);
    expect(alone.log.filter(({ event }) => event === "embeddings")).toMatchObject([
      { ending: "broken", attempts: 6, cost_micro_usd: 1 },
    ]);
  });

  it("goes round again while vendors are in trouble, and counts each call", async ({ expect }) => {
    const down = json(503, {});
    const { send, requests } = scriptedVendor(down, json(429, {}), down, vectors(1));
    const response = await post(createService({ send }), { model: "vectors" });
    expect(response.headers.get("x-sluice-attempts")).toBe("4");
    expect(requests.map(({ url }) => new URL(url).hostname)).toEqual([
      "api.mistral.ai",
      "api.openai.com",
      "api.mistral.ai",
      "api.openai.com",
    ]);
  });

  it("makes no further round for a client that has left", async ({ expect }) => {
    const gone = new AbortController();
    const { send, requests } = scriptedVendor(json(503, {}));
    const service = createService({ send, pause: async () => gone.abort() });
    const response = await service.fetch("/v1/embeddings", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ model: "openai/vectors", input: "Hi" }),
      signal: gone.signal,
    });
    expect(response.status).toBe(499);
    expect(requests).toHaveLength(1);
  });

  it("believes no count that no vendor could mean", async ({ expect }) => {
    const usage = { prompt_tokens: 9e15, total_tokens: 9e15 };
    const service = createService({ send: scriptedVendor(vectors(1, { usage })).send });
    expect((await post(service)).headers.get("x-sluice-cost-usd")).toBe("0.000002");
  });

  it("is asked by name: the chat route sends its models here", async ({ expect }) => {
    const refusal = await errorOf(await createService().chat({ model: "vectors" }));
    expect(refusal).toMatchObject({ status: 404, code: "model_not_found" });
    expect(refusal.message).toContain("/v1/embeddings");
  });
});

describe("GET /v1/models", () => {
  it("lists what makes vectors apart from what chats, and shows one by its bare name", async ({
    expect,
  }) => {
    const service = createService();
    const list = await (
      await service.fetch("/v1/models")
    ).json<{
      data: { id: string; kind: string }[];
    }>();
    const ids = list.data.filter(({ kind }) => kind === "embedding").map(({ id }) => id);
    expect(ids).toEqual(["openai/vectors", "mistral/vectors-by-mistral", "mistral/plain"]);
    expect(list.data.filter(({ kind }) => kind === "chat").map(({ id }) => id)).toContain("auto");
    const one = await service.fetch("/v1/models/vectors-by-mistral");
    expect(await one.json()).toMatchObject({
      id: "mistral/vectors-by-mistral",
      dimensions: 4,
      same_vectors_as: "openai/vectors",
    });
  });
});
