/**
 * The environment as configuration: defaults for all of it, and a refusal that names the variable and the
 * remedy but never repeats a secret.
 */
import { describe, it } from "vitest";
import { writePublicKey } from "../../router-models/rollout.ts";
import { ConfigError, readConfig } from "../../worker/config.ts";
import { VENDORS } from "../../worker/providers/registry.ts";
import { KEY_BYTES, mintKey } from "../../worker/tenants/keys.ts";

function webhookSecretOf(letter: string): string {
  return `whsec_${btoa(letter.repeat(32))}`;
}

describe("readConfig", () => {
  it("needs nothing", ({ expect }) => {
    expect(readConfig({})).toEqual({
      apiKey: undefined,
      adminKey: undefined,
      keySecret: undefined,
      access: undefined,
      vendorKeys: {},
      vendorAddresses: {},
      vendorBaseUrl: undefined,
      ownVendors: [],
      ownModels: [],
      weightsTtlMs: 30_000,
      weightsPublicKeys: [],
      maxBodyBytes: 4_194_304,
      timeouts: {
        connectMs: 30_000,
        firstByteMs: 90_000,
        answerMs: 240_000,
        idleMs: 60_000,
      },
      totalTimeoutMs: 600_000,
      standInKeys: [],
      eventFilesAfterMs: 900_000,
      hasCircuits: true,
      cacheEmbeddings: "own",
      alertWebhook: undefined,
      logLevel: "info",
    });
  });

  it("reads who may administer, and what keys are hashed with", ({ expect }) => {
    const env = {
      SLUICE_ADMIN_KEY: "admin-0123456789",
      SLUICE_KEY_SECRET: "0123456789abcdef0123456789abcdef",
      ACCESS_TEAM_DOMAIN: "https://team.cloudflareaccess.com",
      ACCESS_AUD: "0123456789abcdef".repeat(4),
    };
    expect(readConfig(env)).toMatchObject({
      adminKey: env.SLUICE_ADMIN_KEY,
      keySecret: env.SLUICE_KEY_SECRET,
      access: { teamDomain: env.ACCESS_TEAM_DOMAIN, audience: env.ACCESS_AUD },
    });
    const { ACCESS_AUD: _, ...half } = env;
    expect(() => readConfig(half)).toThrow(
      /ACCESS_TEAM_DOMAIN and ACCESS_AUD must be set together/,
    );
  });

  it("reads whose vectors the cache goes by", ({ expect }) => {
    expect(readConfig({ CACHE_EMBEDDINGS: "workers-ai" }).cacheEmbeddings).toBe("workers-ai");
    expect(() => readConfig({ CACHE_EMBEDDINGS: "openai" })).toThrow(
      /CACHE_EMBEDDINGS must be own or workers-ai/,
    );
  });

  it("reads whose rollouts are followed", ({ expect }) => {
    const keys = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
    const list = keys.map(writePublicKey).join(",");
    expect(readConfig({ WEIGHTS_PUBLIC_KEYS: list }).weightsPublicKeys).toEqual(keys);
    for (const wrong of [`${list},`.repeat(5).slice(0, -3), "a", list.replace("=", "")])
      expect(() => readConfig({ WEIGHTS_PUBLIC_KEYS: wrong })).toThrow(
        /WEIGHTS_PUBLIC_KEYS(\.\d)? must be the public key that/,
      );
    const many = Array.from({ length: 9 }, (_, i) => writePublicKey(new Uint8Array(32).fill(i)));
    expect(() => readConfig({ WEIGHTS_PUBLIC_KEYS: many.join(",") })).toThrow(/at most 8 keys/);
  });

  it("refuses an admin key that applications have too", ({ expect }) => {
    const key = "one-key-for-everything";
    const env = { SLUICE_ADMIN_KEY: key, SLUICE_API_KEY: key };
    expect(() => readConfig(env)).toThrow(/SLUICE_ADMIN_KEY must differ from SLUICE_API_KEY/);
    expect(() => readConfig(env)).not.toThrow(key);
  });

  it("refuses a tenant's key as the deployment's, since it could not be revoked", ({ expect }) => {
    const { key } = mintKey(new Uint8Array(KEY_BYTES));
    const env = { SLUICE_API_KEY: key };
    expect(() => readConfig(env)).toThrow(/SLUICE_API_KEY must be a key of its own/);
    expect(() => readConfig(env)).not.toThrow(key);
  });

  it("finds each vendor's key under the vendor's name", ({ expect }) => {
    const env = Object.fromEntries(VENDORS.map(({ id, keyName }) => [keyName, `key-of-${id}`]));
    const keys = Object.fromEntries(VENDORS.map(({ id }) => [id, [`key-of-${id}`]]));
    const addresses = {
      AZURE_OPENAI_ENDPOINT: "https://mine.openai.azure.com",
      CLOUDFLARE_ACCOUNT_ID: "0123456789abcdef0123456789abcdef",
    };
    const config = readConfig({ ...env, ...addresses });
    expect(config.vendorKeys).toEqual(keys);
    expect(config.vendorAddresses).toEqual(addresses);
  });

  it("wants a vendor's address where it has its key, and trims it", ({ expect }) => {
    const env = { AZURE_OPENAI_API_KEY: "k" };
    expect(() => readConfig(env)).toThrow(/: AZURE_OPENAI_ENDPOINT must be set/);
    const config = readConfig({ ...env, AZURE_OPENAI_ENDPOINT: "https://a.openai.azure.com/" });
    expect(config.vendorAddresses).toEqual({ AZURE_OPENAI_ENDPOINT: "https://a.openai.azure.com" });
  });

  it("takes several keys of a vendor, each once", ({ expect }) => {
    const { vendorKeys } = readConfig({ OPENAI_API_KEY: "sk-1,sk-2,sk-1," });
    expect(vendorKeys).toEqual({ openai: ["sk-1", "sk-2"] });
  });

  it("ignores bindings and strangers, and takes nothing for not set", ({ expect }) => {
    const env = { WEIGHTS: { get() {} }, HOME: "/root", SLUICE_API_KEY: "", VENDOR_BASE_URL: "" };
    expect(readConfig(env)).toEqual(readConfig({}));
  });

  it("reads numbers that wrangler passes as numbers", ({ expect }) => {
    expect(readConfig({ WEIGHTS_TTL_MS: 0, IDLE_TIMEOUT_MS: "5" })).toMatchObject({
      weightsTtlMs: 0,
      timeouts: { idleMs: 5 },
    });
  });

  it.for<[string, string]>([
    ["SLUICE_ADMIN_KEY", "fifteen-letters"],
    ["SLUICE_KEY_SECRET", "thirty-one-letters-are-too-few."],
    ["ACCESS_TEAM_DOMAIN", "https://team.example.com"],
    ["ACCESS_TEAM_DOMAIN", "http://team.cloudflareaccess.com"],
    ["ACCESS_AUD", "short"],
    ["WEIGHTS_TTL_MS", "soon"],
    ["WEIGHTS_TTL_MS", "-1"],
    ["IDLE_TIMEOUT_MS", "0"],
    ["MAX_BODY_BYTES", "1e6"],
    ["MAX_BODY_BYTES", "10"],
    ["VENDOR_BASE_URL", "localhost:9090"],
    ["VENDOR_BASE_URL", "file:///etc"],
    ["AZURE_OPENAI_ENDPOINT", "http://mine.openai.azure.com"],
    ["CLOUDFLARE_ACCOUNT_ID", "mine"],
    ["COMPATIBLE_VENDORS", "ollama"],
    ["COMPATIBLE_VENDORS", "{}"],
    ["LOG_LEVEL", "loud"],
    ["ALERT_WEBHOOK_URL", "hooks.example.com"],
    ["ALERT_WEBHOOK_URL", "http://hooks.example.com/"],
    ["ALERT_WEBHOOK_URL", "http://127.0.0.1.example.com/"],
    ["ALERT_WEBHOOK_URL", "http://10.0.0.1/"],
    ["ALERT_WEBHOOK_URL", "https://me:secret@hooks.example.com/"],
    ["ALERT_WEBHOOK_SECRET", "too-short-a-secret"],
    ["ALERT_WEBHOOK_SECRET", `whsec_${btoa("x".repeat(23))}`],
    ["ALERT_WEBHOOK_SECRET", ["a", "b", "c"].map(webhookSecretOf).join(",")],
    ["SLUICE_API_KEY", "two words"],
    ["OPENAI_API_KEY", "sk-1\n"],
  ])("refuses %s=%j by name and with a remedy, not by value", ([name, value], { expect }) => {
    expect(() => readConfig({ [name]: value })).toThrow(ConfigError);
    expect(() => readConfig({ [name]: value })).toThrow(new RegExp(`: ${name} must be`));
    if (/KEY$|^ALERT/.test(name))
      expect(() => readConfig({ [name]: value })).not.toThrow(new RegExp(value.trim()));
  });

  it("takes a webhook with the secret that signs, or with two while one replaces the other", ({
    expect,
  }) => {
    const [a, b] = ["a", "b"].map(webhookSecretOf);
    const url = "https://hooks.example.com/T0?key=1";
    const given = { ALERT_WEBHOOK_URL: url, ALERT_WEBHOOK_SECRET: `${a},${b}` };
    expect(readConfig(given).alertWebhook).toEqual({ url, secrets: [a, b] });
    for (const local of ["http://127.0.0.1:9/x", "http://localhost:9/x", "http://[::1]:9/x"])
      expect(readConfig({ ...given, ALERT_WEBHOOK_URL: local }).alertWebhook?.url).toBe(local);
    expect(() => readConfig({ ALERT_WEBHOOK_URL: url })).toThrow(
      /: ALERT_WEBHOOK_SECRET must be set, because ALERT_WEBHOOK_URL is/,
    );
    expect(readConfig({ ALERT_WEBHOOK_SECRET: a }).alertWebhook).toBeUndefined();
  });

  it("is frozen", ({ expect }) => {
    const config = readConfig({ GROQ_API_KEY: "gsk_1" });
    expect(
      [config, config.vendorKeys, config.timeouts].every((part) => Object.isFrozen(part)),
    ).toBe(true);
  });
});

