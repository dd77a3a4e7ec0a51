/**
 * What a caller's key and tenant change about a request: which routes are open, which models may be named, what is
 * assumed where the request says nothing.
 */
import { describe, it } from "vitest";
import { SCOPES, type Caller, type Scope } from "../../../worker/domain/tenant.ts";
import { KEY_BYTES, mintKey } from "../../../worker/tenants/keys.ts";
import { callerWith } from "../fixture/callers.ts";
import { createService, errorOf } from "../fixture/service.ts";

const PROMPT = { messages: [{ role: "user", content: "Hi" }] };

interface Case {
  readonly path: string;
  readonly body?: Record<string, unknown>;
  /** Any of them will do. */
  readonly scopes: readonly Scope[];
}

const CASES: readonly Case[] = [
  { path: "/v1/chat/completions", body: { model: "auto", ...PROMPT }, scopes: ["inference"] },
  {
    path: "/v1/messages",
    body: { model: "auto", max_tokens: 9, ...PROMPT },
    scopes: ["inference"],
  },
  { path: "/v1/responses", body: { model: "auto", input: "Hi" }, scopes: ["inference"] },
  { path: "/v1/embeddings", body: { model: "openai/vectors", input: "Hi" }, scopes: ["inference"] },
  {
    path: "/v1/messages/count_tokens",
    body: { model: "auto", ...PROMPT },
    scopes: ["inference", "route"],
  },
  { path: "/v1/route", body: { model: "auto", ...PROMPT }, scopes: ["route"] },
  {
    path: "/v1/chat/completions",
    body: { model: "auto", ...PROMPT, sluice: { dry_run: true } },
    scopes: ["route"],
  },
  {
    path: "/v1/messages",
    body: { model: "auto", max_tokens: 9, ...PROMPT, sluice: { dry_run: true } },
    scopes: ["route"],
  },
  {
    path: "/v1/responses",
    body: { model: "auto", input: "Hi", sluice: { dry_run: true } },
    scopes: ["route"],
  },
  {
    path: "/v1/embeddings",
    body: { model: "openai/vectors", input: "Hi", sluice: { dry_run: true } },
    scopes: ["route"],
  },
  { path: "/v1/models", scopes: ["models"] },
  { path: "/v1/models/openai/small", scopes: ["models"] },
];

function ask(caller: Caller, { path, body }: Pick<Case, "path" | "body">) {
  const init = {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  };
  return createService({ caller }).fetch(path, body && init);
}

describe("a key's scopes", () => {
  it.for(CASES)("open $path for $scopes, and nothing else does", async (request, { expect }) => {
    for (const scope of SCOPES) {
      const response = await ask(callerWith({ key: { scopes: [scope] } }), request);
      if (request.scopes.includes(scope)) {
        expect(response.status, scope).not.toBe(403);
        continue;
      }
      expect(response.status, scope).toBe(403);
      const { error } = await response.json<{ error: { message: string } }>();
      expect(error.message).toMatch(new RegExp(`^The key key_k lacks .*; it has ${scope}\\.`));
    }
  });

  it("are told apart in OpenAI's words", async ({ expect }) => {
    const caller = callerWith({ key: { scopes: ["models", "budget"] } });
    const response = await ask(caller, CASES[0]!);
    expect(await errorOf(response)).toMatchObject({
      status: 403,
      type: "permission_error",
      code: "missing_scope",
    });
  });
});

