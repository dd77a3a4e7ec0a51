/**
 * The cache of answers, through the whole service: what is given again, in every form; what never is; who waits for
 * whom; and how it ends. Object, Cache API and KV are the platform's own.
 */
import { env, evictDurableObject } from "cloudflare:test";
import { describe, it } from "vitest";
import type { Shelf } from "../../../worker/cache/answers/shelf.ts";
import { cacheViewSchema } from "../../../worker/http/wire/cache-view.ts";
import { isRecord } from "../../../worker/lib/json.ts";
import { memoryLedger } from "../../contract/memory-ledger.ts";
import { cachedService, EXACT } from "../fixture/cached-service.ts";
import { createService, errorOf, type TestService } from "../fixture/service.ts";
import {
  chunk,
  finish,
  json,
  openStream,
  streamed,
  usageChunk,
  USAGE,
  whole,
  type Responder,
} from "../fixture/vendor.ts";

const STREAM = streamed(chunk("Hel"), chunk("lo."), finish(), usageChunk(), "[DONE]");
const MESSAGES = [{ role: "user", content: "Hi" }];

const EMPTY: Shelf = { get: async () => undefined, put: async () => {} };

const CALL = { id: "call_1", type: "function", function: { name: "f", arguments: "{}" } };
const CUT = { index: 0, delta: {}, finish_reason: "length" };

function choice(message: Record<string, unknown>, finishReason: string) {
  const said = { role: "assistant", content: "Hello", ...message };
  return { index: 0, message: said, finish_reason: finishReason };
}

/** Lets whatever is under way go on, until something is so. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 1));
}

/** All that streamed chunks say, but for what is ours. */
function contentOf(text: string): unknown[] {
  return text
    .split("\n\n")
    .filter((block) => block.startsWith("data: {"))
    .map((block) => {
      const { sluice: _, ...said } = JSON.parse(block.slice("data: ".length));
      return said;
    });
}

