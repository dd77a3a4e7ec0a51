/**
 * What operators see of ledgers: a tenant's budgets with its keys', requests without a certain price, and their
 * settlement by a bill.
 */
import { describe, it } from "vitest";
import { keyTermsSchema, organisationSchema, tenantSchema } from "../../../worker/domain/tenant.ts";
import { unbilledListSchema, settlementSchema } from "../../../worker/http/wire/admin-views.ts";
import { budgetViewSchema } from "../../../worker/http/wire/budget-view.ts";
import { memoryLedger } from "../../contract/memory-ledger.ts";
import { callerWith } from "../fixture/callers.ts";
import { memoryDirectory } from "../fixture/memory-directory.ts";
import { createService, errorOf, TOTAL_TIMEOUT_MS } from "../fixture/service.ts";
import { openStream, scriptedVendor, chunk } from "../fixture/vendor.ts";

const ADMIN_KEY = "an-operators-key-of-some-length";
const AUTHORIZED = { authorization: `Bearer ${ADMIN_KEY}`, "content-type": "application/json" };
const BUDGETS = [
  { window: "total", limit_usd: 1 },
  { window: "day", limit_usd: 0.5, model: "openai/small" },
];

async function deployment(ledger = memoryLedger()) {
  const directory = memoryDirectory(() => 1_700_000_000_000);
  const tenant = { id: "shop", organisation: "acme", budgets: BUDGETS };
  await directory.putOrganisation(
    organisationSchema.parse({ id: "acme", budgets: [{ window: "total", limit_usd: 9 }] }),
  );
  await directory.putTenant(tenantSchema.parse(tenant));
  await directory.putTenant(tenantSchema.parse({ id: "alone" }));
  const terms = { limits: [{ unit: "requests", limit: 7 }] };
  await directory.createKey("shop", keyTermsSchema.parse(terms));
  await directory.createKey("shop", keyTermsSchema.parse({}));
  const vendor = openStream();
  const service = createService({
    directory,
    ledger,
    adminKey: ADMIN_KEY,
    caller: callerWith({
      organisation: { budgets: [{ window: "total", limit_usd: 9 }] },
      tenant: { budgets: BUDGETS },
    }),
    send: scriptedVendor(vendor.respond).send,
  });
  function ask(path: string, body?: unknown): Promise<Response> {
    const init = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
    return service.fetch(`/admin${path}`, { ...init, headers: AUTHORIZED });
  }
  return { service, directory, vendor, ask };
}

describe("GET /admin/tenants/:id/budget", () => {
  it("shows the tenant's, its organisation's and each key's own", async ({ expect }) => {
    const { ask } = await deployment();
    const shown = budgetViewSchema.parse(await (await ask("/tenants/shop/budget")).json());
    expect(shown).toMatchObject({
      organisation: "acme",
      tenant: "shop",
      budgets: [
        { scope: "organisation", id: "acme", limit_usd: 9 },
        { scope: "tenant", id: "shop", window: "total", limit_usd: 1 },
        { scope: "tenant", window: "day", model: "openai/small" },
        { scope: "tenant", window: "month", kind: "counted" },
      ],
      limits: [{ scope: "key", unit: "requests", limit: 7, used: 0 }],
    });
    expect(await errorOf(await ask("/tenants/other/budget"))).toMatchObject({ status: 404 });
  });

  it("asks the ledger once for any number of keys", async ({ expect }) => {
    const memory = memoryLedger();
    const reads: string[][] = [];
    const { directory, ask } = await deployment({
      ...memory,
      read(accounts) {
        reads.push(accounts.map(({ name }) => name));
        return memory.read(accounts);
      },
    });
    for (const limit of [1, 2, 3])
      await directory.createKey(
        "shop",
        keyTermsSchema.parse({ limits: [{ unit: "tokens", limit }] }),
      );
    const answer = await ask("/tenants/shop/budget");
    const { limits } = budgetViewSchema.parse(await answer.json());
    expect(limits.map(({ limit }) => limit)).toEqual([7, 1, 2, 3]);
    expect(reads).toHaveLength(1);
    expect(new Set(reads[0]).size).toBe(reads[0]!.length);
  });
});

