/** What `/v1/route` and the answers' headers say of a quality floor, with and without a certificate. */
import { describe, it } from "vitest";
import { fakeScorer, MODELS } from "../fixture/models.ts";
import { createService } from "../fixture/service.ts";

const PRICES = Object.fromEntries(
  MODELS.map(({ id, price: { inputUsdPerMTok, outputUsdPerMTok } }) => [
    id,
    { inputUsdPerMTok, outputUsdPerMTok },
  ]),
);

/** A release certified at 0.9 for the service's four models, of which openai/large is the reference. */
function certifiedScorer(margin: number) {
  const plain = fakeScorer();
  const set = { name: "own", sha256: "0".repeat(64), rows: 800 };
  const certificate = {
    data: [{ ...set, reference: "openai/large", models: PRICES }],
    floors: [{ floor: 0.9, confidence: 0.95, margin, rows: 600 }],
  };
  return {
    catalog: plain.catalog,
    score: async (...input: Parameters<typeof plain.score>) => ({
      ...(await plain.score(...input)),
      certificate,
    }),
  };
}

async function routed(
  service: ReturnType<typeof createService>,
  quality: string,
  fields: Record<string, unknown> = {},
): Promise<{ body: Record<string, unknown>; reason: string | null }> {
  const response = await service.fetch("/v1/route", {
    method: "POST",
    headers: { "content-type": "application/json", "x-sluice-quality": quality },
    body: JSON.stringify({ model: "auto", messages: [{ role: "user", content: "Hi" }], ...fields }),
  });
  return { body: await response.json(), reason: response.headers.get("x-sluice-decision") };
}

describe("a quality floor on the wire", () => {
  it("is certified where the release's certificate is of the models in service", async ({
    expect,
  }) => {
    const { body, reason } = await routed(createService({ scorer: certifiedScorer(-0.2) }), "0.9");
    expect(reason).toBe("certified_floor");
    expect(body).toMatchObject({
      model: "openai/small",
      reason: "certified_floor",
      floor: 0.95 - 0.2,
    });
    expect(body["certificate"]).toEqual({
      certified: true,
      floor: 0.9,
      confidence: 0.95,
      n: 600,
      margin: -0.2,
    });
  });

  it("is a prediction, and says why, where models are missing or the floor is stricter", async ({
    expect,
  }) => {
    const service = createService({ scorer: certifiedScorer(-0.2) });
    const fewer = await routed(service, "0.9", { tools: [{ type: "function" }] });
    expect(fewer.reason).toBe("cheapest_above_floor");
    expect(fewer.body["certificate"]).toEqual({
      certified: false,
      why_not: "other_models",
      floor: 0.9,
      confidence: 0.95,
      n: 600,
      margin: -0.2,
    });
    const stricter = await routed(service, "0.91");
    expect(stricter.reason).toBe("cheapest_above_floor");
    expect(stricter.body["certificate"]).toEqual({ certified: false, why_not: "no_certificate" });
    const plain = await routed(createService(), "0.9");
    expect(plain.body["certificate"]).toEqual({ certified: false, why_not: "no_certificate" });
  });

  it("is not spoken of where none was asked", async ({ expect }) => {
    const service = createService({ scorer: certifiedScorer(-0.2) });
    const response = await service.fetch("/v1/route", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ model: "auto", messages: [{ role: "user", content: "Hi" }] }),
    });
    expect(await response.json()).not.toHaveProperty("certificate");
  });
});
