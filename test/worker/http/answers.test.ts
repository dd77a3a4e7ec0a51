/** The service from request to answer: headers, streams, fallback, refusals of vendors, and what is logged. */
import { describe, it } from "vitest";
import { fakeScorer, MODELS, WEIGHTS } from "../fixture/models.ts";
import { createService, dataOf, errorOf, KEYS, TIMEOUTS } from "../fixture/service.ts";
import {
  chunk,
  finish,
  json,
  openStream,
  scriptedVendor,
  silent,
  streamed,
  usageChunk,
  whole,
} from "../fixture/vendor.ts";

const CHEAP = { model: "auto:cost" };
/** The order in which auto:cost tries the fixture's models: the next is another vendor's. */
const CHAIN = ["openai/small", "mistral/medium", "openai/large", "groq/tiny"];
const UPSTREAM_CHAIN = ["small", "medium", "large", "org/tiny-v1"];

async function routeOf(fields: Record<string, unknown>, headers: Record<string, string> = {}) {
  const response = await createService().fetch("/v1/route", {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({
      model: "auto",
      messages: [{ role: "user", content: "Hi" }],
      ...fields,
    }),
  });
  return { response, body: await response.json<Record<string, unknown>>() };
}

describe("POST /v1/chat/completions", () => {
  it("counts the reference's longer thinking as saved", async ({ expect }) => {
    // Pinned to small, 10 tokens: 100·1 + 10·4 = 140 µ$. The reference would bill three times the output.
    const { send } = scriptedVendor(
      whole({ usage: { prompt_tokens: 100, completion_tokens: 10 } }),
    );
    const scorer = fakeScorer(MODELS, (id) => (id === "openai/large" ? 300 : 100));
    const { headers } = await createService({ send, scorer }).chat({ model: "openai/small" });
    expect(headers.get("x-sluice-cost-usd")).toBe("0.000140");
    expect(headers.get("x-sluice-saved-usd")).toBe("0.002060"); // 100·10 + 30·40 − 140
  });

  it("gives the vendor's answer to the letter, and says in headers what it did", async ({
    expect,
  }) => {
    const text =
      '{"id":"x",  "choices":[{"message":{}}], "usage":{"prompt_tokens":100,"completion_tokens":10}}';
    const { send, requests } = scriptedVendor(
      () => new Response(text, { headers: { "content-type": "application/json; charset=utf-8" } }),
    );
    const service = createService({ send });
    const response = await service.chat({ model: "openai/small", user: "u-1" });
    expect(response.status).toBe(200);
    expect(await response.text()).toBe(text);
    expect(Object.fromEntries(response.headers)).toEqual({
      "content-type": "application/json",
      "server-timing": "route;dur=0, upstream;dur=0, total;dur=0",
      "x-request-id": "req_1",
      "x-sluice-attempts": "1",
      "x-sluice-cache": "bypass",
      "x-sluice-cost-usd": "0.000140",
      "x-sluice-decision": "pinned",
      "x-sluice-model": "openai/small",
      "x-sluice-request-id": "req_1",
      "x-sluice-saved-usd": "0.001260",
      "x-sluice-score": "0.8000",
      "x-sluice-weights": WEIGHTS,
    });
    expect(requests[0]!.body).toEqual({
      model: "small",
      messages: [{ role: "user", content: "Hi" }],
      user: "u-1",
    });
    expect(requests[0]!.headers.get("authorization")).toBe(`Bearer ${KEYS.openai[0]}`);
  });

  it("sends nothing of the client's own headers to a vendor", async ({ expect }) => {
    const { send, requests } = scriptedVendor(whole());
    await createService({ send, apiKey: "k-1" }).chat(
      {},
      { headers: { authorization: "Bearer k-1", cookie: "c=1", "x-stainless-os": "Linux" } },
    );
    expect([...requests[0]!.headers.keys()]).toEqual([
      "accept",
      "authorization",
      "content-type",
      "x-client-request-id",
    ]);
    expect(requests[0]!.headers.get("x-client-request-id")).toBe("req_1");
    expect(requests[0]!.headers.get("authorization")).not.toContain("k-1");
  });

  it("reports a loss as a loss", async ({ expect }) => {
    const { send } = scriptedVendor(whole());
    const fields = { model: "openai/large", sluice: { allow_models: ["openai/large"] } };
    const { headers } = await createService({ send }).chat(fields);
    expect(headers.get("x-sluice-saved-usd")).toBe("0.000000");
  });

  it("streams: each chunk as it came, then the receipt, then [DONE]", async ({ expect }) => {
    const sent = [chunk("Hel"), chunk("lo"), finish()];
    const { send, requests } = scriptedVendor(streamed(...sent, usageChunk(), "[DONE]"));
    const service = createService({ send });
    const response = await service.chat({ model: "openai/small", stream: true });
    expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    expect(response.headers.get("x-sluice-model")).toBe("openai/small");
    expect(response.headers.get("x-sluice-cost-usd")).toBeNull();
    const data = await dataOf(response);
    expect(data.slice(0, 3)).toEqual(sent);
    expect(JSON.parse(data[3]!)).toMatchObject({
      choices: [{ index: 0, delta: {}, finish_reason: null }],
      sluice: { cost_usd: 0.00009, saved_usd: 0.00081, model: "openai/small", attempts: 1 },
    });
    expect(data.slice(4)).toEqual(["[DONE]"]);
    expect(requests[0]!.body["stream_options"]).toEqual({ include_usage: true });
    await Promise.all(service.background);
    expect(service.log.at(-1)).toMatchObject({
      event: "completion",
      ending: "complete",
      cost_micro_usd: 90,
      output_tokens: 20,
    });
  });

  it("gives usage to a client that asked for it, in a last chunk without choices", async ({
    expect,
  }) => {
    const { send } = scriptedVendor(streamed(chunk("a"), finish(), usageChunk(), "[DONE]"));
    const response = await createService({ send }).chat({
      stream: true,
      stream_options: { include_usage: true },
    });
    const chunks = (await dataOf(response)).slice(0, -1).map((text) => JSON.parse(text));
    expect(chunks.map(({ usage }) => usage?.total_tokens ?? null)).toEqual([null, null, 30]);
    expect(chunks.at(-1)).toMatchObject({ choices: [], sluice: { attempts: 1 } });
  });

  it.for<[string, boolean]>([
    ["whole", false],
    ["streamed", true],
  ])("falls back in the decision's order (%s)", async ([, stream], { expect }) => {
    const { send, requests } = scriptedVendor(
      json(429, {}, { "retry-after": "1" }),
      json(500, {}),
      stream ? streamed('{"error":{"message":"busy"}}') : json(200, { choices: [] }),
      stream ? streamed(chunk("a"), finish(), "[DONE]") : whole(),
    );
    const service = createService({ send });
    const response = await service.chat({ ...CHEAP, stream });
    expect(response.status).toBe(200);
    await response.text();
    expect(requests.map(({ body }) => body["model"])).toEqual(UPSTREAM_CHAIN);
    expect(response.headers.get("x-sluice-attempts")).toBe("4");
    expect(response.headers.get("x-sluice-model")).toBe("groq/tiny");
    const failed = service.log.filter(({ event }) => event === "attempt_failed");
    expect(failed.map(({ model, reason }) => [model, reason])).toEqual([
      ["openai/small", "rate_limited"],
      ["mistral/medium", "vendor_error"],
      ["openai/large", stream ? "vendor_error" : "malformed"],
    ]);
  });

  it("turns from a silent vendor to the next", async ({ expect }) => {
    const { send } = scriptedVendor(silent(), whole());
    const service = createService({ send });
    const answer = service.chat(CHEAP);
    await new Promise((resolve) => {
      setTimeout(resolve); // The body is read with I/O, which only the event loop moves on.
    });
    service.timers.advance(TIMEOUTS.answerMs);
    const { headers } = await answer;
    expect(headers.get("x-sluice-model")).toBe(CHAIN[1]);
    expect(headers.get("server-timing")).toBe("route;dur=0, upstream;dur=3000, total;dur=3000");
  });

  it("does not try elsewhere what the vendor finds wrong with the request", async ({ expect }) => {
    const { send, requests } = scriptedVendor(
      json(400, { error: { message: "temperature must be at most 2" } }),
    );
    const response = await createService({ send }).chat({ temperature: 7 });
    expect(await errorOf(response)).toEqual({
      status: 400,
      type: "invalid_request_error",
      code: "upstream_rejected",
      param: null,
      message: "OpenAI: temperature must be at most 2",
    });
    expect(requests).toHaveLength(1);
  });

  it("tries a named model again, and no other", async ({ expect }) => {
    const { send, requests } = scriptedVendor(json(500, { error: { message: "oops" } }));
    const response = await createService({ send }).chat({ model: "openai/small" });
    expect(await errorOf(response)).toMatchObject({
      status: 502,
      type: "server_error",
      code: "upstream_failed",
      message: "All 3 attempts failed. openai/small: OpenAI: oops",
    });
    expect(requests.map(({ body }) => body["model"])).toEqual(["small", "small", "small"]);
  });

  it("passes a limit on with the time to wait", async ({ expect }) => {
    const { send } = scriptedVendor(
      json(500, {}),
      json(500, {}),
      json(500, {}),
      json(429, { error: { message: "slow down" } }, { "retry-after-ms": "1200" }),
    );
    const response = await createService({ send }).chat(CHEAP);
    expect(response.headers.get("retry-after")).toBe("2");
    expect(response.headers.get("retry-after-ms")).toBe("1200");
    const error = await errorOf(response);
    expect(error).toMatchObject({ status: 429, type: "rate_limit_error" });
    for (const model of CHAIN) expect(error.message).toContain(model);
  });

  it("says 504 when the last one ran out of time, and shows no key", async ({ expect }) => {
    const { send } = scriptedVendor(
      json(401, { error: { message: `Incorrect API key ${KEYS.openai[0]}` } }),
      json(408, {}),
    );
    const response = await createService({ send }).chat(CHEAP);
    const text = await response.clone().text();
    expect(await errorOf(response)).toMatchObject({ status: 504, type: "timeout_error" });
    expect(text).not.toContain(KEYS.openai[0]);
  });

  it("ends a stream that breaks with an error and no [DONE]", async ({ expect }) => {
    const vendor = openStream();
    const { send, requests } = scriptedVendor(vendor.respond);
    const service = createService({ send });
    const answer = service.chat({ ...CHEAP, stream: true });
    vendor.write(chunk("a"));
    const response = await answer;
    vendor.tear();
    const data = await dataOf(response);
    expect(data[0]).toBe(chunk("a"));
    expect(JSON.parse(data[1]!)).toMatchObject({
      error: { type: "server_error", code: "upstream_failed" },
    });
    expect(data).toHaveLength(2);
    expect(requests).toHaveLength(1);
    expect(service.log.at(-1)).toMatchObject({ event: "completion", ending: "broken" });
  });

  it("hangs up on the vendor when the client hangs up, and counts what was produced", async ({
    expect,
  }) => {
    const vendor = openStream();
    const { send, requests } = scriptedVendor(vendor.respond);
    const service = createService({ send });
    const answer = service.chat({ ...CHEAP, stream: true });
    vendor.write(chunk("12345678"));
    const reader = (await answer).body!.getReader();
    await reader.read();
    await reader.cancel();
    await vendor.left;
    await Promise.all(service.background);
    expect(requests[0]!.signal.aborted).toBe(true);
    expect(service.timers.pending).toBe(0);
    expect(service.log.at(-1)).toMatchObject({
      ending: "cancelled",
      output_tokens: 3,
      is_usage_estimated: true,
    });
  });

  it("stops at a client's abort instead of trying the next vendor, and counts what it left", async ({
    expect,
  }) => {
    const { send, requests } = scriptedVendor(silent());
    const client = new AbortController();
    const service = createService({ send });
    const answer = service.chat(CHEAP, { signal: client.signal });
    await new Promise((resolve) => {
      setTimeout(resolve);
    });
    service.timers.advance(1_000);
    client.abort();
    expect((await answer).status).toBe(499);
    expect(requests).toHaveLength(1);
    expect(requests[0]!.signal.aborted).toBe(true);
    // Of 100 tokens from 500 ms on, in another second, half; the prompt has 5. 5·1 + 50·4 = 205 µ$.
    expect(service.log.filter(({ event }) => event === "completion")).toMatchObject([
      {
        model: CHAIN[0],
        ending: "cancelled",
        attempts: 1,
        input_tokens: 5,
        output_tokens: 50,
        is_usage_estimated: true,
        cost_micro_usd: 205,
      },
    ]);
  });

  it("keeps prompts, answers and keys out of the log", async ({ expect }) => {
    const secret = "the-secret-sentence";
    const { send } = scriptedVendor(
      json(500, { error: { message: secret } }),
      whole({ choices: [{ index: 0, message: { content: secret } }] }),
    );
    const service = createService({ send });
    await service.chat({ ...CHEAP, messages: [{ role: "user", content: secret }] });
    await service.chat({ model: "auto", messages: secret });
    const text = JSON.stringify(service.log);
    for (const word of [secret, ...Object.values(KEYS).flat()]) expect(text).not.toContain(word);
    expect(service.log.length).toBeGreaterThan(2);
  });
});

