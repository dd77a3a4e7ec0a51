/**
 * The Worker as it is deployed: real wiring, bundled weights, real catalogue. Only what needs no vendor;
 * everything else is tried around a fake scorer (http/) or end to end (test/e2e).
 */
import { createExecutionContext, createMessageBatch, getQueueResult } from "cloudflare:test";
import { env as bindings } from "cloudflare:workers";
import { describe, it } from "vitest";
import { compose } from "../../worker/compose.ts";
import { ConfigError } from "../../worker/config.ts";
import worker from "../../worker/index.ts";
import { createDirectory } from "../../worker/tenants/directory.ts";
import { digestsUnder } from "../../worker/tenants/keys.ts";
import { ALERT } from "./budget/made-up-alert.ts";
import { keyIn } from "./fixture/directory.ts";

/** No module is reached at this address: port 9 is "discard". */
const { DIRECTORY, VITALS } = bindings;
const ENV: Env = { VENDOR_BASE_URL: "http://127.0.0.1:9", LOG_LEVEL: "error" };

interface Background {
  readonly context: ExecutionContext;
  readonly work: readonly unknown[];
}

function background(): Background {
  const work: unknown[] = [];
  const context = { waitUntil: (promise: unknown) => work.push(promise) };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the rest of it is not used
  return { context: context as unknown as ExecutionContext, work };
}

function request(path: string, init?: RequestInit) {
  const incoming: unknown = new Request(`http://localhost:8787${path}`, init);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as incoming, but for `cf`
  return incoming as Parameters<typeof worker.fetch>[0];
}

/** An alert, and a message that is none. */
function batchOf() {
  const bodies: unknown[] = [ALERT, "not an alert"];
  return createMessageBatch(
    "sluice-alerts",
    bodies.map((body, index) => ({ id: String(index), timestamp: 0, attempts: 1, body })),
  );
}

