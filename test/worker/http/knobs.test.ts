/** The knobs, as headers and in the body: what is read, what is refused, and which of two wins. */
import { describe, it } from "vitest";
import { RouterError } from "../../../worker/domain/errors.ts";
import { policySchema, type Preset } from "../../../worker/domain/policy.ts";
import { readKnobs } from "../../../worker/http/wire/knobs.ts";

function read(headers: Record<string, string>, sluice?: unknown, preset?: Preset) {
  return readKnobs(new Headers(headers), { sluice, preset });
}

function refusalOf(headers: Record<string, string>, sluice?: unknown): RouterError {
  try {
    read(headers, sluice);
  } catch (error) {
    if (error instanceof RouterError) return error;
  }
  throw new Error("It was accepted");
}

describe("readKnobs", () => {
  it("has a header and a body field for everything that a policy has", ({ expect }) => {
    const all = {
      preset: "fast",
      quality: 0.5,
      max_cost_usd: 0.25,
      max_latency_ms: 1500,
      allow_models: ["a/b", "c/d"],
      hedge: 800,
      cache: "exact",
      cache_rewrite: true,
      cache_ttl_s: 60,
      cache_tags: ["docs", "v1.2"],
      weights: "1.2.0@0123456789ab",
      dry_run: true,
    };
    expect(Object.keys(all).toSorted()).toEqual(Object.keys(policySchema.shape).toSorted());
    expect(read({}, all)).toEqual(all);
    const headers: Record<string, string> = {};
    for (const [name, value] of Object.entries(all))
      headers[`X-Sluice-${name.replaceAll("_", "-")}`] = String(value);
    expect(read(headers)).toEqual(all);
  });

  it("lets the outermost win: header, body, model name, default", ({ expect }) => {
    const header = { "x-sluice-preset": "fast" };
    expect(read(header, { preset: "cost" }, "quality").preset).toBe("fast");
    expect(read({}, { preset: "cost" }, "quality").preset).toBe("cost");
    expect(read({}, null, "quality").preset).toBe("quality");
    expect(read({}).preset).toBe("balanced");
  });

  it("looks at no other headers", ({ expect }) => {
    const others = {
      "x-session-id": "1",
      "cf-aig-metadata": "{}",
      "x-portkey-metadata": "{}",
      "cache-control": "no-store",
      traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
      sluice: "2",
      "x-stainless-os": "Linux",
    };
    expect(read(others)).toEqual({
      preset: "balanced",
      cache: "off",
      cache_rewrite: false,
      dry_run: false,
    });
  });

  it.for<[string, string, string]>([
    ["x-sluice-preset", "cheap", "cost, balanced, quality, fast"],
    ["x-sluice-quality", "1.5", "a number from 0 to 1"],
    ["x-sluice-quality", "high", "a number from 0 to 1"],
    ["x-sluice-quality", "0x1", "a number from 0 to 1"],
    ["x-sluice-quality", "", "a number from 0 to 1"],
    ["x-sluice-quality", "NaN", "a number from 0 to 1"],
    ["x-sluice-max-cost-usd", "0", "US dollars"],
    ["x-sluice-max-cost-usd", "-1", "US dollars"],
    ["x-sluice-max-cost-usd", "1e9", "US dollars"],
    ["x-sluice-max-latency-ms", "soon", "milliseconds"],
    ["x-sluice-allow-models", "gpt", "provider/model"],
    ["x-sluice-allow-models", "a/b,,c/d", "provider/model"],
    ["x-sluice-weights", "1.2 or 1.3", "a version of released weights"],
    ["x-sluice-dry-run", "yes", "true or false"],
  ])("refuses %s: %s", ([header, value, allowed], { expect }) => {
    const refusal = refusalOf({ [header]: value });
    expect(refusal).toMatchObject({ status: 400, code: "invalid_knob", param: header });
    expect(refusal.message).toContain(JSON.stringify(value));
    expect(refusal.message).toContain(allowed);
  });

  it.for<[unknown, string]>([
    [{ quality: "0.5" }, "sluice.quality"],
    [{ quality: null }, "sluice.quality"],
    [{ preset: 7 }, "sluice.preset"],
    [{ allow_models: [] }, "sluice.allow_models"],
    [{ allow_models: "a/b" }, "sluice.allow_models"],
    ["fast", "sluice"],
    [["fast"], "sluice"],
  ])("refuses %j in the body", ([sluice, param], { expect }) => {
    expect(refusalOf({}, sluice)).toMatchObject({ status: 400, code: "invalid_knob", param });
  });

  it("refuses what it does not know, and lists what it does", ({ expect }) => {
    for (const header of ["x-sluice-cached", "x-sluice-qualty", "x-sluice-"]) {
      const refusal = refusalOf({ [header]: "off" });
      expect(refusal).toMatchObject({ status: 400, code: "unknown_knob", param: header });
      expect(refusal.message).toContain("x-sluice-max-cost-usd");
    }
    const refusal = refusalOf({}, { maxCost: 1 });
    expect(refusal).toMatchObject({ code: "unknown_knob", param: "sluice.maxCost" });
    expect(refusal.message).toContain("max_cost_usd");
    expect(refusalOf({}, { constructor: 1 })).toMatchObject({ code: "unknown_knob" });
  });

  it("repeats a bad value cut short and printable", ({ expect }) => {
    const { message } = refusalOf({}, { preset: `\u0007${"x".repeat(5_000)}` });
    expect(message.length).toBeLessThan(250);
    expect(message).toContain("?xxx");
  });
});