describe("an answer that was given before", () => {
  it("is given again to the same request, whole, at no cost and with its age", async ({
    expect,
  }) => {
    const { ask, vendor, time } = cachedService([whole()]);
    const first = await ask();
    expect(first.cache).toBe("miss");
    time.advance(65_000);
    const second = await ask();
    expect(second.text).toBe(first.text);
    expect(vendor.requests).toHaveLength(1);
    const { headers } = second.response;
    expect(Object.fromEntries(headers)).toMatchObject({
      "x-sluice-cache": "hit",
      age: "65",
      "x-sluice-attempts": "0",
      "x-sluice-cost-usd": "0.000000",
      "x-sluice-model": first.response.headers.get("x-sluice-model"),
      "x-sluice-score": first.response.headers.get("x-sluice-score"),
      "x-sluice-weights": first.response.headers.get("x-sluice-weights"),
      "x-sluice-decision": first.response.headers.get("x-sluice-decision"),
    });
    const saved = ["x-sluice-cost-usd", "x-sluice-saved-usd"]
      .map((name) => Number(first.response.headers.get(name)))
      .reduce((sum, usd) => sum + usd, 0);
    expect(Number(headers.get("x-sluice-saved-usd"))).toBeCloseTo(saved, 6);
  });

  it("is given again as the very stream that it was", async ({ expect }) => {
    const { ask, vendor } = cachedService([STREAM]);
    const fields = { stream: true, stream_options: { include_usage: true } };
    const first = await ask(fields);
    const second = await ask(fields);
    expect([first.cache, second.cache]).toEqual(["miss", "hit"]);
    expect(contentOf(second.text)).toEqual(contentOf(first.text));
    expect(second.text.endsWith("data: [DONE]\n\n")).toBe(true);
    expect(second.text).toContain('"cost_usd":0,');
    expect(second.text).toContain('"cache":"hit"');
    expect(vendor.requests).toHaveLength(1);
  });

  it("is given whole where it was streamed, and streamed where it was whole", async ({
    expect,
  }) => {
    const fromStream = cachedService([STREAM]);
    await fromStream.ask({ stream: true });
    const given = await fromStream.ask();
    expect(given.cache).toBe("hit");
    expect(JSON.parse(given.text)).toMatchObject({
      object: "chat.completion",
      choices: [{ index: 0, message: { content: "Hello." }, finish_reason: "stop" }],
      usage: USAGE,
    });
    const fromWhole = cachedService([whole()]);
    await fromWhole.ask();
    const asStream = await fromWhole.ask({ stream: true, stream_options: { include_usage: true } });
    expect(asStream.cache).toBe("hit");
    const chunks = contentOf(asStream.text).filter(isRecord);
    expect(chunks.map(({ object }) => object)).toEqual(Array(3).fill("chat.completion.chunk"));
    expect(asStream.text).toContain('"content":"Hello."');
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: USAGE });
  });

  it("goes into every wire format", async ({ expect }) => {
    const { service, vendor, settled } = cachedService([whole()]);
    const bodies = {
      "/v1/messages": { model: "auto", max_tokens: 100, messages: MESSAGES },
      "/v1/responses": { model: "auto", input: "Hi" },
    };
    for (const [path, body] of Object.entries(bodies))
      for (const expected of ["miss", "hit", "hit"]) {
        const isStreamed = expected === "hit" && vendor.requests.length > 2;
        const response = await service.fetch(path, {
          method: "POST",
          headers: { "content-type": "application/json", ...EXACT },
          body: JSON.stringify({ ...body, stream: isStreamed }),
        });
        expect(await response.text()).toContain("Hello.");
        expect([path, response.headers.get("x-sluice-cache")]).toEqual([path, expected]);
        await settled();
      }
    expect(vendor.requests).toHaveLength(2);
  });

  it("counts as a request of the rate limits, and a spent budget does not stop it", async ({
    expect,
  }) => {
    const { ask } = cachedService([whole()], {
      ledger: memoryLedger(),
      caller: {
        tenant: {
          budgets: [{ window: "total", limit_usd: 0.01 }],
          limits: [{ unit: "requests", limit: 2, window_s: 60 }],
        },
      },
    });
    await ask();
    const { response } = await ask();
    expect(response.headers.get("x-ratelimit-remaining-requests")).toBe("0");
    const refused = await ask();
    expect([refused.response.status, refused.cache]).toEqual([429, null]);
  });

  it("is logged as one that nobody was asked for", async ({ expect }) => {
    const { ask, service } = cachedService([whole()]);
    await ask();
    await ask();
    expect(service.log.filter(({ event }) => event === "completion").at(-1)).toMatchObject({
      cache: "hit",
      cost_micro_usd: 0,
      age_s: 0,
      is_stream: false,
    });
  });
});

