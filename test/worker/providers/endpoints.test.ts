/** Which endpoints a deployment has, by the keys that it holds. */
import { describe, it } from "vitest";
import { endpointsOf } from "../../../worker/providers/endpoints.ts";
import { VENDORS } from "../../../worker/providers/registry.ts";

const KEY = "very-secret-0123456789";

describe("endpointsOf", () => {
  it("serves the vendors whose key is there", ({ expect }) => {
    expect([...endpointsOf({ keys: { groq: [KEY] } }).keys()]).toEqual(["groq"]);
  });

  it("makes an endpoint of each key, named without it", ({ expect }) => {
    const groq = endpointsOf({ keys: { groq: [KEY, "other"] } }).get("groq");
    expect(groq?.map(({ id, key }) => [id, key])).toEqual([
      ["groq", KEY],
      ["groq#2", "other"],
    ]);
  });

  it("sends everything to a stand-in, and never a key", ({ expect }) => {
    const endpoints = endpointsOf({ keys: { groq: [KEY] }, standInUrl: "http://127.0.0.1:9/" });
    expect(endpoints.size).toBe(VENDORS.length);
    expect(endpoints.get("groq")).toMatchObject([{ baseUrl: "http://127.0.0.1:9/groq/v1" }]);
    expect(JSON.stringify([...endpoints.values()])).not.toContain(KEY);
  });
});
