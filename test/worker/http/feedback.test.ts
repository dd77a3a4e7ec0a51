/** POST /v1/feedback, and what operators see and erase of it. */
import { env } from "cloudflare:test";
import { describe, it } from "vitest";
import { budgetsSchema } from "../../../worker/domain/budget.ts";
import { tenantSchema, type Tenant } from "../../../worker/domain/tenant.ts";
import { feedbackListSchema, feedbackViewSchema } from "../../../worker/http/wire/feedback.ts";
import { feedbackStore, MAX_SOURCES } from "../../../worker/learning/feedback-object.ts";
import { requestIdsUnder } from "../../../worker/tenants/request-ids.ts";
import { memoryLedger } from "../../contract/memory-ledger.ts";
import { callerWith } from "../fixture/callers.ts";
import { memoryDirectory } from "../fixture/memory-directory.ts";
import { createService, errorOf, type ServiceOptions } from "../fixture/service.ts";
import { scriptedVendor, whole } from "../fixture/vendor.ts";

const ADMIN_KEY = "an-operators-key-of-some-length";
const store = feedbackStore(env.FEEDBACK);

let count = 0;

async function deployment(options: ServiceOptions = {}) {
  const id = `says-${count++}`;
  const directory = memoryDirectory(() => 0);
  await directory.putTenant(tenantSchema.parse({ id }));
  const common = {
    send: scriptedVendor(whole()).send,
    adminKey: ADMIN_KEY,
    directory,
    feedback: store,
    requestIds: requestIdsUnder("a-secret"),
    ...options,
  };
  function serviceOf(tenant: Partial<Tenant>) {
    return createService({ ...common, caller: callerWith({ tenant }) });
  }
  const service = serviceOf({ id });
  function give(body: unknown, by = service): Promise<Response> {
    const headers = { "content-type": "application/json" };
    return by.fetch("/v1/feedback", { method: "POST", headers, body: JSON.stringify(body) });
  }
  async function answered(): Promise<string> {
    const response = await service.chat();
    await response.text();
    return response.headers.get("x-sluice-request-id")!;
  }
  function ask(path: string, method = "GET"): Promise<Response> {
    return service.fetch(`/admin/tenants/${path}`, {
      method,
      headers: { authorization: `Bearer ${ADMIN_KEY}` },
    });
  }
  async function list(query = "") {
    return feedbackListSchema.parse(await (await ask(`${id}/feedback${query}`)).json());
  }
  return { id, service, serviceOf, directory, give, answered, ask, list };
}

function down(): Promise<never> {
  return Promise.reject(new Error("down"));
}

