/** Weights that a request asks for: they reach the router with who asks, and are refused by name. */
import { describe, it } from "vitest";
import { RouterError } from "../../../worker/domain/errors.ts";
import type { Asking, PromptScorer } from "../../../worker/routing/ports.ts";
import { callerWith } from "../fixture/callers.ts";
import { fakeScorer } from "../fixture/models.ts";
import { createService } from "../fixture/service.ts";

function listening(): { scorer: PromptScorer; heard: (Asking | undefined)[] } {
  const heard: (Asking | undefined)[] = [];
  const fake = fakeScorer();
  return {
    heard,
    scorer: {
      catalog: fake.catalog,
      async score(prompt, asking) {
        heard.push(asking);
        if (asking?.asked === "9.9")
          throw new RouterError("invalid_request_error", "served are 1.0@0123", {
            code: "weights_unknown",
            param: "weights",
          });
        return fake.score(prompt);
      },
    },
  };
}

async function ask(
  scorer: PromptScorer,
  path: string,
  headers: Record<string, string> = {},
): Promise<Response> {
  return createService({ scorer, caller: callerWith({ tenant: { id: "shop" } }) }).fetch(path, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({ model: "auto", messages: [{ role: "user", content: "Hi" }] }),
  });
}

describe("the router", () => {
  it.for(["/v1/route", "/v1/chat/completions"])(
    "is told who asks, by %s",
    async (path, { expect }) => {
      const { scorer, heard } = listening();
      const plain = await ask(scorer, path);
      await ask(scorer, path, { "x-sluice-weights": "1.0@0123" });
      const requestId = plain.headers.get("x-sluice-request-id");
      expect(heard).toEqual([
        { tenant: "shop", requestId, asked: undefined },
        { tenant: "shop", requestId: expect.stringMatching(/^req_/), asked: "1.0@0123" },
      ]);
    },
  );

  it("refuses weights that it does not serve", async ({ expect }) => {
    const { scorer } = listening();
    const response = await ask(scorer, "/v1/route", { "x-sluice-weights": "9.9" });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      error: { code: "weights_unknown", param: "weights", message: "served are 1.0@0123" },
    });
  });
});