describe("a request that nobody has settled", () => {
  it("is listed, counts as spent, and is settled by the vendor's bill", async ({ expect }) => {
    const { service, vendor, ask } = await deployment();
    vendor.write(chunk("He"));
    const response = await service.chat({ model: "openai/small", stream: true });
    const requestId = response.headers.get("x-sluice-request-id");
    service.timers.advance(3 * TOTAL_TIMEOUT_MS);

    const listed = await (await ask("/organisations/acme/unbilled")).json();
    const { data } = unbilledListSchema.parse(listed);
    expect(data).toEqual([
      {
        request_id: requestId,
        why: "lapsed",
        since: new Date(service.timers.clock.nowMs()).toISOString(),
        amounts: expect.arrayContaining([
          { account: "organisation:acme/usd/total", amount: expect.any(Number) },
          { account: "tenant:shop/usd/day/openai/small", amount: expect.any(Number) },
        ]),
      },
    ]);
    const bill = { request_id: requestId, cost_usd: 0.000123 };
    const settled = await ask("/organisations/acme/settlements", bill);
    expect(settlementSchema.parse(await settled.json())).toMatchObject(bill);
    const shown = budgetViewSchema.parse(await (await ask("/tenants/shop/budget")).json());
    expect(shown.budgets.map((budget) => budget.spent_usd)).toEqual(Array(4).fill(0.000123));
    expect(await (await ask("/organisations/acme/unbilled")).json()).toMatchObject({ data: [] });
    expect(await errorOf(await ask("/organisations/acme/settlements", bill))).toMatchObject({
      status: 404,
      code: "not_unbilled",
    });
    expect(service.log).toContainEqual(
      expect.objectContaining({ event: "admin_change", what: "bill_settled", id: requestId }),
    );
  });
});

describe("an organisation's requests that wait for their bill", () => {
  const BILL = { request_id: "req_1", cost_usd: 1 };

  it.for(["acme", "alone"])("are none of %s, which pays", async (id, { expect }) => {
    const { ask } = await deployment();
    expect(await (await ask(`/organisations/${id}/unbilled`)).json()).toMatchObject({ data: [] });
    expect(await errorOf(await ask(`/organisations/${id}/settlements`, BILL))).toMatchObject({
      status: 404,
      code: "not_unbilled",
    });
  });

  it.for([
    ["nobody", "There is no organisation"],
    ["shop", 'belongs to "acme"'],
  ])("cannot be asked for of %s, who does not", async ([id, words], { expect }) => {
    const { service, ask } = await deployment();
    const listed = await errorOf(await ask(`/organisations/${id}/unbilled`));
    expect(listed).toMatchObject({ status: 404, code: "unknown_organisation", param: "id" });
    expect(listed.message).toContain(words);
    const settled = await errorOf(await ask(`/organisations/${id}/settlements`, BILL));
    expect(settled).toEqual(listed);
    expect(service.log).not.toContainEqual(expect.objectContaining({ what: "bill_settled" }));
  });

  it("are none of any organisation where nobody keeps a directory", async ({ expect }) => {
    const service = createService({ ledger: memoryLedger(), adminKey: ADMIN_KEY });
    const path = "/admin/organisations/acme/unbilled";
    const response = await service.fetch(path, { headers: AUTHORIZED });
    expect(await response.json()).toMatchObject({ data: [] });
  });

  it("are listed and settled when it is gone", async ({ expect }) => {
    const { service, directory, vendor, ask } = await deployment();
    vendor.write(chunk("He"));
    const response = await service.chat({ model: "openai/small", stream: true });
    service.timers.advance(3 * TOTAL_TIMEOUT_MS);
    await directory.removeTenant("shop");
    await directory.removeOrganisation("acme");
    const request_id = response.headers.get("x-sluice-request-id");
    const listed = await ask("/organisations/acme/unbilled");
    expect(await listed.json()).toMatchObject({ data: [{ request_id }] });
    const bill = { request_id, cost_usd: 0.000123 };
    expect((await ask("/organisations/acme/settlements", bill)).status).toBe(200);
    for (const asked of [
      ask("/organisations/acme/unbilled"),
      ask("/organisations/acme/settlements", bill),
    ])
      expect(await errorOf(await asked)).toMatchObject({ code: "unknown_organisation" });
  });
});