describe("the models that a caller may use", () => {
  const caller = callerWith({
    key: { allow_models: ["openai/small", "mistral/medium", "mistral/plain"] },
    tenant: { allow_models: ["openai/small", "groq/tiny", "mistral/plain", "gone/model"] },
  });

  it("are all that is listed", async ({ expect }) => {
    const list = await ask(caller, { path: "/v1/models" });
    const { data } = await list.json<{ data: { id: string }[] }>();
    const ids = data.map(({ id }) => id).filter((id) => !id.startsWith("auto"));
    expect(ids).toEqual(["openai/small", "mistral/plain"]);
    expect((await ask(caller, { path: "/v1/models/openai/small" })).status).toBe(200);
    expect((await ask(caller, { path: "/v1/models/openai/large" })).status).toBe(404);
    expect((await ask(caller, { path: "/v1/models/openai/vectors" })).status).toBe(404);
  });

  it("are all that is chosen from", async ({ expect }) => {
    const body = { model: "auto:quality", ...PROMPT };
    const response = await ask(caller, { path: "/v1/route", body });
    const { model, excluded } = await response.json<Record<string, unknown>>();
    expect(model).toBe("openai/small");
    expect(excluded).toContainEqual({ model: "openai/large", why: "not_allowed" });
  });

  it("are narrowed by a request's own list, and widened by none", async ({ expect }) => {
    const allow = ["openai/small", "openai/large"];
    const body = { model: "auto:quality", ...PROMPT, sluice: { allow_models: allow } };
    const response = await ask(caller, { path: "/v1/route", body });
    expect(await response.json()).toMatchObject({ model: "openai/small" });
  });

  it.for<[string, Record<string, unknown>, string]>([
    ["/v1/chat/completions", { model: "openai/large", ...PROMPT }, "openai/large"],
    ["/v1/route", { model: "large", ...PROMPT }, "openai/large"],
    ["/v1/embeddings", { model: "openai/vectors", input: "Hi" }, "openai/vectors"],
    [
      "/v1/chat/completions",
      { model: "auto", ...PROMPT, sluice: { allow_models: ["openai/large"] } },
      "allow_models",
    ],
  ])("refuse others: %s %j", async ([path, body, named], { expect }) => {
    const error = await errorOf(await ask(caller, { path, body }));
    expect(error).toMatchObject({
      status: 403,
      type: "permission_error",
      code: "model_not_allowed",
    });
    expect(error.message).toContain(named);
    expect(error.message).toContain("GET /v1/models");
  });

  it("may be none, which a request that leaves the choice open is told too", async ({ expect }) => {
    const none = callerWith({
      key: { allow_models: ["openai/small"] },
      tenant: { allow_models: ["groq/tiny"] },
    });
    const body = { model: "auto", ...PROMPT };
    expect(await errorOf(await ask(none, { path: "/v1/route", body }))).toMatchObject({
      code: "model_not_allowed",
    });
    expect(await (await ask(none, { path: "/v1/models" })).json()).toMatchObject({
      data: [{ id: "auto" }, {}, {}, {}, {}],
    });
  });

  it("still has a model of another vendor serve a bare name", async ({ expect }) => {
    const mistral = callerWith({ key: { allow_models: ["mistral/vectors-by-mistral"] } });
    const body = { model: "vectors", input: "Hi", sluice: { dry_run: true } };
    const response = await ask(mistral, { path: "/v1/embeddings", body });
    expect(await response.json()).toMatchObject({ model: "mistral/vectors-by-mistral" });
  });
});

/** The model that would answer. */
async function chosen(caller: Caller, fields: Record<string, unknown>, headers = {}) {
  const response = await createService({ caller }).fetch("/v1/route", {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({ model: "auto", ...PROMPT, ...fields }),
  });
  const { model } = await response.json<{ model?: string }>();
  return model;
}

describe("what a key and its tenant assume", () => {
  it("gives way to the model's name, the body and the header, in this order", async ({
    expect,
  }) => {
    const [cheap, good] = ["openai/small", "openai/large"];
    const tenant = { policy: { preset: "quality" } } as const;
    const caller = callerWith({ key: { policy: { preset: "cost" } }, tenant });
    expect(await chosen(callerWith({ tenant }), {})).toBe(good);
    expect(await chosen(caller, {})).toBe(cheap);
    expect(await chosen(caller, { model: "auto:quality" })).toBe(good);
    const body = { model: "auto:quality", sluice: { preset: "cost" } };
    expect(await chosen(caller, body)).toBe(cheap);
    expect(await chosen(caller, body, { "x-sluice-preset": "quality" })).toBe(good);
  });

  it("keeps its ceiling on the cost of a call, whatever the request allows", async ({ expect }) => {
    const caller = callerWith({ key: { policy: { max_cost_usd: 0.003 } } });
    const dear = { model: "auto:quality" };
    expect(await chosen(callerWith(), dear)).toBe("openai/large");
    expect(await chosen(caller, dear)).not.toBe("openai/large");
    const raised = { ...dear, sluice: { max_cost_usd: 1 } };
    expect(await chosen(caller, raised)).toBe(await chosen(caller, dear));
    const lowered = { ...dear, sluice: { max_cost_usd: 0.0005 } };
    expect(await chosen(caller, lowered)).toBe("groq/tiny");
  });

  it("has no say about how long embeddings take, which is not predicted", async ({ expect }) => {
    const caller = callerWith({ key: { policy: { max_latency_ms: 1, hedge: "auto" } } });
    const body = { model: "openai/vectors", input: "Hi", sluice: { dry_run: true } };
    expect((await ask(caller, { path: "/v1/embeddings", body })).status).toBe(200);
  });
});

describe("a secret", () => {
  it("is in no answer and in no line of the log, wherever it was sent", async ({ expect }) => {
    const { key } = mintKey(crypto.getRandomValues(new Uint8Array(KEY_BYTES)));
    const apiKey = "the-deployments-own-key";
    const adminKey = "the-operators-own-key";
    const known = { standing: async () => undefined, hasTenants: async () => true };
    const service = createService({
      apiKey,
      adminKey,
      tenants: {
        known,
        checkKey: () => Promise.reject(new Error("unreachable")),
      },
    });
    const seen: string[] = [];
    for (const secret of [key, apiKey, adminKey])
      for (const path of ["/v1/models", "/v1/route", "/admin/tenants", "/nowhere"])
        for (const headers of [{ authorization: `Bearer ${secret}` }, { "x-api-key": secret }]) {
          const response = await service.fetch(path, { headers });
          seen.push(JSON.stringify([...response.headers]), await response.text());
        }
    seen.push(JSON.stringify(service.log));
    expect(seen.join("\n")).toContain("tenants_unreachable");
    for (const secret of [key.slice(-32), apiKey, adminKey])
      expect(seen.join("\n")).not.toContain(secret);
  });
});