describe("what is not given again", () => {
  it("is anything at all unless it is asked for", async ({ expect }) => {
    const { ask, vendor } = cachedService([whole()]);
    for (let i = 0; i < 2; i++) expect((await ask({}, {})).cache).toBe("bypass");
    expect(vendor.requests).toHaveLength(2);
  });

  it("is another request's answer, or another tenant's", async ({ expect }) => {
    const { ask, vendor } = cachedService([whole()]);
    await ask();
    for (const fields of [
      { temperature: 0.5 },
      { model: "auto:quality" },
      { model: "openai/small" },
      { messages: [{ role: "user", content: "Hi " }] },
      { sluice: { allow_models: ["openai/small"] } },
    ])
      expect((await ask(fields)).cache).toBe("miss");
    expect(vendor.requests).toHaveLength(6);
    const other = cachedService([whole()]);
    expect((await other.ask()).cache).toBe("miss");
  });

  it.for<[string, Responder, isStreamed?: boolean]>([
    ["an error", json(400, { error: { message: "no", type: "invalid_request_error" } })],
    ["cut short", whole({ choices: [choice({}, "length")] })],
    ["filtered", whole({ choices: [choice({}, "content_filter")] })],
    ["a call of a tool", whole({ choices: [choice({ tool_calls: [CALL] }, "tool_calls")] })],
    ["an empty answer", whole({ choices: [choice({ content: "" }, "stop")] })],
    ["too long", whole({ choices: [choice({ content: "x".repeat(1 << 20) }, "stop")] })],
    ["a stream that broke", streamed(chunk("Hel")), true],
    ["a stream that was cut short", streamed(chunk("Hel"), finish({ choices: [CUT] })), true],
  ])("is %s", async ([, responder, stream = false], { expect }) => {
    const { ask, vendor } = cachedService([responder]);
    await ask({ stream });
    const calls = vendor.requests.length;
    expect((await ask({ stream })).cache).not.toBe("hit");
    expect(vendor.requests.length).toBe(2 * calls);
  });

  it("is a private tenant's, whatever it asks for", async ({ expect }) => {
    const { ask } = cachedService([whole()], { caller: { tenant: { is_private: true } } });
    for (let i = 0; i < 2; i++) expect((await ask()).cache).toBe("bypass");
  });

  it("is what Cache-Control forbids", async ({ expect }) => {
    const { ask, time, vendor } = cachedService([whole()]);
    await ask();
    time.advance(30_000);
    async function asked(control: string) {
      return (await ask({}, { ...EXACT, "cache-control": control })).cache;
    }
    expect(await asked("no-store")).toBe("bypass");
    expect(await asked("max-age=29")).toBe("miss");
    expect(await asked("max-age=29, max-age=31")).toBe("hit");
    expect(await asked("no-cache")).toBe("miss");
    expect((await ask()).response.headers.get("age")).toBe("0");
    expect(await asked("max-age=0")).toBe("miss");
    expect(vendor.requests).toHaveLength(5);
  });

  it("is older than it may be", async ({ expect }) => {
    const { ask, time } = cachedService([whole()]);
    const brief = { ...EXACT, "x-sluice-cache-ttl-s": "90" };
    await ask({}, brief);
    time.advance(89_999);
    expect((await ask({}, brief)).cache).toBe("hit");
    time.advance(1);
    expect((await ask()).cache).toBe("miss");
  });

  it("is what a refresh has replaced", async ({ expect }) => {
    const { ask } = cachedService([whole(), whole({ id: "chatcmpl-2" })]);
    await ask();
    const refreshed = await ask({}, { "x-sluice-cache": "refresh" });
    expect(refreshed.cache).toBe("miss");
    const after = await ask();
    expect([after.cache, after.text]).toEqual(["hit", refreshed.text]);
  });

  it("goes to nobody who may not ask for it", async ({ expect }) => {
    const { ask } = cachedService([whole()], {
      caller: { tenant: { allow_models: ["openai/small"] } },
    });
    expect((await ask({ model: "openai/large" })).response.status).toBe(403);
  });
});

