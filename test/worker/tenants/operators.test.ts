/**
 * Who may administer: the admin key and nothing near it, and tokens of Cloudflare Access only if a key of the team
 * signed them, for this application, by this team, in time. Tokens and keys are made here.
 */
import {
  exportJWK,
  exportSPKI,
  generateKeyPair,
  SignJWT,
  UnsecuredJWT,
  type JWTPayload,
} from "jose";
import { describe, it } from "vitest";
import { createOperatorCheck } from "../../../worker/tenants/operators.ts";

const ADMIN = "the-admin-key-0123";
const TEAM = "https://team.cloudflareaccess.com";
const AUD = "a".repeat(64);
const NOW_S = 1_800_000_000;

const { publicKey, privateKey } = await generateKeyPair("RS256", { extractable: true });
const JWK = { ...(await exportJWK(publicKey)), kid: "key-1", alg: "RS256", use: "sig" };
const strangers = await generateKeyPair("RS256");

/** A claim that is undefined is left out. */
type Claims = Readonly<Record<string, unknown>>;

/** What a good token says, but for `claims`. */
function claimsWith(claims: Claims): JWTPayload {
  return {
    iss: TEAM,
    aud: [AUD],
    exp: NOW_S + 60,
    iat: NOW_S - 60,
    nbf: NOW_S - 60,
    sub: "user-1",
    email: "ops@example.com",
    ...claims,
  };
}

function signed(claims: Claims = {}, key = privateKey): Promise<string> {
  return new SignJWT(claimsWith(claims))
    .setProtectedHeader({ alg: "RS256", kid: "key-1" })
    .sign(key);
}

interface Setup {
  readonly adminKey?: string;
  readonly access?: boolean;
  readonly fetchKeys?: () => Promise<Response>;
}

function checkerOf({ adminKey, access = true, fetchKeys }: Setup = {}) {
  const asked: string[] = [];
  const check = createOperatorCheck({
    adminKey,
    access: access ? { teamDomain: TEAM, audience: AUD } : undefined,
    clock: { nowMs: () => NOW_S * 1000 },
    async fetchKeys(url) {
      asked.push(url);
      return fetchKeys === undefined ? Response.json({ keys: [JWK] }) : fetchKeys();
    },
  });
  return {
    asked,
    check: (headers: Record<string, string>) =>
      check(new Request("https://sluice.example.com/admin/tenants", { headers })),
    checkToken: (token: string) =>
      check(
        new Request("https://sluice.example.com/admin/tenants", {
          headers: { "cf-access-jwt-assertion": token },
        }),
      ),
  };
}

describe("the admin key", () => {
  it("opens as a bearer token and as x-api-key", async ({ expect }) => {
    const { check } = checkerOf({ adminKey: ADMIN, access: false });
    for (const headers of [{ authorization: `Bearer ${ADMIN}` }, { "x-api-key": ADMIN }])
      expect(await check(headers)).toEqual({ kind: "key" });
  });

  it.for([
    {},
    { authorization: "Bearer sluice-key" },
    { authorization: ADMIN },
    { "x-api-key": `${ADMIN}x` },
    { "x-api-key": ADMIN.slice(0, -1) },
    { "x-api-key": "" },
    { "cf-access-authenticated-user-email": "ops@example.com" },
    { "cf-access-jwt-assertion": "e30.e30.e30" },
  ])("refuses %j", async (headers, { expect }) => {
    const { check } = checkerOf({ adminKey: ADMIN, access: false });
    const refusal = await check(headers);
    expect(refusal).toMatchObject({ code: "invalid_admin_key", status: 401 });
    expect(JSON.stringify(refusal)).not.toContain(ADMIN);
  });

  it("is asked of the owner where there is none", async ({ expect }) => {
    const { check } = checkerOf({ access: false });
    const refusal = await check({ "x-api-key": ADMIN });
    expect(refusal).toMatchObject({ code: "no_admin_key_configured", status: 403 });
    const message = refusal instanceof Error ? refusal.message : "";
    expect(message).toContain("npx wrangler secret put SLUICE_ADMIN_KEY");
  });
});

