/** The service when vendors fail: who is asked next, when again, and what the client is told and billed. */
import { describe, it } from "vitest";
import { fakeScorer, MODELS } from "../fixture/models.ts";
import { createService, dataOf, errorOf, KEYS, TOTAL_TIMEOUT_MS } from "../fixture/service.ts";
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
  type Responder,
} from "../fixture/vendor.ts";

const CHEAP = { model: "auto:cost" };
const OVERFLOW = json(400, {
  error: { message: "too long", code: "context_length_exceeded", type: "invalid_request_error" },
});
const FILTER = json(400, { error: { message: "flagged", code: "content_filter" } });
const EMPTIED = whole({
  choices: [
    { index: 0, message: { role: "assistant", content: "" }, finish_reason: "content_filter" },
  ],
});
const LIMITED = json(429, {}, { "retry-after-ms": "60000" });

function setUp(
  responders: readonly Responder[],
  options: Parameters<typeof createService>[0] = {},
) {
  const { send, requests } = scriptedVendor(...responders);
  const service = createService({ send, ...options });
  return { service, requests, models: () => requests.map(({ body }) => body["model"]) };
}

function half(): Response {
  return new Response('{"choices":[', { headers: { "content-type": "application/json" } });
}

/** The lines of charge. */
function completionsIn({ log }: ReturnType<typeof createService>) {
  return log.filter(({ event }) => event === "completion");
}

/** Lets the event loop turn until the vendor has been called so often. */
async function called(requests: readonly unknown[], times: number): Promise<void> {
  while (requests.length < times) await turn();
}

function turn(): Promise<unknown> {
  return new Promise((resolve) => {
    setTimeout(resolve);
  });
}

describe("several keys of a vendor", () => {
  it("are tried within one attempt, and cool down each for itself", async ({ expect }) => {
    const keys = { openai: ["key-1", "key-2"] };
    const { service, requests } = setUp([LIMITED, whole()], { keys });
    for (const attempts of ["2", "1"]) {
      const response = await service.chat({ model: "openai/small" });
      expect(response.headers.get("x-sluice-attempts")).toBe(attempts);
    }
    expect(requests.map(({ headers }) => headers.get("authorization"))).toEqual([
      "Bearer key-1",
      "Bearer key-2",
      "Bearer key-2",
    ]);
    expect(JSON.stringify(service.log)).not.toContain("key-1");
  });
});

describe("rounds", () => {
  it("go on until one answers, and count each call", async ({ expect }) => {
    const down = Array.from({ length: 5 }, () => json(503, {}));
    const { service, models } = setUp([...down, whole()]);
    const response = await service.chat(CHEAP);
    expect(response.headers.get("x-sluice-attempts")).toBe("6");
    expect(models()).toEqual(["small", "medium", "large", "org/tiny-v1", "small", "medium"]);
  });

  it("wait as the vendor asks", async ({ expect }) => {
    const waits: number[] = [];
    const { service } = setUp([json(429, {}, { "retry-after": "2" }), whole()], {
      pause: async (ms) => {
        waits.push(ms);
        service.timers.advance(ms);
      },
    });
    expect((await service.chat({ model: "openai/small" })).status).toBe(200);
    expect(waits).toEqual([2_000]);
  });

  it("end with the client's patience", async ({ expect }) => {
    const pauses: number[] = [];
    const { service, requests } = setUp(
      [
        () => {
          service.timers.advance(TOTAL_TIMEOUT_MS - 100);
          return Response.json({}, { status: 500 });
        },
      ],
      { pause: async (ms) => void pauses.push(ms) },
    );
    expect((await service.chat({ model: "openai/small" })).ok).toBe(false);
    expect(requests).toHaveLength(1);
    expect(pauses).toEqual([]);
  });

  it("end when the client leaves in a pause", async ({ expect }) => {
    const client = new AbortController();
    const { service, requests } = setUp([json(500, {})], { pause: async () => client.abort() });
    const response = await service.chat({ model: "openai/small" }, { signal: client.signal });
    expect(response.status).toBe(499);
    expect(requests).toHaveLength(1);
  });

  it("share one deadline, of which a later attempt gets what is left", async ({ expect }) => {
    const { service, requests } = setUp([
      () => {
        service.timers.advance(TOTAL_TIMEOUT_MS - 500);
        return Response.json({}, { status: 500 });
      },
      silent(),
    ]);
    const answer = service.chat(CHEAP);
    await called(requests, 2);
    service.timers.advance(500);
    expect(await errorOf(await answer)).toMatchObject({ status: 504 });
    // Not the vendor's fault: its circuit has heard of nothing.
    expect(service.log.filter(({ event }) => event === "circuit_opened")).toEqual([]);
  });
});