describe("POST /v1/route", () => {
  it("shows the decision without the call", async ({ expect }) => {
    const { response, body } = await routeOf({ model: "auto:cost", stream: true });
    expect(response.headers.get("x-sluice-attempts")).toBe("0");
    expect(body).toMatchObject({
      id: "req_1",
      object: "route",
      model: "openai/small",
      reason: "best_utility",
      weights: WEIGHTS,
      difficulty: 0.25,
      task: "chat",
      input_tokens: 5,
      reference: "openai/large",
      attempts: CHAIN,
      excluded: [],
    });
    expect(body["models"]).toHaveProperty("0", {
      model: "openai/small",
      score: 0.8,
      cost_p50_usd: 0.000405,
      cost_p90_usd: 0.001605,
      ttft_ms: 500,
      latency_ms: 1500,
      latency_p90_ms: 2853,
    });
  });

  it("says why models were left out", async ({ expect }) => {
    const { body } = await routeOf(
      { tools: [{ type: "function" }] },
      { "x-sluice-allow-models": "groq/tiny,openai/small" },
    );
    expect(body["excluded"]).toEqual([
      { model: "groq/tiny", why: "lacks_tools" },
      { model: "mistral/medium", why: "not_allowed" },
      { model: "openai/large", why: "not_allowed" },
    ]);
  });

  it("keeps a floor, and leaves it aside for a named model", async ({ expect }) => {
    const floor = { "x-sluice-quality": "0.85" };
    expect((await routeOf({}, floor)).body).toMatchObject({
      model: "mistral/medium",
      reason: "cheapest_above_floor",
      floor: 0.85 * 0.95,
    });
    expect((await routeOf({ model: "groq/tiny" }, floor)).body).toMatchObject({
      attempts: ["groq/tiny"],
      reason: "pinned",
      reference: "openai/large",
    });
  });

  it("calls a model that nothing places by its bare name too, and by no other way", async ({
    expect,
  }) => {
    const price = { inputUsdPerMTok: 0, outputUsdPerMTok: 0 };
    const unplaced = { ...MODELS[0]!, id: "openai/own", upstreamModel: undefined, price };
    const service = createService({ scorer: fakeScorer([...MODELS, unplaced]) });
    async function ask(model: string) {
      const response = await service.chat({ model }, { headers: { "x-sluice-dry-run": "true" } });
      return response.json();
    }
    for (const name of ["openai/own", "own"])
      expect(await ask(name)).toMatchObject({ attempts: ["openai/own"], reason: "pinned" });
    expect(await ask("auto")).toMatchObject({
      excluded: [{ model: "openai/own", why: "not_placed" }],
    });
  });

  it("counts a file among the tokens that are paid for", async ({ expect }) => {
    const file = { type: "file", file: { file_data: "A".repeat(8_000) } };
    const messages = [{ role: "user", content: [{ type: "text", text: "Hi" }, file] }];
    const models = MODELS.map((model) => ({
      ...model,
      capabilities: [...model.capabilities, "files" as const],
    }));
    const options = { scorer: fakeScorer(models) };
    const headers = { "x-sluice-dry-run": "true" };
    const [plain, heavy] = await Promise.all(
      [{}, { messages }].map(async (fields) =>
        (await createService(options).chat(fields, { headers })).json<{ input_tokens: number }>(),
      ),
    );
    expect(heavy!.input_tokens - plain!.input_tokens).toBe(120);
  });

  it("is what a dry run answers", async ({ expect }) => {
    const { body } = await routeOf({});
    const dry = await createService().chat({}, { headers: { "x-sluice-dry-run": "true" } });
    expect(await dry.json()).toEqual(body);
  });
});

