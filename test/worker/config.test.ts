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
      vendorBaseUrl: undefined,
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
    expect(readConfig(env).vendorKeys).toEqual(keys);
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