describe("open circuits", () => {
  it("spare a vendor that is down, and tell when to come back", async ({ expect }) => {
    const { service, requests } = setUp([json(500, {})]);
    await service.chat({ model: "openai/small" }); // three failures
    await service.chat({ model: "openai/small" }); // two more; then it is open
    expect(requests).toHaveLength(5);
    // Opened for 3.75 s, worth waiting for; the probe fails, and 7.5 s are not.
    const refused = await service.chat({ model: "openai/small" });
    expect(refused.headers.get("retry-after")).toBe("8");
    expect(await errorOf(refused)).toMatchObject({
      status: 503,
      type: "server_error",
      code: "upstream_cooling",
    });
    expect(requests).toHaveLength(6);
    expect((await service.chat({ model: "openai/small" })).status).toBe(503);
    expect(requests).toHaveLength(6);
  });

  it("hear of streams that die in their middle", async ({ expect }) => {
    const { service } = setUp([streamed(chunk("a"), '{"error":{"message":"died"}}')]);
    for (let i = 0; i < 5; i++) await (await service.chat({ ...CHEAP, stream: true })).text();
    expect(service.log).toContainEqual(
      expect.objectContaining({ event: "circuit_opened", circuit: "openai openai/small" }),
    );
  });

  it("hear of streams that are closed within their answer, or hold no JSON", async ({ expect }) => {
    for (const data of [[chunk("a")], [chunk("a"), "{torn", finish()]]) {
      const { service } = setUp([streamed(...data)]);
      for (let i = 0; i < 5; i++) await (await service.chat({ ...CHEAP, stream: true })).text();
      expect(service.log.some(({ event }) => event === "circuit_opened")).toBe(true);
    }
  });

  it("do not blame a vendor for clients that leave", async ({ expect }) => {
    const { service, requests } = setUp([
      () => {
        const vendor = openStream();
        vendor.write(chunk("a"));
        return vendor.respond(requests[0]!);
      },
    ]);
    for (let i = 0; i < 8; i++)
      await (await service.chat({ ...CHEAP, stream: true })).body!.cancel();
    expect(service.log.some(({ event }) => event === "circuit_opened")).toBe(false);
  });
});

describe("a request too long for a model", () => {
  it("goes on to larger windows only, beyond the first four attempts too", async ({ expect }) => {
    const models = [
      ...MODELS,
      { ...MODELS[2]!, id: "mistral/huge", contextTokens: 1_000_000 },
      { ...MODELS[1]!, id: "openai/old", contextTokens: 50_000 },
    ];
    const scorer = fakeScorer(models);
    const { service, models: asked } = setUp([OVERFLOW, whole()], { scorer });
    const response = await service.chat(CHEAP);
    expect(response.headers.get("x-sluice-model")).toBe("mistral/huge");
    expect(asked()).toEqual(["small", "huge"]);
  });

  it("is put to each larger window once, also when two are too small", async ({ expect }) => {
    const models = [
      ...MODELS,
      { ...MODELS[1]!, id: "openai/grand", contextTokens: 1_000_000 },
      { ...MODELS[2]!, id: "mistral/huge", contextTokens: 2_000_000 },
      { ...MODELS[2]!, id: "mistral/vast", contextTokens: 3_000_000 },
    ];
    const { service, models: asked } = setUp([OVERFLOW, OVERFLOW, json(503, {})], {
      scorer: fakeScorer(models),
      pause: async () => service.timers.advance(TOTAL_TIMEOUT_MS),
    });
    await service.chat(CHEAP);
    expect(asked()).toEqual(["small", "grand", "huge", "vast"]);
  });

  it("is put to no smaller window after a filter has spoken", async ({ expect }) => {
    const models = [
      ...MODELS,
      { ...MODELS[2]!, id: "mistral/vast", contextTokens: 2_000_000 },
      { ...MODELS[2]!, id: "groq/old", contextTokens: 50_000 },
    ];
    const { service, models: asked } = setUp([OVERFLOW, FILTER, whole()], {
      scorer: fakeScorer(models),
    });
    expect(await errorOf(await service.chat(CHEAP))).toMatchObject({ code: "content_filter" });
    expect(asked()).toEqual(["small", "vast"]);
  });

  it("is the client's to shorten where no window is larger", async ({ expect }) => {
    const { service, requests } = setUp([OVERFLOW]);
    expect(await errorOf(await service.chat(CHEAP))).toMatchObject({
      status: 400,
      type: "invalid_request_error",
      code: "context_length_exceeded",
      message: "OpenAI: too long",
    });
    expect(requests).toHaveLength(1); // The others have the same window, or a smaller one.
  });
});