// An isolate composes its service once: the wrong variables must come first.
describe("the Worker", { shuffle: false }, () => {
  it("answers 500 while its variables are wrong, without saying more than that", async ({
    expect,
  }) => {
    const env: Env = { ...ENV, TOTAL_TIMEOUT_MS: "soon" };
    const response = await worker.fetch(request("/healthz"), env, background().context);
    expect(response.status).toBe(500);
    expect(await response.json()).toMatchObject({ error: { code: "misconfigured" } });
    expect(response.headers.get("x-should-retry")).toBe("false");
    expect(response.headers.get("x-sluice-request-id")).toMatch(/^req_[0-9a-f]{32}$/);
    const anthropic = await worker.fetch(request("/v1/messages"), env, background().context);
    expect(await anthropic.json()).toMatchObject({
      type: "error",
      error: { type: "api_error" },
      request_id: anthropic.headers.get("x-sluice-request-id"),
    });
    expect(() => compose(env)).toThrow(ConfigError);
  });

  it("says what to correct where the cache's vectors want a binding", ({ expect }) => {
    const { CACHE, NEIGHBOURS } = bindings;
    const env: Env = { ...ENV, CACHE, NEIGHBOURS, CACHE_EMBEDDINGS: "workers-ai" };
    expect(() => compose(env)).toThrow(
      /CACHE_EMBEDDINGS is workers-ai, and there is no binding AI/,
    );
  });

  it("puts messages of the queue back while its variables are wrong", async ({ expect }) => {
    const batch = batchOf();
    await worker.queue(batch, { ...ENV, TOTAL_TIMEOUT_MS: "soon" });
    const { retryBatch, explicitAcks } = await getQueueResult(batch, createExecutionContext());
    expect({ retryBatch, explicitAcks }).toEqual({ retryBatch: { retry: true }, explicitAcks: [] });
  });

  it("keeps an alert that cannot be delivered in the queue, and nothing else", async ({
    expect,
  }) => {
    const env = {
      ...ENV,
      ALERT_WEBHOOK_URL: "http://127.0.0.1:9/",
      ALERT_WEBHOOK_SECRET: `whsec_${btoa("a secret of thirty-two letters.!")}`,
    };
    const batch = batchOf();
    await compose(env).deliver(batch);
    const { retryMessages, explicitAcks } = await getQueueResult(batch, createExecutionContext());
    expect({ retryMessages, explicitAcks }).toEqual({
      retryMessages: [{ msgId: "0" }],
      explicitAcks: ["1"],
    });
  });

  it("lets the queue's messages go where no webhook is configured", async ({ expect }) => {
    const batch = batchOf();
    await worker.queue(batch, ENV);
    const { explicitAcks } = await getQueueResult(batch, createExecutionContext());
    expect(explicitAcks).toEqual(["0", "1"]);
  });

  it("takes what the queue of events brings for tickets, its dead letters too", async ({
    expect,
  }) => {
    const { JOURNAL, EVENT_FILES } = bindings;
    for (const queue of ["sluice-events", "sluice-events-undelivered"]) {
      const ticket = { kind: "hour_file", tenant: "index", hourMs: 0, first: 1, last: 1 };
      const bodies: unknown[] = [ticket, ALERT];
      const batch = createMessageBatch(
        queue,
        bodies.map((body, index) => ({ id: String(index), timestamp: 0, attempts: 1, body })),
      );
      await compose({ ...ENV, JOURNAL, EVENT_FILES }).deliver(batch);
      const { explicitAcks } = await getQueueResult(batch, createExecutionContext());
      expect(explicitAcks).toEqual(["0", "1"]);
    }
  });

  it("ends by the clock what is kept no longer", async ({ expect }) => {
    const { JOURNAL, EVENT_FILES } = bindings;
    const key = "events/v1/by-the-clock/2020-01-01/00/000000000001-000000000002.ndjson.gz";
    await EVENT_FILES.put(key, "x");
    const terms = { tenant: "by-the-clock", days: 7, fileAfterMs: 600_000 };
    await JOURNAL.getByName("by-the-clock").append([], terms);
    const service = compose({ ...ENV, JOURNAL, EVENT_FILES });
    for (let hour = 0; hour < 24; hour++)
      await service.scheduled({ scheduledTime: Date.now() + hour * 3_600_000 });
    expect(await EVENT_FILES.head(key)).toBeNull();
    await expect(compose(ENV).scheduled({ scheduledTime: 0 })).resolves.toBeUndefined();
  });

  it("looks for newer weights once per request, after the answer", async ({ expect }) => {
    const { context, work } = background();
    const response = await worker.fetch(request("/healthz"), ENV, context);
    expect(await response.json()).toMatchObject({ status: "ok" });
    expect(work).toHaveLength(1);
    await Promise.all(work);
  });

  it("hears from the other isolates which vendors fail", async ({ expect }) => {
    const openUntilMs = Date.now() + 60_000;
    await VITALS.getByName("all").exchange([{ kind: "circuit", circuit: "openai", openUntilMs }]);
    const service = compose({ ...ENV, VITALS });
    await service.refresh();
    const init = {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        model: "openai/gpt-5.4",
        messages: [{ role: "user", content: "Hi" }],
      }),
    };
    const { context } = background();
    const response = await service.fetch(request("/v1/chat/completions", init), ENV, context);
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ error: { code: "upstream_cooling" } });
  });

  it("opens to a tenant's key and to no other once there is a tenant", async ({ expect }) => {
    const keySecret = "0123456789abcdef0123456789abcdef";
    const service = compose({ ...ENV, DIRECTORY, SLUICE_KEY_SECRET: keySecret });
    async function statusWith(headers: Record<string, string> = {}): Promise<number> {
      const { context, work } = background();
      const response = await service.fetch(request("/v1/models", { headers }), ENV, context);
      await Promise.all(work);
      return response.status;
    }
    const directory = createDirectory({
      object: () => DIRECTORY.getByName("all"),
      digests: digestsUnder(keySecret),
      randomBytes: (count) => crypto.getRandomValues(new Uint8Array(count)),
    });
    const { secret } = await keyIn(directory);
    expect(await statusWith()).toBe(401);
    expect(await statusWith({ "x-api-key": secret })).toBe(200);
    expect(await statusWith({ "x-api-key": `${secret.slice(0, -4)}aaaa` })).toBe(401);
  });

  it("routes by the bundled weights over the whole catalogue", async ({ expect }) => {
    const init = {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ model: "auto", messages: [{ role: "user", content: "2 + 2?" }] }),
    };
    const { context } = background();
    const response = await worker.fetch(request("/v1/route", init), ENV, context);
    const health = await worker.fetch(request("/healthz"), ENV, context);
    const { weights } = await health.json<{ weights: string }>();
    expect(response.headers.get("x-sluice-weights")).toBe(weights);
    const { models } = await response.json<{ models: { score: number }[] }>();
    expect(models.length).toBeGreaterThanOrEqual(12);
    for (const { score } of models) expect(score > 0 && score < 1).toBe(true);
  });
});
