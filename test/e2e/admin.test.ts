/**
 * Operators' work on a real worker: `npm run admin` as people type it, the commands without a process of their own
 * where it is the worker that is shown, keys as clients send them, and paths over a raw socket as no client would
 * write them, since every URL library puts them in order first.
 */
import { execFile } from "node:child_process";
import { connect as connectTo } from "node:net";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, it } from "vitest";
import { readLine } from "../../scripts/administration/command-line.ts";
import { connect } from "../../scripts/administration/connection.ts";
import { startLocalService, type LocalService } from "../support/node/local-service.ts";

const ADMIN = "operators-secret-of-this-test";
const CLIENT = "clients-key-of-this-test";
const SCRIPT = fileURLToPath(new URL("../../scripts/admin.ts", import.meta.url));

let service: LocalService;
beforeAll(async () => {
  service = await startLocalService({
    SLUICE_API_KEY: CLIENT,
    SLUICE_ADMIN_KEY: ADMIN,
    SLUICE_KEY_SECRET: "a-secret-that-keys-are-hashed-with",
  });
});
afterAll(() => service.close());

/** What the command wrote, without the last line's end; rejects with its code and stderr where it fails. */
async function typed(...args: readonly string[]): Promise<string> {
  const env = { ...process.env, SLUICE_URL: service.url, SLUICE_ADMIN_KEY: ADMIN };
  const { stdout } = await promisify(execFile)(process.execPath, [SCRIPT, ...args], { env });
  return stdout.trimEnd();
}

/** The same command in this process: what it shows, or the secret where it makes one. */
async function admin(...args: readonly string[]): Promise<string> {
  const line = readLine(args);
  if (line.kind === "help") return line.text;
  const connection = connect(service.url, { SLUICE_ADMIN_KEY: ADMIN });
  const { text, secret } = await line.command.run({ ...line, connection });
  return secret ?? text();
}

