/** What shares a key and what does not, by laws over any request and by the cases that matter. */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import { cacheKeyOf, type Asked } from "../../../worker/cache/cache-key.ts";
import { chatRequestSchema } from "../../../worker/domain/chat.ts";
import { policySchema } from "../../../worker/domain/policy.ts";

const ASKED: Asked = {
  namespace: "shop",
  model: "auto",
  request: {
    model: "auto",
    messages: [
      { role: "system", content: "Be brief." },
      { role: "user", content: "How far is the moon?" },
    ],
    temperature: 0.2,
  },
  policy: policySchema.parse({}),
};

function withFields(fields: Record<string, unknown>): Asked {
  return { ...ASKED, request: chatRequestSchema.parse({ ...ASKED.request, ...fields }) };
}

function withPolicy(policy: Record<string, unknown>): Asked {
  return { ...ASKED, policy: policySchema.parse(policy) };
}

/** The same value with the names of every object turned round. */
function turned(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(turned);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([name, inner]) => [name, turned(inner)]),
  );
}

describe("a cache key", () => {
  it("is 64 hexadecimal digits", async ({ expect }) => {
    expect(await cacheKeyOf(ASKED)).toMatch(/^[0-9a-f]{64}$/u);
  });

  it("is one for any order of names, and another for another value", async ({ expect }) => {
    const values = fc.jsonValue({ maxDepth: 4 });
    await fc.assert(
      fc.asyncProperty(values, values, async (a, b) => {
        const key = await cacheKeyOf(withFields({ extra: a }));
        expect(await cacheKeyOf(withFields({ extra: turned(a) }))).toBe(key);
        const other = await cacheKeyOf(withFields({ extra: b }));
        const isSame = JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
        expect(other === key).toBe(isSame);
      }),
    );
  });

  it.for([
    ["streaming", { stream: true, stream_options: { include_usage: true } }],
    ["who asks", { user: "u1", safety_identifier: "s", metadata: { job: "nightly" } }],
    ["a field that is null", { max_tokens: null, seed: null }],
    ["knobs in the body", { sluice: { preset: "cost" } }],
    ["the name that the client gave the model", { model: "auto:cost" }],
  ] as const)("is the same whatever is said of %s", async ([, fields], { expect }) => {
    expect(await cacheKeyOf(withFields(fields))).toBe(await cacheKeyOf(ASKED));
  });

  it.for([
    ["the prompt", withFields({ messages: [{ role: "user", content: "How far is Mars?" }] })],
    [
      "a blank in it",
      withFields({
        messages: [ASKED.request.messages[0], { role: "user", content: "How far is the  moon?" }],
      }),
    ],
    ["who says it", withFields({ messages: ASKED.request.messages.toReversed() })],
    ["sampling", withFields({ temperature: 0.3 })],
    ["tools", withFields({ tools: [{ type: "function", function: { name: "f" } }] })],
    ["the format", withFields({ response_format: { type: "json_object" } })],
    ["the answer's length", withFields({ max_completion_tokens: 9 })],
    ["how many answers", withFields({ n: 2 })],
    ["a field that nobody knows", withFields({ thinking_style: "slow" })],
    ["the tenant", { ...ASKED, namespace: "other" }],
    ["the model", { ...ASKED, model: "openai/gpt-4o" }],
    ["the preset", withPolicy({ preset: "cost" })],
    ["the quality floor", withPolicy({ quality: 0.9 })],
    ["what it may cost", withPolicy({ max_cost_usd: 0.01 })],
    ["how long it may take", withPolicy({ max_latency_ms: 500 })],
    ["the weights asked for", withPolicy({ weights: "1.2.0" })],
    ["the models allowed", withPolicy({ allow_models: ["a/b"] })],
  ] as const)("is another for another %s", async ([, asked], { expect }) => {
    expect(await cacheKeyOf(asked)).not.toBe(await cacheKeyOf(ASKED));
  });

  it("is the same for models allowed in another order, and with a hedge", async ({ expect }) => {
    const models = { allow_models: ["a/b", "c/d"] };
    const key = await cacheKeyOf(withPolicy(models));
    expect(await cacheKeyOf(withPolicy({ allow_models: ["c/d", "a/b"] }))).toBe(key);
    expect(await cacheKeyOf(withPolicy({ ...models, hedge: "auto" }))).toBe(key);
  });

  it("does not mistake one part for another", async ({ expect }) => {
    const [a, b] = [
      { ...ASKED, namespace: 'x","auto' },
      { ...ASKED, namespace: "x", model: 'auto","auto' },
    ];
    expect(await cacheKeyOf(a)).not.toBe(await cacheKeyOf(b));
    const own = JSON.parse('{"__proto__":{"a":1}}') as unknown;
    expect(await cacheKeyOf(withFields({ extra: own }))).not.toBe(
      await cacheKeyOf(withFields({ extra: {} })),
    );
  });

  it("is none for what nests too deeply", async ({ expect }) => {
    let deep: unknown = 0;
    for (let level = 0; level < 200_000; level++) deep = [deep];
    expect(await cacheKeyOf({ ...ASKED, request: { ...ASKED.request, deep } })).toBeUndefined();
  });
});

/** By name, at every level. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([name, inner]): [string, unknown] => [
    name,
    sorted(inner),
  ]);
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
