/**
 * The document and the service say the same: every route is described and every description is served, what is
 * answered validates against what was promised, and headers and knobs have their entries.
 */
import { describe, it } from "vitest";
import type { z } from "zod";
import { errorBodySchema } from "../../../worker/domain/errors.ts";
import { policySchema } from "../../../worker/domain/policy.ts";
import { anthropicErrorSchema } from "../../../worker/http/openapi/answer-schemas.ts";
import { openApiDocument } from "../../../worker/http/openapi/document.ts";
import type { Named } from "../../../worker/http/openapi/operation.ts";
import { OPERATIONS } from "../../../worker/http/openapi/operations.ts";
import { isRecord } from "../../../worker/lib/json.ts";
import { memoryLedger } from "../../contract/memory-ledger.ts";
import { callerWith } from "../fixture/callers.ts";
import { createService, dataOf } from "../fixture/service.ts";
import {
  chunk,
  finish,
  json,
  scriptedVendor,
  silent,
  streamed,
  usageChunk,
  whole,
  type Responder,
} from "../fixture/vendor.ts";

const HI = { model: "auto", messages: [{ role: "user", content: "Hi" }] };
const KEY = "k-1";
const VECTOR = json(200, { data: [{ index: 0, embedding: [0.5, 1] }] });
const AUTHORIZED = { authorization: `Bearer ${KEY}`, "content-type": "application/json" };

/** The value at a path of keys. */
function at(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce((inner, key) => (isRecord(inner) ? inner[key] : undefined), value);
}

function keysAt(...path: readonly string[]): string[] {
  const value = at(openApiDocument(), ...path);
  return isRecord(value) ? Object.keys(value) : [];
}

/** The schema of that name. */
function schemaOf(name: string): z.ZodType {
  const named: (Named | undefined)[] = OPERATIONS.flatMap(({ body, answer, event, dryAnswer }) => [
    body,
    answer,
    event,
    dryAnswer,
  ]);
  return named.find((entry) => entry?.name === name)!.schema;
}

const QUESTIONS: [string, string, RequestInit][] = [
  ["Health", "/healthz", {}],
  ["Document", "/openapi.json", {}],
  ["Budget", "/v1/budget", { headers: AUTHORIZED }],
  ["ModelList", "/v1/models", { headers: AUTHORIZED }],
  ["Model", "/v1/models/auto", { headers: AUTHORIZED }],
  ["Model", "/v1/models/openai/small", { headers: AUTHORIZED }],
  ["Route", "/v1/route", { method: "POST", headers: AUTHORIZED, body: JSON.stringify(HI) }],
  [
    "Route",
    "/v1/route",
    {
      method: "POST",
      headers: { ...AUTHORIZED, "x-sluice-quality": "0.9" },
      body: JSON.stringify({ ...HI, tools: [{ type: "function" }] }),
    },
  ],
  [
    "Response",
    "/v1/responses",
    { method: "POST", headers: AUTHORIZED, body: JSON.stringify({ model: "auto", input: "Hi" }) },
  ],
  [
    "Message",
    "/v1/messages",
    { method: "POST", headers: AUTHORIZED, body: JSON.stringify({ ...HI, max_tokens: 9 }) },
  ],
  [
    "TokenCount",
    "/v1/messages/count_tokens",
    { method: "POST", headers: AUTHORIZED, body: JSON.stringify(HI) },
  ],
  [
    "EmbeddingRoute",
    "/v1/embeddings",
    {
      method: "POST",
      headers: { ...AUTHORIZED, "x-sluice-dry-run": "true" },
      body: JSON.stringify({ model: "openai/vectors", input: "Hi" }),
    },
  ],
  [
    "ChatCompletion",
    "/v1/chat/completions",
    { method: "POST", headers: AUTHORIZED, body: JSON.stringify(HI) },
  ],
];

async function pause(): Promise<void> {}

/** Has everything that answers speak of, and a hedge pays without being watched. */
const LIMITED = callerWith({
  tenant: {
    budgets: [
      { window: "day", limit_usd: 0.000001, kind: "soft" },
      { window: "month", limit_usd: 1, kind: "soft" },
    ],
    limits: [
      { unit: "requests", limit: 10 },
      { unit: "tokens", limit: 10_000 },
    ],
  },
});