describe("a content filter", () => {
  it("is answered by another vendor, once", async ({ expect }) => {
    for (const first of [FILTER, EMPTIED]) {
      const { service, models } = setUp([first, whole()]);
      const response = await service.chat(CHEAP);
      expect(response.headers.get("x-sluice-model")).toBe("mistral/medium");
      expect(models()).toEqual(["small", "medium"]);
    }
  });

  it("that empties a stream is answered by another vendor too, and has the last word", async ({
    expect,
  }) => {
    const role = chunk("", { choices: [{ index: 0, delta: { role: "assistant", content: "" } }] });
    const end = { choices: [{ index: 0, delta: {}, finish_reason: "content_filter" }] };
    const emptied = streamed(role, finish(end), usageChunk(), "[DONE]");
    const { service, models } = setUp([emptied, streamed(chunk("a"), finish(), "[DONE]")]);
    const response = await service.chat({ ...CHEAP, stream: true });
    expect((await dataOf(response)).at(0)).toBe(chunk("a"));
    expect(models()).toEqual(["small", "medium"]);

    const both = setUp([emptied]);
    expect(await errorOf(await both.service.chat({ ...CHEAP, stream: true }))).toMatchObject({
      status: 400,
      code: "content_filter",
    });
    // Both prompts of 5 tokens: the time has not sufficed for more.
    expect(completionsIn(both.service)).toMatchObject([{ cost_micro_usd: 5 + 10 }]);
  });

  it("is billed for what it emptied", async ({ expect }) => {
    // Twice 10 in and 20 out: at small's 1 and 4, and at medium's 2 and 8 µ$ a token.
    const { service } = setUp([EMPTIED, whole()]);
    const { headers } = await service.chat(CHEAP);
    expect(headers.get("x-sluice-cost-usd")).toBe("0.000270");
  });

  it.for<[string, Responder]>([
    ["fails", json(500, {})],
    ["filters as well", FILTER],
    ["empties its answer as well", EMPTIED],
    ["refuses the request", json(400, { error: { message: "bad" } })],
  ])("has the last word when the other vendor %s", async ([, second], { expect }) => {
    const refused = setUp([FILTER, second]);
    expect(await errorOf(await refused.service.chat(CHEAP))).toMatchObject({
      status: 400,
      code: "content_filter",
      message: "OpenAI: flagged",
    });
    expect(refused.requests).toHaveLength(2);

    const emptied = setUp([EMPTIED, second]);
    const response = await emptied.service.chat(CHEAP);
    expect(await response.json()).toMatchObject({ choices: [{ finish_reason: "content_filter" }] });
    expect(response.headers.get("x-sluice-model")).toBe("openai/small");
    expect(emptied.requests).toHaveLength(2);
  });

  it("is billed for both answers that it emptied", async ({ expect }) => {
    const { service } = setUp([EMPTIED]);
    const { headers } = await service.chat(CHEAP);
    expect(headers.get("x-sluice-cost-usd")).toBe("0.000270");
  });

  it("is billed for what it emptied, though the client leaves the other vendor's answer", async ({
    expect,
  }) => {
    const { service, requests } = setUp([EMPTIED, silent()]);
    const client = new AbortController();
    const answer = service.chat(CHEAP, { signal: client.signal });
    await called(requests, 2);
    client.abort();
    expect((await answer).status).toBe(499);
    // 90 for small's 10 in and 20 out, and medium's prompt of 5.
    expect(completionsIn(service)).toMatchObject([
      { ending: "cancelled", attempts: 2, cost_micro_usd: 90 + 10 },
    ]);
  });

  it("turns to another vendor in a later round as well", async ({ expect }) => {
    const down = json(503, {});
    const { service, models } = setUp([down, down, FILTER, whole()]);
    const sluice = { allow_models: ["openai/small", "mistral/medium"] };
    expect((await service.chat({ ...CHEAP, sluice })).status).toBe(200);
    expect(models()).toEqual(["small", "medium", "small", "medium"]);
  });

  it("leaves an answer that it has only cut as it is", async ({ expect }) => {
    const choices = [{ index: 0, message: { content: "Half" }, finish_reason: "content_filter" }];
    const { service, requests } = setUp([whole({ choices })]);
    expect((await service.chat(CHEAP)).status).toBe(200);
    expect(requests).toHaveLength(1);
  });
});

