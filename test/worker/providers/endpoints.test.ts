/** Which endpoints a deployment has, by the keys that it holds. */
import { describe, it } from "vitest";
import { endpointsOf } from "../../../worker/providers/endpoints.ts";
import { VENDORS } from "../../../worker/providers/registry.ts";

const KEY = "very-secret-0123456789";

async function aiBinding(): Promise<Response> {
  return Response.json({});
}

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

  it("reaches Workers AI by its binding, unless there is a token", ({ expect }) => {
    const addresses = { CLOUDFLARE_ACCOUNT_ID: "abc" };
    const bound = endpointsOf({ keys: {}, aiBinding }).get("workers-ai");
    expect(bound).toMatchObject([{ id: "workers-ai", send: aiBinding }]);
    const keys = { "workers-ai": [KEY] };
    const [byToken] = endpointsOf({ keys, addresses, aiBinding }).get("workers-ai")!;
    expect(byToken.baseUrl).toBe("https://api.cloudflare.com/client/v4/accounts/abc/ai/v1");
    expect(byToken).not.toHaveProperty("send");
  });

  it("has the deployment's own vendors, whatever stands in for the others", ({ expect }) => {
    const vendor = { ...VENDORS[0]!, id: "ollama", baseUrl: "http://127.0.0.1:11434/v1" };
    const endpoints = endpointsOf({
      keys: {},
      standInUrl: "http://127.0.0.1:9",
      ownVendors: [{ vendor }],
    });
    expect(endpoints.get("ollama")).toEqual([{ id: "ollama", vendor, baseUrl: vendor.baseUrl }]);
  });

  it("sends everything to a stand-in, and never a key", ({ expect }) => {
    const endpoints = endpointsOf({ keys: { groq: [KEY] }, standInUrl: "http://127.0.0.1:9/" });
    expect(endpoints.size).toBe(VENDORS.length);
    expect(endpoints.get("groq")).toMatchObject([{ baseUrl: "http://127.0.0.1:9/groq/v1" }]);
    expect(JSON.stringify([...endpoints.values()])).not.toContain(KEY);
  });
});