describe("GET /v1/models", () => {
  it("lists auto, its presets and the models with a key", async ({ expect }) => {
    const service = createService({ keys: { openai: ["k"], mistral: ["k"] } });
    const list = await (
      await service.fetch("/v1/models")
    ).json<{
      object: string;
      data: Record<string, unknown>[];
    }>();
    expect(list).toMatchObject({ object: "list", has_more: false, first_id: "auto" });
    expect(list.data[0]).toMatchObject({ created: 0, created_at: "1970-01-01T00:00:00.000Z" });
    const chat = list.data.filter(({ kind }) => kind === "chat");
    expect(chat.map(({ id }) => id)).toEqual([
      "auto",
      "auto:cost",
      "auto:balanced",
      "auto:quality",
      "auto:fast",
      "openai/small",
      "mistral/medium",
      "openai/large",
    ]);
    expect(list.data[6]).toEqual({
      id: "mistral/medium",
      object: "model",
      created: Date.parse("2026-03-01") / 1000,
      owned_by: "mistral",
      type: "model",
      display_name: "mistral/medium",
      created_at: "2026-03-01T00:00:00.000Z",
      kind: "chat",
      name: "mistral/medium",
      context_tokens: 100_000,
      max_output_tokens: 8_000,
      capabilities: ["tools", "vision", "json", "streaming"],
      price: { input_usd_per_mtok: 2, output_usd_per_mtok: 8 },
    });
  });

  it("gives one by its id, as it is or escaped", async ({ expect }) => {
    const service = createService({ keys: { openai: ["k"] } });
    for (const id of ["openai/small", "openai%2Fsmall", "auto", "auto:fast"]) {
      const model = await (await service.fetch(`/v1/models/${id}`)).json<{ id: string }>();
      expect(model.id).toBe(decodeURIComponent(id));
    }
    const unserved = await service.fetch("/v1/models/groq/tiny");
    expect(await errorOf(unserved)).toMatchObject({ status: 404, code: "model_not_found" });
  });
});

describe("GET /healthz", () => {
  it("names the weights in service", async ({ expect }) => {
    const response = await createService().fetch("/healthz");
    expect(await response.json()).toEqual({ status: "ok", weights: WEIGHTS });
  });
});
