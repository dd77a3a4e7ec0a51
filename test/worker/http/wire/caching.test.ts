/** What Cache-Control and the tenant leave of a wish for the cache: less, never more. */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import { CACHE_MODES, policySchema } from "../../../../worker/domain/policy.ts";
import { caching } from "../../../../worker/http/wire/caching.ts";

const OPEN = { is_private: false };

function asked(control: string, fields: Record<string, unknown> = { cache: "exact" }) {
  const policy = policySchema.parse(fields);
  const { cache, cache_ttl_s: ttlS } = caching(
    policy,
    new Headers({ "cache-control": control }),
    OPEN,
  );
  return ttlS === undefined ? cache : [cache, ttlS];
}

describe("caching", () => {
  it.for<[string, unknown]>([
    ["", "exact"],
    ["no-transform, private", "exact"],
    ["No-Cache", "refresh"],
    ["no-store", "off"],
    ["no-cache, no-store", "off"],
    ["max-age=60", ["exact", 60]],
    ["max-age=60, Max-Age=30", ["exact", 30]],
    ["max-age=0", "refresh"],
    ["max-age=-1", "exact"],
    ["max-age=1.5", "exact"],
    ["max-age=99999999999", "exact"],
    ["s-maxage=5, max-age", "exact"],
  ])("%s: %j", ([control, left], { expect }) => {
    expect(asked(control)).toEqual(left);
  });

  it("takes the lower of two ages", ({ expect }) => {
    const fields = { cache: "semantic", cache_ttl_s: 100 };
    expect(asked("max-age=200", fields)).toEqual(["semantic", 100]);
    expect(asked("max-age=20", fields)).toEqual(["semantic", 20]);
  });

  it("never turns the cache on, and leaves a private tenant none", ({ expect }) => {
    const directives = fc.array(
      fc.constantFrom("no-cache", "no-store", "max-age=0", "max-age=9", "public", "x"),
    );
    fc.assert(
      fc.property(directives, fc.constantFrom(...CACHE_MODES), (given, cache) => {
        const headers = new Headers({ "cache-control": given.join(", ") });
        const policy = policySchema.parse({ cache });
        if (cache === "off") expect(caching(policy, headers, OPEN)).toEqual(policy);
        expect(caching(policy, headers, { is_private: true }).cache).toBe("off");
      }),
    );
  });
});
