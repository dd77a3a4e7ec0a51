/**
 * Who passes, as a table: key set or not, where the request was sent, where it came from, what it brought. And what
 * tenants change about it: whose key opens, and that nobody comes in without one.
 */
import { describe, it } from "vitest";
import { RouterError } from "../../../worker/domain/errors.ts";
import { tenantSchema, type Tenant } from "../../../worker/domain/tenant.ts";
import { createAccessCheck } from "../../../worker/tenants/access.ts";
import { standingOf } from "../../../worker/tenants/directory-state.ts";
import { KEY_BYTES, mintKey } from "../../../worker/tenants/keys.ts";
import { KnownTenants } from "../../../worker/tenants/known-tenants.ts";
import { manualTimers } from "../fixture/timers.ts";

const KEY = "sluice-key-1";
const REMOTE = "https://sluice.example.com/v1/models";
const LOCAL = "http://localhost:8787/v1/models";

interface Case {
  readonly apiKey?: string;
  readonly url: string;
  readonly headers?: Record<string, string>;
  /** Undefined: passes. */
  readonly code?: string;
}

function bearer(key: string) {
  return { authorization: `Bearer ${key}` };
}

const CASES: readonly Case[] = [
  { url: LOCAL },
  { url: "http://127.0.0.1:8787/" },
  { url: "http://127.8.9.1/" },
  { url: "http://[::1]:8787/" },
  { url: LOCAL, headers: { "cf-connecting-ip": "127.0.0.1" } },
  { url: LOCAL, headers: { "cf-connecting-ip": "::1" } },
  { url: LOCAL, headers: { "cf-connecting-ip": "::ffff:127.0.0.1" } },
  { url: LOCAL, headers: { "cf-connecting-ip": "203.0.113.9" }, code: "no_api_key_configured" },
  { url: LOCAL, headers: { "x-forwarded-for": "203.0.113.9" }, code: "no_api_key_configured" },
  { url: LOCAL, headers: { "x-forwarded-for": "127.0.0.1" }, code: "no_api_key_configured" },
  { url: LOCAL, headers: { "x-forwarded-host": "a.example" }, code: "no_api_key_configured" },
  { url: LOCAL, headers: { forwarded: "for=203.0.113.9" }, code: "no_api_key_configured" },
  { url: LOCAL, headers: { "x-real-ip": "203.0.113.9" }, code: "no_api_key_configured" },
  { apiKey: KEY, url: LOCAL, headers: { ...bearer(KEY), "x-real-ip": "203.0.113.9" } },
  { url: REMOTE, code: "no_api_key_configured" },
  { url: REMOTE, headers: bearer("anything"), code: "no_api_key_configured" },
  { url: REMOTE, headers: { "cf-connecting-ip": "127.0.0.1" }, code: "no_api_key_configured" },
  { url: "http://localhost.example.com/", code: "no_api_key_configured" },
  { url: "http://127.0.0.1.example.com/", code: "no_api_key_configured" },
  { url: "http://0.0.0.0/", code: "no_api_key_configured" },
  { url: "http://10.0.0.1/", code: "no_api_key_configured" },
  { apiKey: KEY, url: REMOTE, headers: bearer(KEY) },
  { apiKey: KEY, url: REMOTE, headers: { authorization: `bearer  ${KEY}` } },
  { apiKey: KEY, url: REMOTE, headers: { "x-api-key": KEY } },
  { apiKey: KEY, url: REMOTE, headers: { "x-api-key": `${KEY}x` }, code: "invalid_api_key" },
  { apiKey: KEY, url: REMOTE, headers: { "x-api-key": "" }, code: "missing_api_key" },
  {
    apiKey: KEY,
    url: REMOTE,
    headers: { ...bearer("k"), "x-api-key": KEY },
    code: "invalid_api_key",
  },
  { apiKey: KEY, url: LOCAL, headers: bearer(KEY) },
  { apiKey: KEY, url: LOCAL, code: "missing_api_key" },
  { apiKey: KEY, url: REMOTE, code: "missing_api_key" },
  { apiKey: KEY, url: REMOTE, headers: { authorization: KEY }, code: "missing_api_key" },
  { apiKey: KEY, url: REMOTE, headers: { authorization: "Bearer " }, code: "missing_api_key" },
  { apiKey: KEY, url: REMOTE, headers: bearer(`${KEY}x`), code: "invalid_api_key" },
  { apiKey: KEY, url: REMOTE, headers: bearer(KEY.toUpperCase()), code: "invalid_api_key" },
];

describe("createAccessCheck", () => {
  it.for(CASES)("%j", async ({ apiKey, url, headers = {}, code }, { expect }) => {
    const refusal = await createAccessCheck({ apiKey })(new Request(url, { headers }), () => {});
    expect(refusal instanceof RouterError ? refusal.code : undefined).toBe(code);
    if (!(refusal instanceof RouterError)) return;
    expect(refusal).toMatchObject({ type: "authentication_error", status: 401 });
    expect(refusal.message).not.toContain(KEY);
  });

  it("tells an owner without a key how to set one", async ({ expect }) => {
    const refusal = await createAccessCheck({ apiKey: undefined })(new Request(REMOTE), () => {});
    expect(refusal instanceof RouterError ? refusal.message : "").toContain(
      "wrangler secret put SLUICE_API_KEY",
    );
  });
});