describe("POST /v1/feedback", () => {
  it("keeps what is said of an answer, and logs it without the words", async ({ expect }) => {
    const { id, service, give, answered, list } = await deployment();
    const request_id = await answered();
    const response = await give({ request_id, score: 0.25, comment: "a secret remark" });
    expect(response.status).toBe(200);
    expect(feedbackViewSchema.parse(await response.json())).toEqual({
      object: "feedback",
      request_id,
      source: "user",
      score: 0.25,
      comment: "a secret remark",
    });
    expect((await list()).data).toMatchObject([{ request_id, score: 0.25 }]);
    expect(service.log).toContainEqual(
      expect.objectContaining({ event: "feedback", request_id, tenant: id, score: 0.25 }),
    );
    expect(JSON.stringify(service.log)).not.toContain("remark");
  });

  it("is one opinion for each source, however often it is given", async ({ expect }) => {
    const { give, answered, list } = await deployment();
    const request_id = await answered();
    for (const score of [1, 1, 0]) await give({ request_id, score });
    await give({ request_id, score: 0.5, source: "judge" });
    const { data } = await list();
    expect(data.map(({ source, score }) => [source, score])).toEqual([
      ["user", 0],
      ["judge", 0.5],
    ]);
  });

  it("does not know another tenant's request, nor one that was made up, in the same words", async ({
    expect,
  }) => {
    const { id, service, serviceOf, give, answered, list } = await deployment();
    const request_id = await answered();
    const other = serviceOf({ id: `${id}-other` });
    const stolen = await errorOf(await give({ request_id, score: 0 }, other));
    expect(stolen).toMatchObject({ status: 404, code: "unknown_request", param: "request_id" });
    const madeUp = await errorOf(
      await give({ request_id: `req_${"0".repeat(48)}`, score: 0 }, other),
    );
    expect(madeUp).toEqual(stolen);
    expect((await list()).data).toEqual([]);
    expect(await store.list(`${id}-other`, { after: 0, limit: 9 })).toEqual([]);
    expect(service.log).not.toContainEqual(expect.objectContaining({ event: "feedback" }));
  });

  it.for<[fault: string, param: string, body: Record<string, unknown>]>([
    ["no id", "request_id", { score: 1 }],
    ["an endless id", "request_id", { request_id: "r".repeat(101), score: 1 }],
    ["no score", "score", { request_id: "r" }],
    ["a score beyond 1", "score", { request_id: "r", score: 1.01 }],
    ["a score below 0", "score", { request_id: "r", score: -0.01 }],
    ["a source with a line break", "source", { request_id: "r", score: 1, source: "a\nb" }],
    ["a book", "comment", { request_id: "r", score: 1, comment: "x".repeat(2_001) }],
    ["a field that nobody reads", "tenant", { request_id: "r", score: 1, tenant: "other" }],
  ])("refuses %s and names the field", async ([, param, body], { expect }) => {
    const { give } = await deployment();
    const error = await errorOf(await give(body));
    expect(error).toMatchObject({ status: 400, code: "invalid_body" });
    expect(error.message).toContain(param);
  });

  it("takes no more sources than are kept", async ({ expect }) => {
    const { give, answered } = await deployment();
    const request_id = await answered();
    for (let at = 0; at < MAX_SOURCES; at++)
      expect((await give({ request_id, score: 1, source: `s${at}` })).status).toBe(200);
    expect(await errorOf(await give({ request_id, score: 1, source: "late" }))).toMatchObject({
      status: 409,
      code: "too_many_sources",
    });
  });

  it("wants a key with its scope", async ({ expect }) => {
    const caller = callerWith({});
    const { give } = await deployment();
    const narrow = createService({
      caller: { ...caller, key: { ...caller.key, scopes: ["inference"] } },
    });
    expect(await errorOf(await give({ request_id: "r", score: 1 }, narrow))).toMatchObject({
      status: 403,
      code: "missing_scope",
    });
  });

  it("says what is missing or out of reach", async ({ expect }) => {
    const ids = { ...requestIdsUnder("a-secret"), isOf: async () => true };
    const without = await deployment({ feedback: undefined, requestIds: ids });
    const body = { request_id: "r", score: 1 };
    expect(await errorOf(await without.give(body))).toMatchObject({
      status: 501,
      code: "no_feedback",
    });
    const broken = await deployment({
      feedback: { keep: down, list: down, erase: down },
      requestIds: ids,
    });
    const asked = [
      broken.give(body),
      broken.ask(`${broken.id}/feedback`),
      broken.ask(`${broken.id}/feedback`, "DELETE"),
      broken.ask(broken.id, "DELETE"),
    ];
    for (const response of asked)
      expect(await errorOf(await response)).toMatchObject({
        status: 503,
        code: "feedback_unreachable",
      });
    expect(await broken.directory.tenant(broken.id)).toBeDefined();
  });
});