describe("a hedge", () => {
  const HEDGED = { headers: { "x-sluice-hedge": "800" } };

  it("is off unless asked for", async ({ expect }) => {
    const { service, requests } = setUp([silent(), whole()], { pause: async () => {} });
    const client = new AbortController();
    const answer = service.chat(CHEAP, { signal: client.signal });
    await called(requests, 1);
    client.abort();
    expect((await answer).status).toBe(499);
    expect(requests).toHaveLength(1);
  });

  it("answers by the second, hangs up on the first, and bills what that may have cost", async ({
    expect,
  }) => {
    const waits: number[] = [];
    const { service, requests } = setUp([silent(), whole()], {
      pause: async (ms) => void waits.push(ms),
    });
    const { headers } = await service.chat(CHEAP, HEDGED);
    expect(waits).toEqual([800]);
    expect(requests[0]!.signal.aborted).toBe(true);
    expect(Object.fromEntries(headers)).toMatchObject({
      "x-sluice-model": "mistral/medium",
      "x-sluice-attempts": "2",
      "x-sluice-hedged": "openai/small",
      "x-sluice-hedge-cost-usd": "0.000405", // 5 tokens in, 100 out at the median
      "x-sluice-cost-usd": "0.000585", // and 10 in, 20 out at the winner's price
    });
    expect(service.log.at(-1)).toMatchObject({
      hedged: "openai/small",
      hedge_cost_micro_usd: 405,
      cost_micro_usd: 585,
    });
  });

  it("bills a stream that had not begun for its prompt only, in the receipt", async ({
    expect,
  }) => {
    const { service } = setUp([silent(), streamed(chunk("a"), finish(), usageChunk(), "[DONE]")], {
      pause: async () => {},
    });
    const response = await service.chat({ ...CHEAP, stream: true }, HEDGED);
    expect(response.headers.get("x-sluice-hedged")).toBe("openai/small");
    const data = await dataOf(response);
    expect(JSON.parse(data.at(-2)!)).toMatchObject({
      sluice: { hedged: "openai/small", hedge_cost_usd: 0.000005, cost_usd: 0.000185 },
    });
  });

  it("waits until nine calls of ten would have begun to answer", async ({ expect }) => {
    for (const [stream, expected] of [
      [true, 951],
      [false, 2_853],
    ] as const) {
      const waits: number[] = [];
      const answer = stream ? streamed(chunk("a"), finish(), "[DONE]") : whole();
      const { service } = setUp([silent(), answer], { pause: async (ms) => void waits.push(ms) });
      await (await service.chat({ ...CHEAP, stream, sluice: { hedge: "auto" } })).text();
      expect(waits).toEqual([expected]);
    }
  });

  it("goes on down the list when both fail", async ({ expect }) => {
    const vendor = openStream();
    const { service, models } = setUp(
      [() => Response.json({}, { status: 500 }), json(500, {}), whole()],
      { pause: async () => {} },
    );
    vendor.close();
    const { headers } = await service.chat(CHEAP, HEDGED);
    expect(models()).toEqual(["small", "medium", "large"]);
    expect(headers.get("x-sluice-attempts")).toBe("3");
    expect(headers.get("x-sluice-hedged")).toBeNull();
  });

  it("takes the second's answer where the first refuses the request", async ({ expect }) => {
    for (const stream of [false, true]) {
      const first = Promise.withResolvers<Response>();
      const { service, requests } = setUp(
        [
          () => first.promise,
          async (request) => {
            first.resolve(Response.json({ error: { message: "bad" } }, { status: 400 }));
            while (!service.log.some(({ event }) => event === "attempt_failed")) await turn();
            return (stream ? streamed(chunk("a"), finish(), "[DONE]") : whole())(request);
          },
        ],
        { pause: async () => {} },
      );
      const response = await service.chat({ ...CHEAP, stream }, HEDGED);
      expect(response.headers.get("x-sluice-model")).toBe("mistral/medium");
      await response.text();
      expect(completionsIn(service)).toHaveLength(1);
      expect(requests).toHaveLength(2);
    }
  });

  it("is settled once when the client leaves both", async ({ expect }) => {
    const { service, requests } = setUp([silent()], { pause: async () => {} });
    const client = new AbortController();
    const answer = service.chat(CHEAP, { ...HEDGED, signal: client.signal });
    await called(requests, 2);
    client.abort();
    await answer;
    // Both prompts of 5 tokens, at small's price and at medium's.
    expect(completionsIn(service)).toMatchObject([
      { ending: "cancelled", attempts: 2, cost_micro_usd: 5 + 10 },
    ]);
  });

  it("leaves nothing running when the client leaves", async ({ expect }) => {
    const { service, requests } = setUp([silent()], { pause: async () => {} });
    const client = new AbortController();
    const answer = service.chat(CHEAP, { ...HEDGED, signal: client.signal });
    await called(requests, 2);
    client.abort();
    expect((await answer).status).toBe(499);
    expect(requests.every(({ signal }) => signal.aborted)).toBe(true);
    expect(service.timers.pending).toBe(0);
  });
});