describe("requests that ask the same at once", () => {
  it("make one call, and all have its answer", async ({ expect }) => {
    const stream = openStream();
    const { service, vendor, settled } = cachedService([stream.respond]);
    const asked = Array.from({ length: 40 }, (_, i) =>
      service.chat({ stream: i % 2 === 0 }, { headers: EXACT }).then(async (response) => ({
        text: await response.text(),
        cache: response.headers.get("x-sluice-cache"),
      })),
    );
    await until(() => vendor.requests.length > 0);
    stream.write(chunk("Hel"), chunk("lo."), finish(), "[DONE]");
    stream.close();
    const answers = await Promise.all(asked);
    await settled();
    expect(vendor.requests).toHaveLength(1);
    expect(answers.filter(({ cache }) => cache === "miss")).toHaveLength(1);
    for (const { text } of answers) expect(text).toMatch(/Hel.*lo\./s);
  });

  it("go on alone where the answer is not for others", async ({ expect }) => {
    const { service, vendor } = cachedService([whole({ choices: [choice({}, "length")] })]);
    const asked = Array.from({ length: 5 }, () => service.chat({}, { headers: EXACT }));
    for (const response of await Promise.all(asked)) expect(response.status).toBe(200);
    expect(vendor.requests).toHaveLength(5);
  });

  it("are led by another where the first has failed", async ({ expect }) => {
    const open = openStream();
    const { service, vendor, settled } = cachedService([open.respond, whole()]);
    const leaving = new AbortController();
    const first = service.chat({ stream: true }, { headers: EXACT, signal: leaving.signal });
    await until(() => vendor.requests.length === 1);
    const rest = [service.chat({}, { headers: EXACT }), service.chat({}, { headers: EXACT })];
    open.write(chunk("Hel"));
    await (await first).body?.cancel();
    const caches = (await Promise.all(rest)).map(({ headers }) => headers.get("x-sluice-cache"));
    await settled();
    expect(new Set(caches)).toEqual(new Set(["hit", "miss"]));
    expect(vendor.requests).toHaveLength(2);
  });
});

