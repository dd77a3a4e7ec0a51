/**
 * Secrets stay where they belong: the real worker with its most talkative log, through everything that is done with keys,
 * and then all that it has written is searched for each of them: what it printed, what it answered, what it told the
 * webhook, every file of its Durable Objects.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { createHash, createHmac } from "node:crypto";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, it } from "vitest";
import { webhookReceiver } from "../../scripts/simulation/webhook-receiver.ts";
import { startVendor, type Vendor } from "../../scripts/vendor.ts";

const CHILD = fileURLToPath(new URL("../support/node/worker-process.ts", import.meta.url));

/** Of the deployment; each is looked for. */
const VARS = {
  SLUICE_API_KEY: "the-deployments-own-key-0123456789",
  SLUICE_ADMIN_KEY: "the-operators-own-key-0123456789",
  SLUICE_KEY_SECRET: "what-keys-are-hashed-with-0123456789",
  ALERT_WEBHOOK_SECRET: `whsec_${btoa("what-webhooks-are-signed-with-01")}`,
  OPENAI_API_KEY: "sk-openai-made-up-0123456789",
  ANTHROPIC_API_KEY: "sk-ant-made-up-0123456789",
  STAND_IN_KEYS: "stand-in-made-up-0123456789",
};

/** What people behind Cloudflare Access bring along; neither is signed by anybody. */
const ACCESS = {
  "cf-access-jwt-assertion": tokenOf({ alg: "none" }),
  "cf-access-client-secret": "the-service-tokens-secret-0123456789",
  cookie: `CF_Authorization=${tokenOf({ alg: "HS256" })}`,
};

function tokenOf(header: object): string {
  const parts = [header, { email: "mallory@example.com", aud: "0".repeat(64), exp: 9_999_999_999 }];
  const [head, claims] = parts.map((part) =>
    Buffer.from(JSON.stringify(part)).toString("base64url"),
  );
  return `${head}.${claims}.c2lnbmF0dXJlLW9mLW5vYm9keQ`;
}

let vendor: Vendor;
let folder: string;
let child: ChildProcess;
let url: string;
/** By where it was found. */
const written = { output: "", answers: "", webhooks: "" };
const alerted = Promise.withResolvers<void>();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-secrets-"));
  vendor = await startVendor({
    webhooks: webhookReceiver({
      secret: VARS.ALERT_WEBHOOK_SECRET,
      print(line) {
        written.webhooks += `${line}\n`;
        alerted.resolve();
      },
    }),
  });
  const vars = {
    ...VARS,
    ALERT_WEBHOOK_URL: `${vendor.url}/webhooks`,
    ACCESS_TEAM_DOMAIN: "https://acme.cloudflareaccess.com",
    ACCESS_AUD: "0".repeat(64),
    LOG_LEVEL: "debug",
  };
  const options = { vendorUrl: vendor.url, vars, persist: folder, logLevel: "log" };
  child = spawn(process.execPath, [CHILD, JSON.stringify(options)], {
    stdio: ["pipe", "pipe", "pipe"],
  });
  url = await listening(child);
});
afterAll(async () => {
  child?.kill("SIGKILL");
  await vendor?.close();
  await rm(folder, { recursive: true, force: true });
});

/** Keeps what it prints, and resolves with its address. */
function listening({ stdout, stderr }: ChildProcess): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  for (const stream of [stdout!, stderr!])
    stream.setEncoding("utf8").on("data", (text: string) => {
      written.output += text;
      const address = /listening at (\S+)\n/.exec(written.output)?.[1];
      if (address !== undefined) resolve(address);
    });
  return promise;
}

/** Closes the worker, so that all it has to write is written. */
async function ended(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  child.once("close", () => resolve());
  child.stdin!.end();
  await promise;
}

interface Ask {
  readonly key?: string;
  readonly body?: object;
  readonly headers?: Record<string, string>;
}