describe("GET /openapi.json", () => {
  it("is open to everybody and says what the document says", async ({ expect }) => {
    const response = await createService({ apiKey: KEY }).fetch("/openapi.json");
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(await response.json()).toEqual(JSON.parse(JSON.stringify(openApiDocument())));
  });

  it("describes every route of the app, and no other", ({ expect }) => {
    const described = OPERATIONS.map(({ method, path }) => `${method} ${path}`);
    expect(described.toSorted()).toEqual([...createService().routes].toSorted());
  });

  it("names every schema once", ({ expect }) => {
    const seen = new Map<string, z.ZodType>();
    for (const { body, answer, event, dryAnswer } of OPERATIONS)
      for (const named of [body, answer, event, dryAnswer]) {
        if (named === undefined) continue;
        expect(seen.get(named.name) ?? named.schema).toBe(named.schema);
        seen.set(named.name, named.schema);
      }
    const names = keysAt("components", "schemas");
    expect(names.toSorted()).toEqual(
      [...seen.keys(), "AnthropicError", "Error", "Knobs"].toSorted(),
    );
  });

  it.for(QUESTIONS)(
    "promises what is answered: %s at %s",
    async ([name, path, init], { expect }) => {
      const { send } = scriptedVendor(whole());
      const response = await createService({ send, apiKey: KEY }).fetch(path, init);
      expect(response.status).toBe(200);
      expect(schemaOf(name).safeParse(await response.json()).error).toBeUndefined();
    },
  );

  it("promises what is streamed, errors included", async ({ expect }) => {
    const { send } = scriptedVendor(
      streamed(chunk("a"), finish(), usageChunk(), "[DONE]"),
      streamed(chunk("a")),
    );
    const service = createService({ send });
    for (const ending of ["[DONE]", "error"]) {
      const data = await dataOf(await service.chat({ stream: true }));
      const events = data
        .filter((text) => text !== "[DONE]")
        .map((text): unknown => JSON.parse(text));
      for (const event of events)
        expect(schemaOf("ChatChunkOrError").safeParse(event).error).toBeUndefined();
      expect(data.at(-1)).toContain(ending);
    }
  });

  it.for([
    ["ResponseEvent", "/v1/responses", { model: "auto", input: "Hi", stream: true }],
    ["MessageEvent", "/v1/messages", { ...HI, max_tokens: 9, stream: true }],
  ] as const)("promises the events of %s at %s", async ([name, path, body], { expect }) => {
    const { send } = scriptedVendor(streamed(chunk("a"), finish(), usageChunk(), "[DONE]"));
    const init = { method: "POST", headers: AUTHORIZED, body: JSON.stringify(body) };
    const text = await (await createService({ send, apiKey: KEY }).fetch(path, init)).text();
    const events = [...text.matchAll(/^data: (.*)$/gm)].map(([, data]): unknown =>
      JSON.parse(data!),
    );
    expect(events.length).toBeGreaterThan(4);
    for (const event of events) expect(schemaOf(name).safeParse(event).error).toBeUndefined();
  });

  it("promises vectors as they come", async ({ expect }) => {
    const { send } = scriptedVendor(VECTOR);
    const body = JSON.stringify({ model: "openai/vectors", input: "Hi" });
    const init = { method: "POST", headers: AUTHORIZED, body };
    const list = await createService({ send, apiKey: KEY }).fetch("/v1/embeddings", init);
    expect(schemaOf("EmbeddingList").safeParse(await list.json()).error).toBeUndefined();
  });

  it("promises errors in the format of their route", async ({ expect }) => {
    const response = await createService().fetch("/v1/messages", { method: "POST" });
    expect(response.status).toBe(415);
    expect(anthropicErrorSchema.safeParse(await response.json()).error).toBeUndefined();
  });

  it("promises the errors that come", async ({ expect }) => {
    const { send } = scriptedVendor(whole());
    const service = createService({ send, apiKey: KEY });
    const chat = { method: "POST", headers: AUTHORIZED, body: JSON.stringify(HI) };
    const answers = [
      [401, await service.fetch("/v1/chat/completions", { method: "POST" })],
      [400, await service.fetch("/v1/chat/completions", { ...chat, body: "{" })],
      [413, await service.fetch("/v1/chat/completions", { ...chat, body: " ".repeat(20_000) })],
      [
        415,
        await service.fetch("/v1/chat/completions", {
          ...chat,
          headers: { authorization: `Bearer ${KEY}` },
        }),
      ],
      [
        404,
        await service.fetch("/v1/chat/completions", {
          ...chat,
          body: JSON.stringify({ ...HI, model: "x/y" }),
        }),
      ],
    ] as const;
    const promised = keysAt("paths", "/v1/chat/completions", "post", "responses");
    for (const [status, response] of answers) {
      expect(response.status).toBe(status);
      expect(promised).toContain(String(status));
      expect(errorBodySchema.safeParse(await response.json()).error).toBeUndefined();
    }
  });

  it.for<[path: string, body: Record<string, unknown>, responders: readonly Responder[]]>([
    ["/v1/chat/completions", { ...HI, sluice: { hedge: 1 } }, [silent(), whole()]],
    ["/v1/messages", { ...HI, max_tokens: 9, sluice: { hedge: 1 } }, [silent(), whole()]],
    ["/v1/responses", { model: "auto", input: "Hi", sluice: { hedge: 1 } }, [silent(), whole()]],
    ["/v1/embeddings", { model: "openai/vectors", input: "Hi" }, [VECTOR]],
  ])(
    "names every header of an answer of %s, and none that is not sent",
    async ([path, body, responders], { expect }) => {
      const { send } = scriptedVendor(...responders);
      const service = createService({ send, pause, caller: LIMITED, ledger: memoryLedger() });
      const init = { method: "POST", headers: AUTHORIZED, body: JSON.stringify(body) };
      const { headers, status } = await service.fetch(path, init);
      expect(status).toBe(200);
      const sent = [...headers.keys()].filter((name) => name !== "content-type");
      // What hard and paced budgets add is in budgets.test.ts, what a kept answer adds in cache.test.ts.
      const added = ["age", "x-sluice-stopped", "x-sluice-budget-lambda"];
      const promised = keysAt("paths", path, "post", "responses", "200", "headers").filter(
        (name) => !added.includes(name),
      );
      expect(promised.toSorted()).toEqual(sent.toSorted());
    },
  );

  it("names what feedback says of limits, also where one is reached", async ({ expect }) => {
    const service = createService({
      caller: callerWith({ key: { limits: [{ unit: "requests", limit: 1 }] } }),
      ledger: memoryLedger(),
      feedback: { keep: async () => "kept", list: async () => [], erase: pause },
      requestIds: { seal: async (id) => id, isOf: async () => true },
    });
    const body = JSON.stringify({ request_id: "req_1", score: 1 });
    const init = { method: "POST", headers: AUTHORIZED, body };
    for (const status of [200, 429]) {
      const answer = await service.fetch("/v1/feedback", init);
      const path = ["paths", "/v1/feedback", "post", "responses", String(status), "headers"];
      const promised = keysAt(...path);
      const sent = [...answer.headers.keys()].filter(
        (name) => !["content-type", "server-timing"].includes(name),
      );
      expect(answer.status).toBe(status);
      expect(sent).toContain("x-ratelimit-remaining-requests");
      expect(promised).toEqual(expect.arrayContaining(sent));
    }
  });

  it("offers every knob as a header and in the body", ({ expect }) => {
    const knobs = Object.keys(policySchema.shape);
    expect(keysAt("components", "schemas", "Knobs", "properties")).toEqual(knobs);
    const parameters = at(openApiDocument(), "paths", "/v1/route", "post", "parameters");
    expect(parameters).toEqual(
      knobs.map((knob): unknown =>
        expect.objectContaining({ name: `x-sluice-${knob.replaceAll("_", "-")}`, in: "header" }),
      ),
    );
    expect(JSON.stringify(at(openApiDocument(), "components", "schemas", "Knobs"))).not.toContain(
      '"required"',
    );
  });
});