describe("an answer that breaks off", () => {
  it("before the client has seen any of it is billed with the one that follows", async ({
    expect,
  }) => {
    const { service } = setUp([half, whole()]);
    const { headers } = await service.chat(CHEAP);
    // small's prompt of 5 tokens, and medium's 10 in and 20 out.
    expect(headers.get("x-sluice-cost-usd")).toBe("0.000185");
    expect(completionsIn(service)).toMatchObject([
      { model: "mistral/medium", cost_micro_usd: 185 },
    ]);
  });

  it("is billed where none follows", async ({ expect }) => {
    const { service } = setUp([
      () => {
        service.timers.advance(1_000);
        return half();
      },
      json(400, { error: { message: "bad" } }),
    ]);
    const { status, headers } = await service.chat(CHEAP);
    expect([status, headers.get("x-sluice-cost-usd")]).toEqual([400, "0.000205"]);
    // Of 100 tokens from 500 ms on, in another second, half.
    expect(completionsIn(service)).toMatchObject([
      { ending: "broken", error: "upstream_rejected", attempts: 2, cost_micro_usd: 5 + 50 * 4 },
    ]);
  });

  it("has as many answers begun as were asked for", async ({ expect }) => {
    const { service } = setUp([
      () => {
        service.timers.advance(1_000);
        return half();
      },
      json(400, { error: { message: "bad" } }),
    ]);
    await service.chat({
      ...CHEAP,
      n: 3,
      sluice: { allow_models: ["openai/small", "openai/large"] },
    });
    expect(completionsIn(service)).toMatchObject([{ cost_micro_usd: 5 + 3 * 50 * 4 }]);
  });

  it("was not begun where vendors said no, and then nothing is billed", async ({ expect }) => {
    const { service } = setUp([json(500, {})]);
    expect((await service.chat(CHEAP)).headers.get("x-sluice-cost-usd")).toBeNull();
    expect(completionsIn(service)).toEqual([]);
  });
});

describe("a client that has left before anybody was called", () => {
  it("is billed nothing", async ({ expect }) => {
    const client = new AbortController();
    const scorer = fakeScorer();
    const { service, requests } = setUp([whole()], {
      scorer: {
        catalog: scorer.catalog,
        async score(prompt) {
          client.abort();
          return scorer.score(prompt);
        },
      },
    });
    expect((await service.chat(CHEAP, { signal: client.signal })).status).toBe(499);
    expect(requests).toEqual([]);
    expect(completionsIn(service)).toEqual([]);
  });
});

describe("a client that leaves a stream", () => {
  it("is charged at once and once, though nobody reads or cancels it", async ({ expect }) => {
    const vendor = openStream();
    const { service } = setUp([vendor.respond]);
    const client = new AbortController();
    const answer = service.chat({ ...CHEAP, stream: true }, { signal: client.signal });
    vendor.write(chunk("12345678"));
    const { body } = await answer;
    client.abort();
    await vendor.left;
    await Promise.all(service.background);
    await body!.cancel();
    expect(completionsIn(service)).toMatchObject([{ ending: "cancelled", cost_micro_usd: 5 }]);
    expect(service.timers.pending).toBe(0);
  });
});

describe("keys", () => {
  it("are in no answer and no line of the log, whatever the vendor echoes", async ({ expect }) => {
    const [key] = KEYS.openai;
    const echo = { error: { message: `What is ${key}?`, code: key } };
    for (const status of [400, 401, 403, 429, 500, 200]) {
      const { service } = setUp([json(status, echo)]);
      const response = await service.chat({ model: "openai/small" });
      const seen = `${await response.text()}${JSON.stringify([...response.headers])}`;
      expect(seen + JSON.stringify(service.log)).not.toContain(key);
    }
  });
});