/** Posts JSON as a client does, and reads the answer to its end. */
async function post(path: string, key: string, body: object): Promise<Response> {
  const response = await fetch(`${service.url}${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  await response.clone().text();
  return response;
}

function chat(key: string): Promise<Response> {
  const messages = [{ role: "user", content: "Hi" }];
  return post("/v1/chat/completions", key, { model: "auto", messages });
}

async function statusWith(key: string): Promise<number> {
  return (await chat(key)).status;
}

function idOf(key: string): string {
  return `key_${key.slice(4, 16)}`;
}

describe("npm run admin", () => {
  it("hands out a key that works, makes it anew, and ends it", async ({ expect }) => {
    await admin("organisation", "set", "acme", "--budget", "month:500");
    const terms = ["--budget", "month:100:hard", "--limit", "requests:1000/60s"];
    const made = await admin("tenant", "create", "shop", "--organisation", "acme", ...terms);
    expect(made).toContain("budgets       month:100\nlimits        requests:1000/1m");

    const create = ["key", "create", "--tenant", "shop", "--expires", "30d"];
    const key = await typed(...create, "--quiet");
    const [second, third] = [await admin(...create), await admin(...create)];
    expect(key).toMatch(/^slc_\w{12}_\w+$/);
    for (const secret of [key, second, third]) expect(await statusWith(secret)).toBe(200);

    // The isolate has just checked all three and would believe them for half a minute.
    await typed("key", "revoke", idOf(key), "--now");
    expect(await statusWith(key)).toBe(401);

    const renewed = await admin("key", "rotate", idOf(second), "--grace", "0s");
    const startedMs = Date.now();
    while ((await statusWith(renewed)) !== 200) expect(Date.now() - startedMs).toBeLessThan(10_000);
    expect([await statusWith(second), await statusWith(third)]).toEqual([401, 200]);

    const keys = await admin("keys", "--tenant", "shop");
    expect(keys).toContain(idOf(second));
    for (const secret of [key, second, third, renewed]) expect(keys).not.toContain(secret);

    await admin("tenant", "change", "shop", "--disable", "--now");
    expect(await statusWith(third)).toBe(401);
  });

  it("shows what a tenant says of its answers, and no other tenant has a say", async ({
    expect,
  }) => {
    const keys: string[] = [];
    for (const tenant of ["pleased", "jealous"]) {
      await admin("tenant", "create", tenant);
      keys.push(await admin("key", "create", "--tenant", tenant));
    }
    const [own = "", other = ""] = keys;
    const request_id = (await chat(own)).headers.get("x-sluice-request-id");
    const said = { request_id, score: 0.75, comment: "quite right" };
    expect((await post("/v1/feedback", own, said)).status).toBe(200);
    expect((await post("/v1/feedback", other, { request_id, score: 0 })).status).toBe(404);
    expect((await post("/v1/feedback", CLIENT, { request_id, score: 0 })).status).toBe(404);
    expect((await post("/v1/feedback", "slc_made_up", said)).status).toBe(401);

    const list = ["feedback", "list", "--tenant"];
    expect(await typed(...list, "pleased")).toMatch(
      new RegExp(`${request_id} +user +0\\.75 .*quite right$`, "m"),
    );
    expect(await admin(...list, "jealous")).toBe("Nothing has been said yet.");
    await admin("feedback", "erase", "--tenant", "pleased");
    expect(await admin(...list, "pleased")).toBe("Nothing has been said yet.");
  });

  it("says in a line what was refused, and with which code it ends", async ({ expect }) => {
    await Promise.all([
      expect(typed("tenant", "show", "nobody")).rejects.toMatchObject({
        code: 1,
        stderr: 'admin: There is no tenant "nobody"; GET /admin/tenants lists what there is\n',
        stdout: "",
      }),
      expect(typed("tenant", "create", "x", "--budget", "year:1")).rejects.toMatchObject({
        code: 2,
        stderr: expect.stringMatching(/^admin: --budget "year:1": begins with day, week/),
      }),
    ]);
  });
});

/** The answer to a request whose target goes out as it stands. */
async function raw(target: string, headers: string): Promise<string> {
  const { hostname, port } = new URL(service.url);
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let answer = "";
  const socket = connectTo(Number(port), hostname, () => {
    socket.write(
      `GET ${target} HTTP/1.1\r\nhost: ${hostname}:${port}\r\nconnection: close\r\n${headers}\r\n`,
    );
  });
  socket.setEncoding("utf8");
  socket.on("data", (text: string) => (answer += text));
  socket.once("error", reject);
  socket.once("close", () => resolve(answer));
  return promise;
}

const TARGETS = [
  "/admin",
  "/admin/",
  "/admin/tenants",
  "/admin/tenants/",
  "//admin",
  "//admin/tenants",
  "///admin/tenants",
  "/Admin/tenants",
  "/admin/../v1/models",
  "/admin/tenants/../../v1/models",
  "/v1/../admin/tenants",
  "/v1/./../admin/tenants",
  "/v1/%2e%2e/admin/tenants",
  "/v1/%2E./admin/tenants",
  "/v1/models/..%2f..%2fadmin/tenants",
  "/v1\\..\\admin\\tenants",
  "/admin\\tenants",
  "/admin%2ftenants",
  "/admin%5ctenants",
  "/%61dmin/tenants",
  "/%2561dmin/tenants",
  "/%c0%af/admin/tenants",
  "/admin%00/tenants",
  "/admin./tenants",
  "/admin/tenants.",
  "/admin;/tenants",
  "/admin;x=1/tenants",
  "/admin/tenants;x=1",
  "/;/admin/tenants",
  "/./admin/tenants",
  "/admin//tenants",
  "/admin/tenants?/v1/models",
  "/admin/tenants#/v1/models",
  "/v1/models#/../../admin/tenants",
  "/healthz/../admin/tenants",
  "/healthz/..;/admin/tenants",
  "http://elsewhere.example/admin/tenants",
  "http://127.0.0.1/v1/../admin/tenants",
];

describe("paths as they are written", () => {
  it.for(TARGETS)("%s opens neither door to the other's key", async (target, { expect }) => {
    const [stranger, client, operator] = await Promise.all([
      raw(target, ""),
      raw(target, `authorization: Bearer ${CLIENT}\r\n`),
      raw(target, `authorization: Bearer ${ADMIN}\r\n`),
    ]);
    // A target that is none ends at the server itself.
    expect(stranger).toMatch(/^HTTP\/1.1 4\d\d /);
    expect(stranger).not.toMatch(/^HTTP\/1.1 404 /);
    for (const [answer, own] of [
      [client, '"id":"auto"'],
      [operator, '{"object":"list","data":['],
    ] as const)
      if (answer.startsWith("HTTP/1.1 200 ")) expect(answer).toContain(own);
      else expect(answer).toMatch(/^HTTP\/1.1 4\d\d /);
    expect(client).not.toContain('"organisation":');
    expect(operator).not.toContain('"id":"auto"');
  });

  it("lets operators and clients in by the right one", async ({ expect }) => {
    const operator = await raw("/admin/tenants", `authorization: Bearer ${ADMIN}\r\n`);
    expect(operator).toMatch(/^HTTP\/1.1 200 /);
    const client = await raw("/v1/models", `authorization: Bearer ${CLIENT}\r\n`);
    expect(client).toMatch(/^HTTP\/1.1 200 [^]*"id":"auto"/);
  });

  it("puts nothing that was sent into a header of the answer", async ({ expect }) => {
    const sent = `authorization: Bearer ${ADMIN}\r\nx-request-id: mine\r\nx-sluice-request-id: mine\r\n`;
    for (const id of ["a%0d%0aset-cookie:%20mine=1", "mine%00", "mine%c3%a9"]) {
      const answer = await raw(`/admin/tenants/${id}`, sent);
      const [head = ""] = answer.split("\r\n\r\n");
      expect(head).toMatch(/^HTTP\/1.1 404 /);
      expect(head).not.toMatch(/mine|set-cookie/i);
      expect(head).toMatch(/^[\x20-\x7e\r\n]*$/);
    }
  });
});