/** Sends a request and keeps the answer; a secret that the answer is for is taken out. */
async function ask(order: string, { key, body, headers = {} }: Ask = {}) {
  const [method = "", path = ""] = order.split(" ");
  const response = await fetch(`${url}${path}`, {
    method,
    headers: {
      ...(key !== undefined && { authorization: `Bearer ${key}` }),
      ...(body !== undefined && { "content-type": "application/json" }),
      ...headers,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const { secret } = text.startsWith("{") ? JSON.parse(text) : {};
  written.answers += `${JSON.stringify([...response.headers])}\n${text.replace(secret, "…")}\n`;
  return { status: response.status, secret: String(secret) };
}

const CHAT = { model: "openai/gpt-5-nano", messages: [{ role: "user", content: "Hi" }] };

function chat(key: string | undefined, fields: object = {}) {
  return ask("POST /v1/chat/completions", {
    ...(key !== undefined && { key }),
    body: { ...CHAT, ...fields },
  });
}

function admin(order: string, body?: object) {
  return ask(order, { key: VARS.SLUICE_ADMIN_KEY, ...(body !== undefined && { body }) });
}

/** The whole life of keys, right and wrong: the secrets that were made, and what chats with them came to. */
async function live() {
  await admin("POST /admin/tenants", {
    id: "shop",
    budgets: [{ window: "total", limit_usd: 0.000001, kind: "soft" }],
  });
  const made = [await admin("POST /admin/tenants/shop/keys", { name: "ci" })];
  made.push(await admin("POST /admin/tenants/shop/keys", {}));
  const [first = "", second = ""] = made.map(({ secret }) => secret);
  const statuses = [await chat(first), await chat(first, { stream: true }), await chat(second)];
  made.push(await admin(`POST ${pathOf(first)}/rotate`, { grace_s: 3_600 }));
  const wrong = `${first.slice(0, 17)}${second.slice(17)}`;
  for (const key of [undefined, wrong, `${first}x`, VARS.SLUICE_ADMIN_KEY, VARS.SLUICE_KEY_SECRET])
    statuses.push(await chat(key));
  await admin(`POST ${pathOf(second)}/revoke`, { now: true });
  statuses.push(await chat(second), await chat(VARS.SLUICE_API_KEY));
  vendor.faults.add({ fault: { kind: "status", status: 401 }, times: 1 });
  statuses.push(await chat(first));
  vendor.faults.clear();
  for (const path of ["/v1/budget", "/v1/models", "/nowhere", "/admin/tenants"])
    for (const headers of [ACCESS, { "x-api-key": first }, { "x-goog-api-key": first }])
      await ask(`GET ${path}`, { headers });
  for (const path of ["/admin/tenants/shop/keys", "/admin/tenants", pathOf(first)])
    await admin(`GET ${path}`);
  const codes = statuses.map(({ status }) => status);
  return { made: made.map(({ secret }) => secret), codes };
}

function pathOf(secret: string): string {
  return `/admin/keys/key_${secret.slice(4, 16)}`;
}

/** Every file below the folder, byte by byte as Latin-1. */
async function filesIn(path: string): Promise<string> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const texts = files.map(({ parentPath, name }) => readFile(join(parentPath, name), "latin1"));
  return (await Promise.all(texts)).join("\n");
}

/** What of a secret would give it away, in the ways in which bytes are written. */
function tracesOf(secret: string): string[] {
  const core = secret.replace(/^(slc_\w{12}_|whsec_)/, "");
  const bytes = Buffer.from(core);
  return [core, bytes.toString("hex"), bytes.toString("base64url").slice(0, -2)];
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

describe("secrets", () => {
  it("are in nothing that the worker writes, and tenants' keys are kept as keyed hashes", async ({
    expect,
  }) => {
    const { made, codes } = await live();
    expect(codes).toEqual([200, 200, 200, 401, 401, 401, 401, 401, 401, 200, 502]);
    expect(made.map((secret) => /^slc_\w{12}_\w{32}$/.test(secret))).toEqual([true, true, true]);
    await alerted.promise;
    await ended();
    // Before that wrangler lists all variables.
    const output = written.output.slice(written.output.indexOf("listening at"));
    const files = await filesIn(folder);
    const places = { ...written, output, files };

    // That the search would find them: what is kept and said of keys is there.
    const [, second = "", renewed = ""] = made;
    expect(places.output).toContain('"event":"admin_change"');
    expect(places.output).toContain('"code":"invalid_api_key"');
    expect(places.answers).toContain('"code":"revoked_api_key"');
    expect(places.webhooks).toContain("signature verified");
    for (const key of [second, renewed]) {
      const hash = createHmac("sha256", VARS.SLUICE_KEY_SECRET).update(key).digest("hex");
      const told = Object.entries(written).filter(([, text]) => text.includes(hash));
      expect([files.includes(hash), told]).toEqual([true, []]);
    }

    const tokens = Object.values(ACCESS).map((text) => text.split(".").at(-1)!);
    const secrets = [...Object.values(VARS), ...made, ...tokens];
    const found = Object.entries(places).flatMap(([place, text]) =>
      secrets
        .filter((secret) => [...tracesOf(secret), sha256(secret)].some((one) => text.includes(one)))
        .map((secret) => `${place}: ${secret.slice(0, 12)}…`),
    );
    expect(found).toEqual([]);
  });
});
