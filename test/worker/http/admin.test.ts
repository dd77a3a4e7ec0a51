/** What operators can do over HTTP, against a directory in memory: the whole life of an organisation, a tenant and a key. */
import { env } from "cloudflare:test";
import { describe, it } from "vitest";
import type { z } from "zod";
import { Namespaces } from "../../../worker/cache/answers/namespaces.ts";
import { ADMIN_OPERATIONS } from "../../../worker/http/openapi/admin-operations.ts";
import { feedbackStore } from "../../../worker/learning/feedback-object.ts";
import { keepEvents } from "../../../worker/learning/journal/event-keeping.ts";
import { memoryDirectory } from "../fixture/memory-directory.ts";
import { createService, errorOf } from "../fixture/service.ts";

const ADMIN = "operators-key-1";
const DAY_MS = 86_400_000;

function administration() {
  const shut: string[] = [];
  const ledger = { isDown: false };
  const clock = { nowMs: () => 0 };
  const directory = memoryDirectory(() => clock.nowMs());
  const service = createService({
    adminKey: ADMIN,
    directory,
    feedback: feedbackStore(env.FEEDBACK),
    caches: new Namespaces({
      objectOf: (tenant) => env.CACHE.getByName(tenant),
      clock,
      randomBytes: (count) => crypto.getRandomValues(new Uint8Array(count)),
      erasePrompts: async () => {},
    }),
    events: keepEvents({
      journalOf: (tenant) => env.JOURNAL.getByName(tenant),
      files: env.EVENT_FILES,
      fileAfterMs: 0,
      clock,
      random: () => 0,
      pause: async () => {},
      log: () => {},
    }).events,
    async shut(organisation, gate) {
      if (ledger.isDown) throw new Error("down");
      shut.push(`${organisation} ${gate}`);
    },
    maxBodyBytes: 1 << 20,
  });
  clock.nowMs = () => service.timers.clock.nowMs();
  async function call(order: string, body?: unknown): Promise<Response> {
    const [method = "", path = ""] = order.split(" ");
    return service.fetch(`/admin/${path}`, {
      method,
      headers: { authorization: `Bearer ${ADMIN}`, "content-type": "application/json" },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  }
  /** The answer to what must succeed. */
  async function done(order: string, body?: unknown): Promise<Record<string, unknown>> {
    const response = await call(order, body);
    if (response.status !== 200) throw new Error(`${order}: ${await response.text()}`);
    return response.json();
  }
  async function refused(order: string, body?: unknown): ReturnType<typeof errorOf> {
    return errorOf(await call(order, body));
  }
  /** The id of a new key. */
  async function keyOf(tenant: string, terms: object = {}): Promise<string> {
    return String((await done(`POST tenants/${tenant}/keys`, terms))["id"]);
  }
  return { service, directory, ledger, shut, done, refused, keyOf, clock };
}

const SHOP = {
  id: "shop",
  name: "The shop",
  policy: { preset: "balanced", quality: 0.95 },
  allow_models: ["a/b", "c/d"],
  budgets: [{ window: "month", limit_usd: 100 }],
  limits: [{ unit: "requests", limit: 60 }],
};

describe("/admin", () => {
  it("gives back organisations and tenants as PUT takes them", async ({ expect }) => {
    const { done } = administration();
    const acme = await done("PUT organisations/acme", {
      budgets: [{ window: "total", limit_usd: 5 }],
    });
    expect(acme).toMatchObject({
      id: "acme",
      name: "",
      budgets: [{ kind: "hard", time_zone: "UTC" }],
    });
    expect(await done("GET organisations/acme")).toEqual(acme);
    expect(await done("PUT organisations/acme", acme)).toEqual(acme);
    expect(await done("GET organisations")).toEqual({ object: "list", data: [acme] });

    const shop = await done("POST tenants", { ...SHOP, organisation: "acme" });
    expect(shop).toMatchObject({ id: "shop", organisation: "acme", is_disabled: false });
    expect(await done("GET tenants/shop")).toEqual(shop);
    expect(await done("PUT tenants/shop", shop)).toEqual(shop);
    expect(await done("GET tenants")).toEqual({ object: "list", data: [shop] });
  });

  it("replaces the fields that a PATCH names, and no others", async ({ expect }) => {
    const { done } = administration();
    const shop = await done("POST tenants", SHOP);
    const off = await done("PATCH tenants/shop", { is_disabled: true });
    expect(off).toEqual({ ...shop, is_disabled: true });
    const open = await done("PATCH tenants/shop", { allow_models: null, budgets: null, name: "" });
    const { allow_models: _, ...rest } = off;
    expect(open).toEqual({ ...rest, budgets: [], name: "" });
    expect(await done("GET tenants/shop")).toEqual(open);
  });

  it("shows a key's secret once, and never in the log", async ({ expect }) => {
    const { done, service, directory } = administration();
    await done("POST tenants", SHOP);
    const { secret, note, ...key } = await done("POST tenants/shop/keys", { name: "ci" });
    expect(secret).toBe(directory.secrets[0]);
    expect(note).toContain("this once");
    expect(key).toMatchObject({ tenant: "shop", status: "active", hint: String(secret).slice(-4) });
    expect(await done(`GET keys/${String(key["id"])}`)).toEqual(key);
    expect(await done("GET tenants/shop/keys")).toEqual({ object: "list", data: [key] });

    const again = await done(`POST keys/${String(key["id"])}/rotate`, {});
    expect(again["secret"]).toBe(directory.secrets[1]);
    expect(Date.parse(String(again["grace_until"]))).toBe(service.timers.clock.nowMs() + DAY_MS);
    const log = JSON.stringify(service.log);
    for (const made of [...directory.secrets, ADMIN]) expect(log).not.toContain(made);
    expect(service.log.filter(({ event }) => event === "admin_change")).toMatchObject([
      { operator: "admin_key", what: "tenant_created", id: "shop" },
      { operator: "admin_key", what: "key_created", id: key["id"] },
      { operator: "admin_key", what: "key_rotated", id: key["id"] },
    ]);
  });

  it("reads and writes the end of a key as a time, or as seconds from now", async ({ expect }) => {
    const { done, refused, clock, keyOf } = administration();
    await done("POST tenants", SHOP);
    const end = new Date(clock.nowMs() + DAY_MS).toISOString();
    const id = await keyOf("shop", { expires_in_s: 86_400 });
    expect(await done(`GET keys/${id}`)).toMatchObject({ expires_at: end, status: "active" });
    expect(await done(`PATCH keys/${id}`, { name: "ci" })).toMatchObject({ expires_at: end });
    const later = "2999-01-31T01:00:00+01:00";
    expect(await done(`PATCH keys/${id}`, { expires_at: later })).toMatchObject({
      expires_at: "2999-01-31T00:00:00.000Z",
    });
    expect(await done(`PATCH keys/${id}`, { expires_at: null })).not.toHaveProperty("expires_at");

    const past = { expires_at: "1969-12-31T23:59:59Z" };
    const both = { expires_at: later, expires_in_s: 5 };
    for (const [body, param] of [
      [past, "expires_at"],
      [both, "expires_in_s"],
    ] as const)
      for (const order of ["POST tenants/shop/keys", `PATCH keys/${id}`])
        expect(await refused(order, body)).toMatchObject({ status: 400, param });
  });

  it("says that a key has expired", async ({ expect }) => {
    const { done, service, keyOf } = administration();
    await done("POST tenants", SHOP);
    const id = await keyOf("shop", { expires_in_s: 1 });
    service.timers.advance(1_000);
    expect(await done(`GET keys/${id}`)).toMatchObject({ status: "expired" });
  });

  it("revokes for good, and at once where that is asked for", async ({ expect }) => {
    const { done, refused, shut, keyOf } = administration();
    await done("PUT organisations/acme", {});
    await done("POST tenants", { ...SHOP, organisation: "acme" });
    await done("POST tenants", { id: "alone" });
    const id = await keyOf("shop");
    const other = await keyOf("alone");
    expect(await done(`POST keys/${id}/revoke`, {})).toMatchObject({ status: "revoked" });
    expect(shut).toEqual([]);
    await done(`POST keys/${id}/revoke`, { now: true });
    await done(`POST keys/${other}/revoke`, { now: true });
    expect(shut).toEqual([`acme key:${id}`, `alone key:${other}`]);
    expect(await refused(`POST keys/${id}/rotate`, {})).toMatchObject({
      status: 409,
      code: "key_revoked",
    });
  });

  it("loses none of many changes at once, and makes a tenant once", async ({ expect }) => {
    const { done, refused, directory, keyOf } = administration();
    const made = await Promise.allSettled(
      Array.from({ length: 4 }, () => done("POST tenants", SHOP)),
    );
    expect(made.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    const id = await keyOf("shop");
    const budgets = [{ window: "day", limit_usd: 1 }];
    for (const order of ["PATCH tenants/shop", `PATCH keys/${id}`]) {
      await Promise.all(
        [{ name: "new" }, { budgets }, { limits: [] }].map((patch) => done(order, patch)),
      );
      expect(await done(order.replace("PATCH", "GET"))).toMatchObject({
        name: "new",
        budgets,
        limits: [],
      });
    }
    const read = directory.tenant.bind(directory);
    let edits = 0;
    directory.tenant = async (name) => {
      const found = await read(name);
      await directory.putTenant({ ...found!, name: `edit ${edits++}` });
      return found;
    };
    expect(await refused("PATCH tenants/shop", { budgets: [] })).toMatchObject({
      status: 409,
      code: "changed_meanwhile",
    });
    expect(await read("shop")).toMatchObject({ name: "edit 4", budgets });
  });

  it("turns a tenant off at once where that is asked for, and for whoever paid before", async ({
    expect,
  }) => {
    const { done, refused, shut } = administration();
    await done("PUT organisations/acme", {});
    await done("POST tenants", { ...SHOP, organisation: "acme" });
    await done("PATCH tenants/shop", { is_disabled: true });
    expect(shut).toEqual([]);
    const order = { is_disabled: true, now: true, organisation: null };
    expect(await done("PATCH tenants/shop", order)).not.toHaveProperty("now");
    expect(shut.splice(0)).toEqual(["acme tenant:shop", "shop tenant:shop"]);
    for (const body of [{ now: true }, { now: true, is_disabled: false }, { now: "true" }])
      expect(await refused("PATCH tenants/shop", body)).toMatchObject({
        status: 400,
        param: "now",
      });
    expect(await refused("DELETE tenants/shop?now=1")).toMatchObject({ status: 400, param: "now" });
    await done("DELETE tenants/shop?now=true");
    expect(shut.splice(0)).toEqual(["shop tenant:shop"]);
    expect(await refused("DELETE tenants/shop?now=true")).toMatchObject({ status: 404 });
    await done("POST tenants", SHOP);
    await done("DELETE tenants/shop?now=false");
    expect(shut).toEqual([]);
  });

  it("removes what nothing hangs on, and keys with their tenant", async ({ expect }) => {
    const { done, refused, keyOf } = administration();
    await done("PUT organisations/acme", {});
    await done("POST tenants", { ...SHOP, organisation: "acme" });
    const id = await keyOf("shop");
    expect(await refused("DELETE organisations/acme")).toMatchObject({
      status: 409,
      code: "organisation_in_use",
    });
    expect(await done("DELETE tenants/shop")).toEqual({ id: "shop", deleted: true });
    expect(await refused(`GET keys/${id}`)).toMatchObject({ status: 404, code: "unknown_key" });
    expect(await done("DELETE organisations/acme")).toEqual({ id: "acme", deleted: true });
    expect(await done("GET organisations")).toEqual({ object: "list", data: [] });
  });

  it.for<[order: string, body: unknown, status: number, code: string, param?: string]>([
    ["POST tenants", SHOP, 409, "tenant_exists", "id"],
    ["POST tenants", { ...SHOP, id: "Shop" }, 400, "invalid_body", "id"],
    ["POST tenants", { ...SHOP, id: "x", budget: [] }, 400, "invalid_body", "budget"],
    ["PATCH tenants/shop", { id: "x" }, 400, "invalid_body", "id"],
    ["PATCH tenants/shop", { limit: [] }, 400, "invalid_body", "limit"],
    ["PATCH tenants/shop", { policy: { speed: 1 } }, 400, "invalid_body", "policy.speed"],
    ["PATCH tenants/shop", { organisation: "nobody" }, 400, "unknown_organisation", "organisation"],
    ["PUT tenants/shop", { ...SHOP, id: "other" }, 400, "invalid_body", "id"],
    [
      "PUT tenants/shop",
      { budgets: [{ window: "year", limit_usd: 1 }] },
      400,
      "invalid_body",
      "budgets[0].window",
    ],
    ["PUT organisations/acme", { name: "x".repeat(1 << 16) }, 413, "body_too_large"],
    ["POST tenants/shop/keys", { scopes: ["admin"] }, 400, "invalid_body", "scopes[0]"],
    ["POST tenants/none/keys", {}, 404, "unknown_tenant", "id"],
    ["GET tenants/none", undefined, 404, "unknown_tenant", "id"],
    ["GET tenants/none/keys", undefined, 404, "unknown_tenant", "id"],
    ["DELETE tenants/none", undefined, 404, "unknown_tenant", "id"],
    ["PUT tenants/No%20Body", SHOP, 404, "unknown_tenant", "id"],
    ["GET organisations/none", undefined, 404, "unknown_organisation", "id"],
    ["DELETE organisations/none", undefined, 404, "unknown_organisation", "id"],
    ["GET keys/key_000000000009", undefined, 404, "unknown_key", "id"],
    ["PATCH keys/key_000000000009", {}, 404, "unknown_key", "id"],
    ["POST keys/key_000000000009/rotate", { grace_s: 2_592_001 }, 400, "invalid_body", "grace_s"],
    ["POST keys/key_000000000009/rotate", {}, 404, "unknown_key", "id"],
    ["POST keys/key_000000000009/revoke", { now: true }, 404, "unknown_key", "id"],
    ["POST keys/..%2f..%2fv1/revoke", {}, 404, "unknown_key", "id"],
    ["PUT tenants", SHOP, 405, "method_not_allowed"],
    ["GET nothing", undefined, 404, "unknown_path"],
  ])("refuses %s %j with %i %s", async ([order, body, status, code, param = null], { expect }) => {
    const { done, refused, directory } = administration();
    await done("POST tenants", SHOP);
    expect(await refused(order, body)).toMatchObject({ status, code, param });
    expect(await directory.tenants()).toHaveLength(1);
  });

  it("wants a body that is declared as JSON, which no foreign page can send", async ({
    expect,
  }) => {
    const { service, done, keyOf } = administration();
    await done("POST tenants", SHOP);
    const id = await keyOf("shop");
    const headers = { authorization: `Bearer ${ADMIN}` };
    const init = { method: "POST", headers, body: '{"now":true}' };
    expect((await service.fetch(`/admin/keys/${id}/revoke`, init)).status).toBe(415);
    expect(await done(`GET keys/${id}`)).toMatchObject({ status: "active" });
  });

  it("says what a deployment lacks", async ({ expect }) => {
    const bare = createService({ adminKey: ADMIN });
    const init = { headers: { authorization: `Bearer ${ADMIN}` } };
    expect(await errorOf(await bare.fetch("/admin/tenants", init))).toMatchObject({
      status: 501,
      code: "no_directory",
    });
    const directory = memoryDirectory(() => 0);
    await directory.putTenant({
      ...SHOP,
      budgets: [],
      limits: [],
      max_false_hits: 0.01,
      events: "decisions",
      events_days: 90,
      is_private: false,
      is_disabled: false,
      policy: {},
    });
    const { record } = (await directory.createKey("shop", {
      name: "",
      scopes: ["inference"],
      policy: {},
      budgets: [],
      limits: [],
    }))!;
    const answer = await createService({ adminKey: ADMIN, directory }).fetch(
      `/admin/keys/${record.id}/revoke`,
      {
        method: "POST",
        headers: { ...init.headers, "content-type": "application/json" },
        body: '{"now":true}',
      },
    );
    expect(await errorOf(answer)).toMatchObject({ status: 501, code: "no_ledger" });
    expect((await directory.key(record.id))?.revokedMs).toBeDefined();
  });

  it("says that it may be tried again where a gate's ledger is out of reach", async ({
    expect,
  }) => {
    const { done, refused, keyOf, ledger } = administration();
    await done("POST tenants", SHOP);
    const id = await keyOf("shop");
    ledger.isDown = true;
    const orders: [string, object?][] = [
      [`POST keys/${id}/revoke`, { now: true }],
      ["PATCH tenants/shop", { is_disabled: true, now: true }],
      ["DELETE tenants/shop?now=true"],
    ];
    for (const order of orders)
      expect(await refused(...order)).toMatchObject({ status: 503, code: "ledger_unreachable" });
  });

  it("answers what the document promises", async ({ expect }) => {
    const { done } = administration();
    const answers: [string, unknown][] = [
      ["PUT /admin/organisations/{id}", await done("PUT organisations/acme", {})],
      ["GET /admin/organisations/{id}", await done("GET organisations/acme")],
      ["GET /admin/organisations", await done("GET organisations")],
      ["DELETE /admin/organisations/{id}", await done("DELETE organisations/acme")],
      ["POST /admin/tenants", await done("POST tenants", SHOP)],
      ["PUT /admin/tenants/{id}", await done("PUT tenants/shop", SHOP)],
      ["PATCH /admin/tenants/{id}", await done("PATCH tenants/shop", { is_disabled: true })],
      ["GET /admin/tenants/{id}", await done("GET tenants/shop")],
      ["GET /admin/tenants", await done("GET tenants")],
    ];
    const key = await done("POST tenants/shop/keys", { expires_in_s: 60 });
    answers.push(
      ["POST /admin/tenants/{id}/keys", key],
      [
        "POST /admin/keys/{id}/rotate",
        await done(`POST keys/${String(key["id"])}/rotate`, { grace_s: 0 }),
      ],
      [
        "PATCH /admin/keys/{id}",
        await done(`PATCH keys/${String(key["id"])}`, { scopes: ["models"] }),
      ],
      ["POST /admin/keys/{id}/revoke", await done(`POST keys/${String(key["id"])}/revoke`, {})],
      ["GET /admin/keys/{id}", await done(`GET keys/${String(key["id"])}`)],
      ["GET /admin/tenants/{id}/keys", await done("GET tenants/shop/keys")],
      ["GET /admin/tenants/{id}/cache", await done("GET tenants/shop/cache")],
      ["POST /admin/tenants/{id}/cache/purge", await done("POST tenants/shop/cache/purge", {})],
      ["GET /admin/tenants/{id}/feedback", await done("GET tenants/shop/feedback")],
      ["DELETE /admin/tenants/{id}/feedback", await done("DELETE tenants/shop/feedback")],
      ["GET /admin/tenants/{id}/events", await done("GET tenants/shop/events")],
      ["DELETE /admin/tenants/{id}/events", await done("DELETE tenants/shop/events")],
      ["DELETE /admin/tenants/{id}", await done("DELETE tenants/shop")],
    );
    // Those of the ledgers are in admin-ledger.test.ts, and what is no JSON is in metrics.test.ts.
    const ofDirectory = ADMIN_OPERATIONS.filter(
      ({ isOfBudgets, isText }) => isOfBudgets !== true && isText !== true,
    );
    const schemas = new Map<string, z.ZodType>(
      ofDirectory.map(({ method, path, answer }) => [
        `${method.toUpperCase()} ${path}`,
        answer.schema,
      ]),
    );
    expect(answers.map(([order]) => order).toSorted()).toEqual([...schemas.keys()].toSorted());
    for (const [order, answer] of answers)
      expect([order, schemas.get(order)!.safeParse(answer).error]).toEqual([order, undefined]);
  });
});
