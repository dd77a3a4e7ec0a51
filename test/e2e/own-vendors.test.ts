/**
 * A server of the deployment's own beside the known vendors: listed, called by its name without a key of
 * anybody else's, and not chosen by the router where nothing says how strong it is.
 */
import { NotFoundError } from "openai";
import { afterAll, beforeAll, describe, it } from "vitest";
import { startVendor, type Vendor } from "../../scripts/vendor.ts";
import { startLocalService, type LocalService } from "../support/node/local-service.ts";

const KEY = "own-secret-0123456789";

let server: Vendor;
let service: LocalService;

beforeAll(async () => {
  server = await startVendor();
  const models = ["gpt-5-mini", "gpt-5-nano"].map((name) => ({
    id: `Org/${name}`,
    upstream_model: name,
    context_tokens: 100_000,
    max_output_tokens: 8_000,
    capabilities: ["tools", "json", "streaming"],
    price: { input_usd_per_mtok: 0, output_usd_per_mtok: 0 },
    ...(name === "gpt-5-nano" && { mmlu_pro: 0.6 }),
  }));
  const own = {
    id: "rack",
    name: "Our rack",
    base_url: `${server.url}/openai/v1`,
    key: KEY,
    models,
  };
  service = await startLocalService({ COMPATIBLE_VENDORS: JSON.stringify([own]) });
});

afterAll(async () => {
  await service.close();
  await server.close();
});

describe("a vendor of one's own", () => {
  it("is listed and answers for nothing", async ({ expect }) => {
    const client = service.client();
    const ids = (await client.models.list()).data.map(({ id }) => id);
    expect(ids).toContain("rack/Org/gpt-5-mini");
    const { data, response } = await client.chat.completions
      .create({ model: "rack/Org/gpt-5-mini", messages: [{ role: "user", content: "Hi" }] })
      .withResponse();
    expect(data.choices[0]?.message.content).not.toBe("");
    expect(response.headers.get("x-sluice-model")).toBe("rack/Org/gpt-5-mini");
    expect(response.headers.get("x-sluice-cost-usd")).toBe("0.000000");
    expect(server.requests.all()).toHaveLength(1);
    expect(service.vendor.requests.all()).toHaveLength(0);
    expect(JSON.stringify([data, [...response.headers]])).not.toContain(KEY);
  });

  it("takes part in the choice only where something says how strong it is", async ({ expect }) => {
    const answer = await fetch(`${service.url}/v1/route`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ model: "auto:cost", messages: [{ role: "user", content: "Hi" }] }),
    });
    const { excluded, models }: Routed = JSON.parse(await answer.text());
    expect(excluded).toContainEqual({ model: "rack/Org/gpt-5-mini", why: "not_placed" });
    expect(models.map(({ model }) => model)).toContain("rack/Org/gpt-5-nano");
  });

  it("does not hide a wrong name", async ({ expect }) => {
    const asked = service.client().chat.completions.create({
      model: "rack/Org/unknown",
      messages: [{ role: "user", content: "Hi" }],
    });
    await expect(asked).rejects.toThrow(NotFoundError);
  });
});

interface Routed {
  readonly excluded: readonly object[];
  readonly models: readonly { readonly model: string }[];
}