const MODEL = {
  id: "Org/Llama-3.3:70b",
  context_tokens: 131_072,
  max_output_tokens: 8_192,
  price: { input_usd_per_mtok: 0, output_usd_per_mtok: 0 },
};

function vendorsOf(...entries: readonly object[]) {
  const { ownVendors, ownModels } = readConfig({ COMPATIBLE_VENDORS: JSON.stringify(entries) });
  return { ownVendors, ownModels };
}

describe("COMPATIBLE_VENDORS", () => {
  it("names servers and their models", ({ expect }) => {
    const { ownVendors, ownModels } = vendorsOf({
      id: "ollama",
      base_url: "http://127.0.0.1:11434/v1/",
      models: [MODEL, { ...MODEL, id: "small", upstream_model: "Small", mmlu_pro: 0.4 }],
    });
    expect(ownVendors).toMatchObject([
      { vendor: { id: "ollama", baseUrl: "http://127.0.0.1:11434/v1", format: "openai" } },
    ]);
    expect(ownVendors[0]).not.toHaveProperty("key");
    expect(ownModels).toMatchObject([
      { id: "ollama/Org/Llama-3.3:70b", capabilities: ["streaming"], anchors: [] },
      { id: "ollama/small", upstreamModel: "Small", anchors: [{ score: 0.4 }] },
    ]);
  });

  it("may come as a value, as wrangler's own JSON variables do", ({ expect }) => {
    const entry = { id: "lan", base_url: "http://192.168.1.9/v1", models: [MODEL] };
    expect(readConfig({ COMPATIBLE_VENDORS: [entry] }).ownModels).toHaveLength(1);
  });

  it("gives models to a vendor that is known", ({ expect }) => {
    const { ownVendors, ownModels } = vendorsOf({ id: "azure", models: [MODEL] });
    expect(ownVendors).toEqual([]);
    expect(ownModels.map(({ id }) => id)).toEqual(["azure/Org/Llama-3.3:70b"]);
  });

  it.for([
    "http://localhost:1234/v1",
    "http://127.0.0.1/v1",
    "http://10.1.2.3/v1",
    "http://172.31.0.1/v1",
    "http://[::1]:8000/v1",
    "http://[fd00::1]/v1",
    "http://gpu.internal/v1",
    "https://vllm.example.com/v1",
  ])("takes the address %s", (base_url, { expect }) => {
    expect(vendorsOf({ id: "own", base_url, models: [MODEL] }).ownVendors).toHaveLength(1);
  });

  it.for<[string, object]>([
    ["0.base_url", { base_url: "http://vllm.example.com/v1" }],
    ["0.base_url", { base_url: "http://172.32.0.1/v1" }],
    ["0.base_url", { base_url: "http://127.0.0.1.example.com/v1" }],
    ["0.base_url", { base_url: "https://user:hunter2@vllm.example.com/v1" }],
    ["0.base_url", { base_url: "https://vllm.example.com/v1?key=hunter2" }],
    ["0.base_url", { base_url: "ftp://vllm.example.com" }],
    ["0.base_url", { base_url: undefined }],
    ["0.id", { id: "openai" }],
    ["0.id", { id: "My Server" }],
    ["0.key", { key: "hunter2 with spaces" }],
    ["0.models", { models: [] }],
    ["0.models.0.max_output_tokens", { models: [{ ...MODEL, max_output_tokens: 200_000 }] }],
    ["0.models.0.price.input_usd_per_mtok", { models: [{ ...MODEL, price: {} }] }],
  ])("refuses a fault in %s by its place, and repeats no secret", ([place, fault], { expect }) => {
    const entry = { id: "own", base_url: "https://vllm.example.com/v1", models: [MODEL], ...fault };
    function attempt(): void {
      vendorsOf(entry);
    }
    expect(attempt).toThrow(ConfigError);
    expect(attempt).toThrow(new RegExp(`COMPATIBLE_VENDORS\\.${place.replaceAll(".", "\\.")} `));
    expect(attempt).not.toThrow(/hunter2/);
  });

  it("lets an operator insist on plain http", ({ expect }) => {
    const entry = { id: "own", base_url: "http://vllm.example.com/v1", models: [MODEL] };
    expect(vendorsOf({ ...entry, allow_http: true }).ownVendors).toHaveLength(1);
  });

  it("names each vendor once", ({ expect }) => {
    const entry = { id: "own", base_url: "https://vllm.example.com/v1", models: [MODEL] };
    expect(() => vendorsOf(entry, entry)).toThrow(/must name each vendor once/);
  });
});

