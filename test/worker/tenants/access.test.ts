/** Who passes, as a table: key set or not, where the request was sent, where it came from, what it brought. */
import { describe, it } from "vitest";
import { createAccessCheck } from "../../../worker/tenants/access.ts";

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
    const refusal = await createAccessCheck(apiKey)(new Request(url, { headers }));
    expect(refusal?.code).toBe(code);
    if (refusal === undefined) return;
    expect(refusal).toMatchObject({ type: "authentication_error", status: 401 });
    expect(refusal.message).not.toContain(KEY);
  });

  it("tells an owner without a key how to set one", async ({ expect }) => {
    const refusal = await createAccessCheck(undefined)(new Request(REMOTE));
    expect(refusal?.message).toContain("wrangler secret put SLUICE_API_KEY");
  });
});
