/**
 * The environment as configuration: defaults for all of it, and a refusal that names the variable and the
 * remedy but never repeats a secret.
 */
import { describe, it } from "vitest";
import { ConfigError, readConfig } from "../../worker/config.ts";
import { VENDORS } from "../../worker/providers/registry.ts";

describe("readConfig", () => {
  it("needs nothing", ({ expect }) => {
    expect(readConfig({})).toEqual({
      apiKey: undefined,
      vendorKeys: {},
      vendorAddresses: {},
      vendorBaseUrl: undefined,
      ownVendors: [],
      ownModels: [],
      weightsTtlMs: 30_000,
      maxBodyBytes: 4_194_304,
      timeouts: {
        connectMs: 30_000,
        firstByteMs: 90_000,
        answerMs: 240_000,
        idleMs: 60_000,
      },
      totalTimeoutMs: 600_000,
      standInKeys: [],
      hasCircuits: true,
      logLevel: "info",
    });
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
    ["SLUICE_API_KEY", "two words"],
    ["OPENAI_API_KEY", "sk-1\n"],
  ])("refuses %s=%j by name and with a remedy, not by value", ([name, value], { expect }) => {
    expect(() => readConfig({ [name]: value })).toThrow(ConfigError);
    expect(() => readConfig({ [name]: value })).toThrow(new RegExp(`: ${name} must be`));
    if (name.endsWith("KEY"))
      expect(() => readConfig({ [name]: value })).not.toThrow(new RegExp(value.trim()));
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
