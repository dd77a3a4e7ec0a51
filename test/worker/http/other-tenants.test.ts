/**
 * What one tenant can see of another, and do to it: nothing, in another organisation or in the same, but for what an
 * organisation's tenants spend together. Keys are checked as in production; all organisations share one ledger here,
 * which is worse than in production.
 */
import { describe, it } from "vitest";
import type { Ledger } from "../../../worker/domain/ledger.ts";
import { keyTermsSchema, organisationSchema, tenantSchema } from "../../../worker/domain/tenant.ts";
import {
  entryOf,
  issue,
  standingOf,
  type KeyEntry,
} from "../../../worker/tenants/directory-state.ts";
import { createKeyCheck } from "../../../worker/tenants/key-check.ts";
import { KEY_BYTES, mintKey } from "../../../worker/tenants/keys.ts";
import { KnownTenants } from "../../../worker/tenants/known-tenants.ts";
import { memoryLedger } from "../../contract/memory-ledger.ts";
import { DIGESTS } from "../fixture/directory.ts";
import { createService, type TestService } from "../fixture/service.ts";
import { manualTimers } from "../fixture/timers.ts";
import { chunk, finish, scriptedVendor, streamed, usageChunk, whole } from "../fixture/vendor.ts";

const BUDGETS = [{ window: "total", limit_usd: 1 }];

const ACME = organisationSchema.parse({ id: "acme", budgets: BUDGETS });

/** Two tenants of acme, and one that pays for itself; its id is that of acme's. */
const TENANTS = {
  shop: { organisation: "acme", allow_models: ["openai/small", "groq/tiny"] },
  blog: {
    organisation: "acme",
    allow_models: ["openai/small", "mistral/plain"],
    limits: [{ unit: "requests", limit: 3 }],
  },
  acme: { limits: [{ unit: "requests", limit: 3 }] },
} as const;
type Name = keyof typeof TENANTS;
const NAMES: readonly Name[] = ["shop", "blog", "acme"];

/** As a stream, because budgets are watched while it comes. */
function scripted() {
  const usage = { prompt_tokens: 20, completion_tokens: 10, total_tokens: 30 };
  return streamed(chunk("Hello"), finish(), usageChunk(usage), "[DONE]");
}

async function town() {
  const entries = new Map<string, KeyEntry>();
  const secrets = new Map<Name, string>();
  const ids = new Map<Name, string>();
  for (const name of NAMES) {
    const { id, key } = mintKey(crypto.getRandomValues(new Uint8Array(KEY_BYTES)));
    const tenant = tenantSchema.parse({ id: name, budgets: BUDGETS, ...TENANTS[name] });
    const terms = keyTermsSchema.parse({ budgets: BUDGETS });
    const row = issue({ id, tenant: name, terms, hash: await DIGESTS.hash(key), hint: "" }, 0);
    entries.set(id, entryOf(row, standingOf(tenant, tenant.organisation ? ACME : undefined)));
    secrets.set(name, key);
    ids.set(name, id);
  }
  const { clock, timer } = manualTimers();
  const known = new KnownTenants({
    clock,
    timer,
    directory: {
      lookup: async (id) => entries.get(id),
      standing: async () => undefined,
      hasTenants: async () => true,
    },
  });
  const reserved: string[] = [];
  const ledger = memoryLedger();
  const watched: Ledger = {
    ...ledger,
    reserve: (asked) => (reserved.push(asked.id), ledger.reserve(asked)),
  };
  const service = createService({
    send: scriptedVendor(...Array.from({ length: 20 }, scripted)).send,
    ledger: watched,
    tenants: { known, checkKey: createKeyCheck({ known, digests: DIGESTS, clock }) },
  });
  return { ledger, reserved, idOf: (name: Name) => ids.get(name)!, ...callsOf(service, secrets) };
}

function callsOf(service: TestService, secrets: ReadonlyMap<Name, string>) {
  function headersOf(name: Name) {
    return { authorization: `Bearer ${secrets.get(name)!}` };
  }
  async function chat(name: Name, more: Record<string, string> = {}, fields = {}) {
    const headers = { ...headersOf(name), ...more };
    const response = await service.chat({ model: "openai/small", ...fields }, { headers });
    await response.text();
    await Promise.all(service.background);
    return response;
  }
  async function get(name: Name, path: string, more: Record<string, string> = {}) {
    return service.fetch(path, { headers: { ...headersOf(name), ...more } });
  }
  async function budget(name: Name, more: Record<string, string> = {}) {
    const response = await get(name, "/v1/budget", more);
    return response.json<{
      organisation: string;
      tenant: string;
      key: string;
      budgets: { scope: string; id: string; spent_usd: number; held_usd: number }[];
      limits: { scope: string; id: string; used: number }[];
    }>();
  }
  /** Micro-dollars, by scope. */
  async function spentBy(name: Name) {
    const { budgets } = await budget(name);
    return Object.fromEntries(
      budgets.map(({ scope, spent_usd: spent }) => [scope, Math.round(spent * 1e6)]),
    );
  }
  return { chat, get, budget, spentBy };
}

