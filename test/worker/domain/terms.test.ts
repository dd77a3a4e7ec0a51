/** What key and tenant say together: preferences override, limits only narrow. */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import { keyTermsSchema, tenantSchema } from "../../../worker/domain/tenant.ts";
import { allowedByBoth, lowest, termsFor } from "../../../worker/domain/terms.ts";

const A = "openai/a";
const B = "openai/b";
const C = "groq/c";

function of(key: object, tenant: object) {
  return termsFor({
    key: { ...keyTermsSchema.parse(key), id: "key_1" },
    tenant: tenantSchema.parse({ id: "acme", ...tenant }),
  });
}

describe("termsFor", () => {
  it("says nothing where nothing was said", ({ expect }) => {
    expect(of({}, {})).toEqual({ defaults: {}, maxCostUsd: undefined, allowModels: undefined });
  });

  it("takes each preference from the key, else from the tenant", ({ expect }) => {
    const key = { policy: { preset: "fast", hedge: "auto" } };
    const tenant = { policy: { preset: "cost", quality: 0.9, max_latency_ms: 500 } };
    expect(of(key, tenant).defaults).toEqual({
      preset: "fast",
      hedge: "auto",
      quality: 0.9,
      max_latency_ms: 500,
    });
  });

  it("takes the lower of two ceilings, and models that both allow", ({ expect }) => {
    const key = { policy: { max_cost_usd: 2 }, allow_models: [A, B] };
    const tenant = { policy: { max_cost_usd: 1 }, allow_models: [B, C] };
    expect(of(key, tenant)).toEqual({ defaults: {}, maxCostUsd: 1, allowModels: [B] });
    expect(of({}, tenant)).toMatchObject({ maxCostUsd: 1, allowModels: [B, C] });
    expect(of(key, {})).toMatchObject({ maxCostUsd: 2, allowModels: [A, B] });
    expect(of({ allow_models: [A] }, { allow_models: [C] }).allowModels).toEqual([]);
  });

  it("never widens what either allows", ({ expect }) => {
    const list = fc.option(fc.subarray([A, B, C]), { nil: undefined });
    const usd = fc.option(fc.nat(), { nil: undefined });
    fc.assert(
      fc.property(list, list, (a, b) => {
        const both = allowedByBoth(a, b);
        for (const model of [A, B, C]) {
          const isIn = [a, b].every((each) => each === undefined || each.includes(model));
          expect(both === undefined || both.includes(model)).toBe(isIn);
        }
      }),
    );
    fc.assert(
      fc.property(usd, usd, (a, b) => {
        expect(lowest(a, b) ?? Infinity).toBe(Math.min(a ?? Infinity, b ?? Infinity));
      }),
    );
  });
});
