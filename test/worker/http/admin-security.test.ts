/**
 * Two doors, and no way of writing a path or a header that leads through the wrong one. The same paths go over
 * a raw socket in test/e2e/admin.test.ts, since URLs are put in order before they get here.
 */
import { describe, it } from "vitest";
import { memoryDirectory } from "../fixture/memory-directory.ts";
import { createService, errorOf } from "../fixture/service.ts";
import { scriptedVendor, whole } from "../fixture/vendor.ts";

const ADMIN = "operators-key-1";
const CLIENT = "clients-key-1";

const PATHS = [
  "/admin",
  "/admin/",
  "/admin/tenants",
  "/admin/tenants/",
  "/admin/tenants/shop",
  "/admin/nothing",
  "//admin",
  "//admin/tenants",
  "/Admin/tenants",
  "/ADMIN/tenants",
  "/admin/../v1/models",
  "/v1/../admin/tenants",
  "/v1/%2e%2e/admin/tenants",
  "/v1/..%2fadmin/tenants",
  "/v1/models/../../admin/tenants",
  "/v1/models/..%2f..%2fadmin%2ftenants",
  "/admin%2ftenants",
  "/admin%2Ftenants",
  "/admin%5ctenants",
  "/%61dmin/tenants",
  "/%2561dmin/tenants",
  "/admin./tenants",
  "/admin/tenants.",
  "/admin/tenants..",
  "/admin;/tenants",
  "/admin;x=1/tenants",
  "/admin/tenants;x=1",
  "/;/admin/tenants",
  "/./admin/tenants",
  "/admin/./tenants",
  "/admin//tenants",
  "/admin/tenants?x=/v1/models",
  "/admin/tenants%00",
  "/admin%20/tenants",
  "/healthz/../admin/tenants",
  "/healthz;/admin/tenants",
  "/openapi.json/../admin/tenants",
];

function open() {
  const directory = memoryDirectory(() => 0);
  return createService({ apiKey: CLIENT, adminKey: ADMIN, directory });
}

describe("the doors of /admin and /v1", () => {
  it.for(PATHS)("%s tells a stranger nothing", async (path, { expect }) => {
    const service = open();
    for (const method of ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"])
      expect((await service.fetch(path, { method })).status).toBe(401);
  });

  it.for(PATHS)("%s never takes a client to operators' handlers", async (path, { expect }) => {
    for (const headers of [{ "x-api-key": CLIENT }, { authorization: `Bearer ${CLIENT}` }]) {
      const answer = await open().fetch(path, { headers });
      const text = await answer.text();
      // What a client's key opens is the list of models, where the path comes down to that.
      if (answer.status === 200) expect(text).toContain("openai/small");
      else expect([401, 404]).toContain(answer.status);
      expect(text).not.toContain('"data":[]');
    }
  });

  it.for(PATHS)("%s never takes an operator to clients' handlers", async (path, { expect }) => {
    const answer = await open().fetch(path, { headers: { authorization: `Bearer ${ADMIN}` } });
    const text = await answer.text();
    if (answer.status === 200) expect(text).toBe('{"object":"list","data":[]}');
    else expect([401, 404]).toContain(answer.status);
  });

  it("lets operators in by the one way of writing it", async ({ expect }) => {
    const headers = { authorization: `Bearer ${ADMIN}` };
    const answer = await open().fetch("/admin/tenants", { headers });
    expect([answer.status, answer.headers.get("cache-control")]).toEqual([200, "no-store"]);
    const options = await open().fetch("/admin/tenants", { method: "OPTIONS", headers });
    expect(options.headers.get("allow")).toBe("GET, HEAD, POST, OPTIONS");
  });

  it("opens no route of clients with an operator's key", async ({ expect }) => {
    const service = createService({
      send: scriptedVendor(whole()).send,
      apiKey: CLIENT,
      adminKey: ADMIN,
    });
    const routes = service.routes.filter((route) => route.includes(" /v1/"));
    expect(routes.length).toBeGreaterThan(5);
    for (const route of routes) {
      const [method = "", path = ""] = route.toUpperCase().split(" ");
      const headers = { authorization: `Bearer ${ADMIN}`, "content-type": "application/json" };
      const init = { method, headers, ...(method !== "GET" && { body: "{}" }) };
      expect((await service.fetch(path.toLowerCase(), init)).status).toBe(401);
    }
  });

  it("looks at no header that would rewrite a request", async ({ expect }) => {
    const headers = {
      authorization: `Bearer ${CLIENT}`,
      "x-http-method-override": "DELETE",
      "x-original-url": "/v1/models",
      "x-rewrite-url": "/v1/models",
      "x-forwarded-prefix": "/v1",
    };
    expect((await open().fetch("/admin/tenants", { headers })).status).toBe(401);
  });
});

const NASTY = ["\r\nset-cookie: a=b", "a\nb", "\u0000", "é", "‮shop", "\u001b[31mred", "💥"];

describe("what operators and strangers send", () => {
  it.for(NASTY)("never comes back in a header: %j", async (nasty, { expect }) => {
    const service = open();
    const headers = { authorization: `Bearer ${ADMIN}`, "content-type": "application/json" };
    const written = encodeURIComponent(nasty);
    const answers = [
      await service.fetch(`/admin/tenants/${written}`, { headers }),
      await service.fetch(`/admin/keys/${written}`, { headers }),
      await service.fetch(`/admin/${written}`, { headers }),
      await service.fetch("/admin/tenants", {
        method: "POST",
        headers,
        body: JSON.stringify({ id: nasty }),
      }),
      await service.fetch("/admin/tenants", {
        method: "POST",
        headers,
        body: JSON.stringify({ id: "shop", name: nasty }),
      }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([404, 404, 404, 400, 200]);
    const plain = await open().fetch("/admin/tenants", { headers });
    for (const answer of answers) {
      expect([...answer.headers.keys()]).toEqual([...plain.headers.keys()]);
      for (const [, value] of answer.headers) expect(value).toMatch(/^[\x20-\x7e]*$/);
      expect(JSON.stringify([...answer.headers])).not.toContain("set-cookie");
    }
    expect(await errorOf(answers[0]!)).toMatchObject({ code: "unknown_tenant" });
  });

  it("takes no id of a request from the outside", async ({ expect }) => {
    const headers = {
      authorization: `Bearer ${ADMIN}`,
      "x-request-id": "mine",
      "x-sluice-request-id": "mine",
    };
    const answer = await open().fetch("/admin/tenants", { headers });
    expect(JSON.stringify([...answer.headers])).not.toContain("mine");
  });
});