describe("a caller with limits", () => {
  const IDS = { seal: async (id: string) => id, isOf: async (id: string) => id === "mine" };
  const MINE = { request_id: "mine", score: 1 };

  async function limited(given: Partial<Tenant>, options: ServiceOptions = {}) {
    const ledger = memoryLedger();
    const { give, serviceOf } = await deployment({ ledger, requestIds: IDS, ...options });
    const service = serviceOf({ id: `limited-${count++}`, ...given });
    return { service, ledger, give: (body: unknown) => give(body, service) };
  }

  it("is told where it stands, and to wait once it has reached one", async ({ expect }) => {
    const { service, give } = await limited({ limits: [{ unit: "requests", limit: 2 }] });
    const first = await give(MINE);
    expect(first.status).toBe(200);
    expect(first.headers.get("x-ratelimit-limit-requests")).toBe("2");
    expect(first.headers.get("x-ratelimit-remaining-requests")).toBe("1");
    // Who guesses uses it up as well.
    const guess = await give({ ...MINE, request_id: "somebody's" });
    expect([guess.status, guess.headers.get("x-ratelimit-remaining-requests")]).toEqual([404, "0"]);
    const refused = await give(MINE);
    expect(refused.headers.get("x-ratelimit-remaining-requests")).toBe("0");
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(await errorOf(refused)).toMatchObject({
      status: 429,
      type: "rate_limit_error",
      code: "rate_limit_exceeded",
    });
    expect((await service.chat()).status).toBe(429);
    await Promise.all(service.background);
    service.timers.advance(66_000);
    expect((await give(MINE)).status).toBe(200);
  });

  it("is one of its requests at once until it is kept", async ({ expect }) => {
    const keeping = Promise.withResolvers<"kept">();
    const { service, give } = await limited(
      { limits: [{ unit: "concurrent", limit: 1 }] },
      { feedback: { ...store, keep: () => keeping.promise } },
    );
    const first = give(MINE);
    const second = give(MINE);
    expect((await second).status).toBe(429);
    keeping.resolve("kept");
    expect((await first).status).toBe(200);
    await Promise.all(service.background);
    expect((await give(MINE)).status).toBe(200);
  });

  it("pays nothing for it, and needs no money", async ({ expect }) => {
    const budgets = budgetsSchema.parse([{ window: "day", limit_usd: 0.000001 }]);
    const { service, give } = await limited({ budgets });
    expect((await service.chat()).status).toBe(402);
    const response = await give(MINE);
    expect(response.status).toBe(200);
    expect(response.headers.get("x-sluice-budget-remaining-usd")).toBe("0.000001");
    await Promise.all(service.background);
    const shown = await (await service.fetch("/v1/budget")).json();
    expect(shown).toMatchObject({ budgets: [{ spent_usd: 0, held_usd: 0 }, {}] });
  });
});

describe("operators", () => {
  it("read it page by page", async ({ expect }) => {
    const { give, answered, list, ask, id } = await deployment();
    const request_id = await answered();
    for (const source of ["a", "b", "c"]) await give({ request_id, score: 1, source });
    const first = await list("?limit=2");
    expect(first.data.map(({ source }) => source)).toEqual(["a", "b"]);
    const second = await list(`?limit=2&after=${first.next}`);
    expect(second.data.map(({ source }) => source)).toEqual(["c"]);
    expect(second.next).toBeNull();
    for (const query of ["after=-1", "after=x", "limit=0", "limit=1001", "limit=1.5"])
      expect(await errorOf(await ask(`${id}/feedback?${query}`))).toMatchObject({
        status: 400,
        code: "invalid_query",
        param: query.split("=")[0],
      });
  });

  it("erase it, and with the tenant it goes as well", async ({ expect }) => {
    const { id, service, give, answered, ask, list } = await deployment();
    const request_id = await answered();
    await give({ request_id, score: 1 });
    expect((await ask(`${id}/feedback`, "DELETE")).status).toBe(200);
    expect((await list()).data).toEqual([]);
    expect(service.log).toContainEqual(
      expect.objectContaining({ event: "admin_change", what: "feedback_erased", id }),
    );
    await give({ request_id, score: 1 });
    expect((await ask(id, "DELETE")).status).toBe(200);
    expect(await store.list(id, { after: 0, limit: 9 })).toEqual([]);
  });
});
