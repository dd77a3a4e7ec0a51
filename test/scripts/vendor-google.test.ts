/** The simulated vendor in Gemini's own format: answers, streams, refusals and faults as Google sends them. */
import { afterAll, beforeAll, describe, it } from "vitest";
import { startVendor, type Vendor } from "../../scripts/vendor.ts";

let vendor: Vendor;
beforeAll(async () => {
  vendor = await startVendor();
});
afterAll(() => vendor.close());

const BODY = {
  contents: [{ role: "user", parts: [{ text: "What is the capital of Portugal?" }] }],
};

function ask(method: string, body: object = BODY): Promise<Response> {
  return fetch(`${vendor.url}/google/v1/models/gemini-3.1-flash-lite:${method}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}

describe("Gemini's format at the simulated vendor", () => {
  it("answers whole and streamed with the same text and usage", async ({ expect }) => {
    const whole: Answer = JSON.parse(await (await ask("generateContent")).text());
    const text = await (await ask("streamGenerateContent?alt=sse")).text();
    const events = text
      .split("\n\n")
      .filter((block) => block !== "")
      .map((block): Answer => JSON.parse(block.replace(/^data: /, "")));
    expect(events.map(textOf).join("")).toBe(textOf(whole));
    expect(events.length).toBeGreaterThan(2);
    expect(events.at(-1)!.candidates[0]!.finishReason).toBe("STOP");
    expect(events.at(-1)!.usageMetadata).toEqual(whole.usageMetadata);
    expect(text).not.toContain("[DONE]");
  });

  it("calls a function that it is made to call", async ({ expect }) => {
    const functionDeclarations = [
      { name: "look_up", parametersJsonSchema: { type: "object", properties: {} } },
    ];
    const toolConfig = { functionCallingConfig: { mode: "ANY" } };
    const answer = await ask("generateContent", {
      ...BODY,
      tools: [{ functionDeclarations }],
      toolConfig,
    });
    const { candidates }: Answer = JSON.parse(await answer.text());
    expect(candidates[0]!.content.parts[0]).toMatchObject({ functionCall: { name: "look_up" } });
  });

  it("refuses a name that Google does not know", async ({ expect }) => {
    const answer = await ask("generateContent", { ...BODY, max_tokens: 5 });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ error: { code: 400, status: "INVALID_ARGUMENT" } });
  });

  it("fails in Google's words", async ({ expect }) => {
    const contents = [{ role: "user", parts: [{ text: "[sim:429] Hello" }] }];
    const answer = await ask("generateContent", { contents });
    expect(answer.status).toBe(429);
    expect(await answer.json()).toMatchObject({ error: { status: "RESOURCE_EXHAUSTED" } });
  });
});

interface Answer {
  readonly candidates: readonly {
    readonly content: { readonly parts: readonly { readonly text?: string }[] };
    readonly finishReason?: string;
  }[];
  readonly usageMetadata: object;
}

function textOf({ candidates }: Answer): string {
  return candidates[0]!.content.parts.map(({ text = "" }) => text).join("");
}
