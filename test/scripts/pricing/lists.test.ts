/** Both public formats as they are read: units, names, and what is passed over. */
import { describe, it } from "vitest";
import { readLiteLlm } from "../../../scripts/pricing/litellm.ts";
import { readModelsDev } from "../../../scripts/pricing/models-dev.ts";
import { namesOf } from "../../../scripts/pricing/quote.ts";
import liteLlm from "../../fixtures/prices/litellm.json" with { type: "json" };
import modelsDev from "../../fixtures/prices/models-dev.json" with { type: "json" };

describe("readLiteLlm", () => {
  it("gives chat models' prices per million tokens, without the vendor in the name", ({
    expect,
  }) => {
    const list = readLiteLlm(liteLlm)!;
    expect(list.quotes).toEqual([
      {
        vendor: "acme",
        model: "acme-large",
        numbers: {
          inputUsdPerMTok: 0.3,
          outputUsdPerMTok: 2.5,
          cachedInputUsdPerMTok: 0.03,
          cacheWriteUsdPerMTok: 0.375,
          contextTokens: 100_000,
          maxOutputTokens: 8_192,
        },
        capabilities: new Map([
          ["tools", true],
          ["vision", false],
          ["audio_output", false],
          ["files", true],
          ["json", true],
        ]),
      },
      expect.objectContaining({ vendor: "together_ai", model: "bolt/Bolt-7B" }),
    ]);
    expect(list.trusted.has("contextTokens")).toBe(false);
    expect(namesOf({ id: "together/x", upstreamModel: "a/X" }, list)).toEqual({
      vendor: "together_ai",
      model: "a/X",
    });
  });

  it("knows what is none of its own", ({ expect }) => {
    expect(readLiteLlm(modelsDev)).toBeUndefined();
    expect(readLiteLlm({})).toBeUndefined();
  });
});

describe("readModelsDev", () => {
  it("gives every vendor's models, but for those that cannot be read", ({ expect }) => {
    const list = readModelsDev(modelsDev)!;
    expect(list.quotes).toEqual([
      {
        vendor: "acme",
        model: "acme-large",
        numbers: {
          inputUsdPerMTok: 0.3,
          outputUsdPerMTok: 2.5,
          cachedInputUsdPerMTok: 0.03,
          cacheWriteUsdPerMTok: 0.375,
          contextTokens: 128_000,
          maxOutputTokens: 8_192,
        },
        capabilities: new Map([
          ["tools", true],
          ["parallel_tools", true],
          ["vision", true],
          ["audio", false],
          ["files", true],
          ["json", false],
          ["reasoning", true],
        ]),
      },
      expect.objectContaining({ vendor: "togetherai", model: "bolt/Bolt-7B" }),
    ]);
    expect(namesOf({ id: "acme/acme-large" }, list)).toEqual({
      vendor: "acme",
      model: "acme-large",
    });
  });

  it("knows what is none of its own", ({ expect }) => {
    expect(readModelsDev(liteLlm)).toBeUndefined();
  });
});