describe("a tenant", () => {
  it("is shown its own budgets and those above it, whatever others are there", async ({
    expect,
  }) => {
    const { budget, chat, idOf } = await town();
    for (const name of NAMES) await chat(name);
    for (const name of NAMES) {
      const shown = await budget(name);
      const own = { organisation: "acme", tenant: name, key: idOf(name) };
      expect(shown).toMatchObject(own);
      const ids = new Map(Object.entries(own));
      for (const { scope, id } of [...shown.budgets, ...shown.limits])
        expect(id).toBe(ids.get(scope));
      for (const other of NAMES.filter((one) => one !== name && one !== "acme"))
        expect(JSON.stringify(shown)).not.toMatch(`"${other}"|${idOf(other)}`);
    }
  });

  it("spends its own money, and its organisation's", async ({ expect }) => {
    const { chat, spentBy } = await town();
    await chat("shop");
    const { tenant: cost = 0 } = await spentBy("shop");
    expect(cost).toBeGreaterThan(0);
    expect(await spentBy("shop")).toEqual({ organisation: cost, tenant: cost, key: cost });
    expect(await spentBy("blog")).toEqual({ organisation: cost, tenant: 0, key: 0 });
    expect(await spentBy("acme")).toEqual({ tenant: 0, key: 0 });
  });

  it("uses up nobody else's rate limit, and is not stopped by another's end", async ({
    expect,
  }) => {
    const { chat, ledger, idOf } = await town();
    for (const status of [200, 200, 200, 429]) expect((await chat("acme")).status).toBe(status);
    expect((await chat("shop")).status).toBe(200);
    await ledger.shut(`key:${idOf("shop")}`, 1e12);
    await ledger.shut("tenant:acme", 1e12);
    expect((await chat("shop")).status).toBe(401);
    expect((await chat("acme")).status).toBe(401);
    expect((await chat("blog")).status).toBe(200);
  });

  it("sees the models that are its own", async ({ expect }) => {
    const { get } = await town();
    const response = await get("blog", "/v1/models");
    const { data } = await response.json<{ data: { id: string }[] }>();
    const ids = data.map(({ id }) => id).filter((id) => !id.startsWith("auto"));
    expect(ids).toEqual(["openai/small", "mistral/plain"]);
  });

  it("is nobody else by anything that it writes", async ({ expect }) => {
    const { budget, idOf } = await town();
    const others = {
      "x-sluice-tenant": "shop",
      "x-sluice-organisation": "acme",
      "x-sluice-key": idOf("shop"),
      "x-tenant-id": "shop",
      "openai-organization": "acme",
      "openai-project": "shop",
      "cf-access-authenticated-user-email": "operator@example.com",
    };
    expect(await budget("blog", others)).toMatchObject({ tenant: "blog", key: idOf("blog") });
  });

  it("cannot name its request's hold, so repeats are paid for and others' holds are out of reach", async ({
    expect,
  }) => {
    const { chat, reserved, spentBy } = await town();
    const first = await chat("shop");
    const { tenant: cost = 0 } = await spentBy("shop");
    const id = first.headers.get("x-sluice-request-id")!;
    expect(reserved).toEqual([id]);
    const sent = Object.fromEntries(
      [
        "x-request-id",
        "request-id",
        "x-client-request-id",
        "idempotency-key",
        "x-idempotency-key",
        "x-stainless-retry-count",
        "x-session-id",
        "traceparent",
        "cf-ray",
      ].map((name) => [name, id]),
    );
    const fields = { id, request_id: id, user: id, metadata: { request_id: id }, store: false };
    for (const name of ["shop", "blog", "blog"] as const)
      expect((await chat(name, sent, fields)).status).toBe(200);
    const refused = await chat("blog", { "x-sluice-request-id": id });
    expect(refused.status).toBe(400);
    expect(new Set(reserved).size).toBe(4);
    expect(reserved.filter((one) => one === id)).toHaveLength(1);
    expect(await spentBy("shop")).toMatchObject({ tenant: 2 * cost });
    expect(await spentBy("blog")).toMatchObject({ tenant: 2 * cost, organisation: 4 * cost });
  });
});

describe("a page that a browser on this machine has opened", () => {
  it("can send nothing that costs, where no key is wanted", async ({ expect }) => {
    const { send, requests } = scriptedVendor(whole());
    const service = createService({ send });
    const body = JSON.stringify({
      model: "openai/small",
      max_tokens: 9,
      input: "Hi",
      messages: [{ role: "user", content: "Hi" }],
    });
    const routes = service.routes.filter((route) => route.startsWith("post /v1/"));
    expect(routes.length).toBeGreaterThan(4);
    // What a page may send without being let: https://fetch.spec.whatwg.org/#cors-safelisted-request-header
    for (const type of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
      for (const route of routes) {
        const headers = { "content-type": type, origin: "https://elsewhere.example" };
        const init = { method: "POST", headers, body };
        expect((await service.fetch(route.slice(5), init)).status).toBe(415);
      }
    for (const route of routes) {
      const answer = await service.fetch(route.slice(5), {
        method: "OPTIONS",
        headers: { origin: "https://elsewhere.example", "access-control-request-method": "POST" },
      });
      expect([...answer.headers.keys()].filter((name) => name.startsWith("access-"))).toEqual([]);
    }
    expect(requests).toEqual([]);
  });
});