async function purge(service: TestService, id: string, body: unknown): Promise<Response> {
  return service.fetch(`/admin/tenants/${id}/cache/purge`, {
    method: "POST",
    headers: { authorization: "Bearer an-operators-key", "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}

describe("a purge", () => {
  it("ends everything, within ten seconds", async ({ expect }) => {
    const { id, ask, service, time } = cachedService([whole()]);
    await ask();
    expect((await purge(service, id, {})).status).toBe(200);
    time.advance(10_000);
    expect((await ask()).cache).toBe("miss");
    expect((await ask()).cache).toBe("hit");
  });

  it("of a tag ends what has it, also what was asked for before and kept after", async ({
    expect,
  }) => {
    const stream = openStream();
    const { id, ask, service, vendor, time, settled } = cachedService([
      whole(),
      whole(),
      stream.respond,
      whole(),
    ]);
    const tagged = { ...EXACT, "x-sluice-cache-tags": "docs, v2" };
    await ask({}, tagged);
    await ask({ temperature: 0 });
    const late = service.chat({ temperature: 1, stream: true }, { headers: tagged });
    await until(() => vendor.requests.length === 3);
    const purged = await purge(service, id, { tags: ["v2", "v3"] });
    expect(await purged.json()).toEqual({ object: "cache_purge", tenant: id, tags: ["v2", "v3"] });
    stream.write(chunk("Old."), finish(), "[DONE]");
    stream.close();
    await (await late).text();
    await settled();
    time.advance(10_000);
    expect((await ask({ temperature: 0 })).cache).toBe("hit");
    expect((await ask()).cache).toBe("miss");
    expect((await ask({ temperature: 1 })).cache).not.toBe("hit");
    expect((await ask()).cache).toBe("hit");
  });

  it("happens with a tenant's removal, so one made again finds nothing", async ({ expect }) => {
    const { id, ask, keeper } = cachedService([whole()]);
    await ask();
    await keeper.erase(id);
    const again = cachedService([whole()], { id });
    expect((await again.ask()).cache).toBe("miss");
    expect(await again.keeper.standing(id)).toMatchObject({ total: { hits: 0, misses: 1 } });
  });
});

describe("what operators see of a cache", () => {
  it("is its hits, its misses and what it saved", async ({ expect }) => {
    const { id, ask, service } = cachedService([whole()]);
    async function look() {
      const headers = { authorization: "Bearer an-operators-key" };
      const answer = await service.fetch(`/admin/tenants/${id}/cache`, { headers });
      return cacheViewSchema.parse(await answer.json());
    }
    expect(await look()).toMatchObject({ since: null, hits: 0, misses: 0, days: [] });
    await ask();
    const { response } = await ask();
    await ask();
    const saved = Number(response.headers.get("x-sluice-saved-usd"));
    const seen = await look();
    expect(seen).toMatchObject({ object: "cache", tenant: id, hits: 2, misses: 1 });
    expect(seen.saved_usd).toBeCloseTo(2 * saved, 6);
    expect(seen.days).toHaveLength(1);
  });

  it("is refused to others, and where there is none", async ({ expect }) => {
    const { id, service } = cachedService([whole()]);
    expect((await service.fetch(`/admin/tenants/${id}/cache`)).status).toBe(401);
    const none = createService({ adminKey: "an-operators-key" });
    const headers = { authorization: "Bearer an-operators-key" };
    expect(await errorOf(await none.fetch("/admin/tenants/a/cache", { headers }))).toMatchObject({
      status: 501,
      code: "no_cache",
    });
  });
});

describe("a cache in trouble", () => {
  const down: Shelf = {
    get: () => Promise.reject(new Error("down")),
    put: () => Promise.reject(new Error("down")),
  };

  it("costs nobody an answer where its shelves are down, and still lets one lead", async ({
    expect,
  }) => {
    const { ask, failures, vendor } = cachedService([whole()], { near: down, far: down });
    expect((await ask()).cache).toBe("miss");
    // The object remembers for a minute what was brought.
    expect((await ask()).cache).toBe("hit");
    expect(vendor.requests).toHaveLength(1);
    expect(new Set(failures)).toEqual(new Set(["near: Error: down", "far: Error: down"]));
  });

  it("is none where its object cannot be reached", async ({ expect }) => {
    const namespaces = {
      find: () => Promise.reject(new Error("gone")),
      objectOf: (id: string) => env.CACHE.getByName(id),
    };
    const { ask, failures } = cachedService([whole()], { namespaces });
    expect((await ask()).cache).toBe("bypass");
    expect(failures).toEqual(["namespace: Error: gone"]);
  });

  it("takes nothing from a shelf that it has not put there", async ({ expect }) => {
    const kept = new Map<string, Uint8Array>();
    const forged: Shelf = {
      get: async (name) => kept.get(name),
      put: async (name, bytes) => void kept.set(name, bytes),
    };
    const honest = cachedService([whole()], { near: forged, far: EMPTY });
    await honest.ask();
    const [name, bytes] = [...kept][0]!;
    kept.set(name, bytes.with(bytes.length - 1, bytes.at(-1)! ^ 1));
    const other = cachedService([whole()], { near: forged, far: EMPTY, id: honest.id });
    await env.CACHE.getByName(honest.id).purge(["x"]);
    await evictDurableObject(env.CACHE.getByName(honest.id));
    expect((await other.ask()).cache).toBe("miss");
  });

  it("finds in the far shelf what the near one has lost, and puts it there again", async ({
    expect,
  }) => {
    const near = new Map<string, Uint8Array>();
    const shelf: Shelf = {
      get: async (name) => near.get(name),
      put: async (name, bytes) => void near.set(name, bytes),
    };
    const { id, ask, vendor } = cachedService([whole()], { near: shelf });
    await ask();
    near.clear();
    await evictDurableObject(env.CACHE.getByName(id));
    expect((await ask()).cache).toBe("hit");
    expect(near.size).toBe(1);
    near.clear();
    expect((await ask()).cache).toBe("hit");
    expect(vendor.requests).toHaveLength(1);
  });

  it("has its secret and its counts still after its object was evicted", async ({ expect }) => {
    const { id, ask } = cachedService([whole()]);
    await ask();
    await evictDurableObject(env.CACHE.getByName(id));
    const fresh = cachedService([], { id });
    expect((await fresh.ask()).cache).toBe("hit");
    expect(await fresh.keeper.standing(id)).toMatchObject({ total: { hits: 1, misses: 1 } });
  });
});