describe("a token of Cloudflare Access", () => {
  it("lets people in by their address and service tokens by their id", async ({ expect }) => {
    const { checkToken, asked } = checkerOf();
    expect(await checkToken(await signed())).toEqual({ kind: "access", name: "ops@example.com" });
    const service = await signed({ email: undefined, common_name: "ci.access" });
    expect(await checkToken(service)).toEqual({ kind: "access", name: "ci.access" });
    expect(asked).toEqual([`${TEAM}/cdn-cgi/access/certs`]);
  });

  it.for<[string, Claims]>([
    ["another application's", { aud: ["b".repeat(64)] }],
    ["nobody's", { aud: undefined }],
    ["another team's", { iss: "https://other.cloudflareaccess.com" }],
    ["one that has run out", { exp: NOW_S }],
    ["one without an end", { exp: undefined }],
    ["one from the future", { nbf: NOW_S + 1 }],
    ["one that names nobody", { email: undefined }],
    ["one that names nobody by an object", { email: { name: "ops" } }],
  ])("refuses %s", async ([, claims], { expect }) => {
    expect(await checkerOf().checkToken(await signed(claims))).toMatchObject({
      code: "invalid_admin_key",
      status: 401,
    });
  });

  it("refuses what no key of the team has signed", async ({ expect }) => {
    const { checkToken } = checkerOf();
    const good = await signed();
    const [head, body, signature] = good.split(".");
    const asSecret = new TextEncoder().encode(await exportSPKI(publicKey));
    const forged = [
      await signed({}, strangers.privateKey),
      new UnsecuredJWT(claimsWith({})).encode(),
      await new SignJWT(claimsWith({}))
        .setProtectedHeader({ alg: "HS256", kid: "key-1" })
        .sign(asSecret),
      await new SignJWT(claimsWith({}))
        .setProtectedHeader({ alg: "RS256", kid: "unknown" })
        .sign(privateKey),
      await new SignJWT(claimsWith({}))
        .setProtectedHeader({ alg: "RS512", kid: "key-1" })
        .sign((await generateKeyPair("RS512")).privateKey),
      `${head}.${body}.`,
      `${head}.${btoa(JSON.stringify(claimsWith({ email: "root@example.com" })))}.${signature}`,
      "",
      "x",
      "..",
      `${"a".repeat(10_000)}.b.c`,
    ];
    for (const token of forged)
      expect(await checkToken(token)).toMatchObject({ code: "invalid_admin_key" });
    expect(await checkToken(good)).toMatchObject({ kind: "access" });
  });

  it("proves nothing where Access is not configured", async ({ expect }) => {
    const { checkToken, asked } = checkerOf({ adminKey: ADMIN, access: false });
    expect(await checkToken(await signed())).toMatchObject({ code: "invalid_admin_key" });
    expect(asked).toEqual([]);
  });

  it("stands beside the admin key, whichever is good", async ({ expect }) => {
    const { check } = checkerOf({ adminKey: ADMIN });
    const bad = { "cf-access-jwt-assertion": "e30.e30.e30" };
    expect(await check({ ...bad, "x-api-key": ADMIN })).toEqual({ kind: "key" });
    expect(await check({ "x-api-key": ADMIN })).toEqual({ kind: "key" });
    const good = { "cf-access-jwt-assertion": await signed() };
    expect(await check({ ...good, "x-api-key": "wrong" })).toMatchObject({ kind: "access" });
  });

  it.for<[string, () => Promise<Response>]>([
    ["cannot be reached", () => Promise.reject(new TypeError("refused"))],
    ["are not served", async () => new Response("no", { status: 500 })],
    ["are no keys", async () => Response.json({ keys: "none" })],
  ])(
    "cannot be checked while the team's keys %s, and says so",
    async ([, fetchKeys], { expect }) => {
      const { checkToken, check } = checkerOf({ adminKey: ADMIN, fetchKeys });
      expect(await checkToken(await signed())).toMatchObject({
        code: "access_unreachable",
        status: 503,
        isRetryable: true,
      });
      const both = { "cf-access-jwt-assertion": await signed(), "x-api-key": ADMIN };
      expect(await check(both)).toEqual({ kind: "key" });
    },
  );
});