describe("where ledgers are kept", () => {
  const token = "hunter2";

  it.for(["https://eu1-some-name.upstash.io", "http://127.0.0.1:8079", "http://localhost:8079/"])(
    "takes a Redis at %s",
    (url, { expect }) => {
      const { redis } = readConfig({
        UPSTASH_REDIS_REST_URL: url,
        UPSTASH_REDIS_REST_TOKEN: token,
      });
      expect(redis).toEqual({ url, token });
      expect(readConfig({}).redis).toBeUndefined();
    },
  );

  it.for([
    { UPSTASH_REDIS_REST_URL: "https://eu1-some-name.upstash.io" },
    { UPSTASH_REDIS_REST_TOKEN: token },
    { UPSTASH_REDIS_REST_URL: "http://redis.example.com", UPSTASH_REDIS_REST_TOKEN: token },
    { UPSTASH_REDIS_REST_URL: "http://localhost.example.com", UPSTASH_REDIS_REST_TOKEN: token },
    { UPSTASH_REDIS_REST_URL: "https://hunter2@some.example", UPSTASH_REDIS_REST_TOKEN: token },
    { UPSTASH_REDIS_REST_URL: "redis://127.0.0.1:6379", UPSTASH_REDIS_REST_TOKEN: token },
  ])("refuses half of it, and a token in the clear: %o", (env, { expect }) => {
    expect(() => readConfig(env)).toThrow(/UPSTASH_REDIS_REST_URL/);
    expect(() => readConfig(env)).not.toThrow(/hunter2/);
  });
});