const TENANT_KEY = mintKey(new Uint8Array(KEY_BYTES)).key;

/** An isolate whose directory has these tenants, and one key. */
function isolateOf({ apiKey, tenants = [] }: { apiKey?: string; tenants?: Tenant[] }) {
  const timers = manualTimers();
  const { clock, timer } = timers;
  const state = { tenants, isDown: false };
  function reached<T>(value: T): T {
    if (state.isDown) throw new Error(`down, and ${TENANT_KEY}`);
    return value;
  }
  const known = new KnownTenants({
    clock,
    timer,
    directory: {
      lookup: async () => reached(undefined),
      standing: async (id) => {
        const found = reached(state.tenants).find((entry) => entry.id === id);
        return found && standingOf(found, undefined);
      },
      hasTenants: async () => reached(state.tenants).length > 0,
    },
  });
  const opened = new RouterError("server_error", "checked", { code: "checked" });
  const check = createAccessCheck({
    apiKey,
    tenants: { known, checkKey: async () => opened },
  });
  return {
    state,
    advance: (ms: number) => timers.advance(ms),
    check: (url: string, headers = {}) => check(new Request(url, { headers }), () => {}),
  };
}

const ACME = tenantSchema.parse({ id: "acme" });

describe("with a directory", () => {
  it("is open to this machine while no tenant is defined, and to no other", async ({ expect }) => {
    const { check } = isolateOf({});
    expect(await check(LOCAL)).toMatchObject({ tenant: { id: "default" }, key: { id: "local" } });
    expect(await check(LOCAL, bearer("sk-none"))).toMatchObject({ key: { id: "local" } });
    const stranger = { "cf-connecting-ip": "203.0.113.9" };
    expect(await check(LOCAL, stranger)).toMatchObject({ code: "no_api_key_configured" });
    expect(await check(REMOTE)).toMatchObject({ code: "no_api_key_configured" });
  });

  it("closes within 5 s of the first tenant, and stays closed", async ({ expect }) => {
    const { check, state, advance } = isolateOf({});
    expect(await check(LOCAL)).toMatchObject({ key: { id: "local" } });
    state.tenants = [ACME];
    advance(4_999);
    expect(await check(LOCAL)).toMatchObject({ key: { id: "local" } });
    advance(1);
    expect(await check(LOCAL)).toMatchObject({ code: "missing_api_key" });
    expect(await check(LOCAL, bearer("sk-none"))).toMatchObject({ code: "invalid_api_key" });
    state.tenants = [];
    advance(3_600_000);
    expect(await check(LOCAL)).toMatchObject({ code: "missing_api_key" });
    expect(await check(REMOTE)).toMatchObject({ code: "missing_api_key" });
  });

  it("is shut while nobody can say whether there are tenants", async ({ expect }) => {
    const { check, state, advance } = isolateOf({});
    await check(LOCAL);
    state.isDown = true;
    advance(5_000);
    const refusal = await check(LOCAL);
    expect(refusal).toMatchObject({ code: "tenants_unreachable", status: 503, isRetryable: true });
    expect(refusal instanceof RouterError && refusal.message).not.toContain(TENANT_KEY);
  });

  it("hands tenants' keys to their check, whatever else is set", async ({ expect }) => {
    for (const apiKey of [undefined, KEY]) {
      const { check } = isolateOf(apiKey === undefined ? {} : { apiKey });
      for (const headers of [bearer(TENANT_KEY), { "x-api-key": TENANT_KEY }])
        expect(await check(REMOTE, headers)).toMatchObject({ code: "checked" });
    }
  });

  it("serves the deployment's key as the tenant `default`, by its terms where it has any", async ({
    expect,
  }) => {
    const bare = isolateOf({ apiKey: KEY });
    expect(await bare.check(REMOTE, bearer(KEY))).toMatchObject({
      organisation: { id: "default" },
      tenant: { id: "default", policy: {} },
      key: { id: "deployment" },
    });
    const policy = { preset: "cost" } as const;
    const own = tenantSchema.parse({ id: "default", policy });
    const { check, state, advance } = isolateOf({ apiKey: KEY, tenants: [own] });
    const passed = { tenant: { policy }, key: { id: "deployment" } };
    expect(await check(REMOTE, bearer(KEY))).toMatchObject(passed);
    state.isDown = true;
    advance(59_999);
    expect(await check(REMOTE, bearer(KEY))).toMatchObject(passed);
    advance(1);
    expect(await check(REMOTE, bearer(KEY))).toMatchObject({ code: "tenants_unreachable" });
    state.isDown = false;
    state.tenants = [{ ...own, is_disabled: true }];
    expect(await check(REMOTE, bearer(KEY))).toMatchObject({
      code: "tenant_disabled",
      status: 403,
    });
    expect(await check(REMOTE, bearer(`${KEY}x`))).toMatchObject({ code: "invalid_api_key" });
  });

  it("treats a tenant's key as any other wrong one without a secret to check it by", async ({
    expect,
  }) => {
    const known = { standing: async () => undefined, hasTenants: async () => true };
    const check = createAccessCheck({ apiKey: KEY, tenants: { known, checkKey: undefined } });
    const request = new Request(REMOTE, { headers: bearer(TENANT_KEY) });
    expect(await check(request, () => {})).toMatchObject({ code: "invalid_api_key" });
  });
});
