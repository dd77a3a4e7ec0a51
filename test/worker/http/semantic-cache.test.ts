/**
 * Prompts in other words, through the whole service and the platform's own objects: nothing is given before it is
 * proven, nothing that a guard or another frame forbids, and nothing any more when answers have changed.
 *
 * The head is one whose likeness the test can see: texts with the same letters in their longer words are one to it.
 */
import { env, evictDurableObject } from "cloudflare:test";
import { describe, it } from "vitest";
import { neighboursAt } from "../../../worker/cache/neighbours/sharded-neighbours.ts";
import { LikenessSearch, type Embedder } from "../../../worker/cache/semantic/likeness.ts";
import { normalFrom, randomFrom } from "../../../worker/lib/prng.ts";
import PAIRS from "../../fixtures/cache-adversarial.json";
import { cachedService, type CacheSetup } from "../fixture/cached-service.ts";
import { json, whole, type Responder } from "../fixture/vendor.ts";

const SEMANTIC = { "x-sluice-cache": "semantic" };
const ASKED = "How do I open the gate?";
const REWORDED = "How can I open the gate?";
/** Right audits without a wrong one, at the least, before anything is served. */
const LEAST_AUDITS = 440;

/** A head by what it makes of a text: any numbers. */
function headBy(id: string, numbersOf: (text: string) => Float64Array): Embedder {
  return {
    id,
    reads: () => true,
    async embed(text) {
      const numbers = numbersOf(text);
      const length = Math.hypot(...numbers) || 1;
      return Int8Array.from(numbers, (x) => Math.round((127 * x) / length));
    },
  };
}

const LETTERS = headBy("letters-of-longer-words", (text) => {
  const counts = new Float64Array(32);
  for (const word of text.toLowerCase().match(/[a-z]{4,}/g) ?? [])
    for (const letter of word) counts[letter.charCodeAt(0) - 97]!++;
  return counts;
});

function likenessBy(embedder: Embedder, neighboursOf = prompts()): LikenessSearch {
  return new LikenessSearch({ embedder, neighboursOf, clock: { nowMs: () => 0 } });
}

function prompts() {
  return neighboursAt((name) => env.NEIGHBOURS.getByName(name));
}

function deployment(responders: readonly Responder[], setup: CacheSetup = {}) {
  const made = cachedService(responders, { likeness: likenessBy(LETTERS), ...setup });
  function object() {
    return env.CACHE.getByName(made.id);
  }
  async function say(
    content: string,
    fields: Record<string, unknown> = {},
    headers: Record<string, string> = SEMANTIC,
  ) {
    const answer = await made.ask({ messages: [{ role: "user", content }], ...fields }, headers);
    // What an isolate knows of its namespace is older than what this has changed.
    made.time.advance(10_000);
    return answer;
  }
  /** As if so many neighbours of the closest sort had been held against a vendor's answers. */
  async function learn(audits: number, isRight = true): Promise<void> {
    const { trust } = await object().namespace();
    const generation = trust === null ? 0 : Number(JSON.parse(trust).generation);
    for (let n = 0; n < audits; n++)
      await object().audit(
        { similarity: 1, wasServed: false, auditShare: 1, generation, isRight },
        { budget: 0.01 },
      );
    made.time.advance(10_000);
  }
  async function state() {
    const { likeness: known, total } = await made.keeper.standing(made.id);
    return { ...known, ...total };
  }
  return { ...made, say, learn, state, object };
}

function says(content: string): Responder {
  const message = { role: "assistant", content };
  return whole({ choices: [{ index: 0, message, finish_reason: "stop" }] });
}

describe("a prompt in other words", () => {
  it("is answered by a vendor until enough is known, and teaches", async ({ expect }) => {
    const { say, state } = deployment([says("Turn the paddle."), says("Turn the paddle.")]);
    expect((await say(ASKED)).cache).toBe("miss");
    expect((await say(REWORDED)).cache).toBe("miss");
    expect(await state()).toMatchObject({ state: "learning", audits: 1, wrong: 0 });
  });

  it("is given its neighbour's answer once that is proven", async ({ expect }) => {
    const { say, learn, vendor, state } = deployment([says("Turn the paddle.")], {
      random: () => 1,
    });
    const first = await say(ASKED);
    await learn(LEAST_AUDITS - 1);
    expect((await state()).state).toBe("learning");
    await learn(40);
    const again = await say(REWORDED);
    expect(again.cache).toBe("semantic");
    expect(again.text).toBe(first.text);
    expect(again.response.headers.get("age")).toBe("30");
    expect(again.response.headers.get("x-sluice-cost-usd")).toBe("0.000000");
    expect(vendor.requests).toHaveLength(1);
    expect(await state()).toMatchObject({ state: "on", hits: 1, semantic: 1, misses: 1 });
  });

  it("is never given anything in exact mode", async ({ expect }) => {
    const { say, learn } = deployment([says("Turn the paddle.")]);
    await say(ASKED);
    await learn(LEAST_AUDITS + 40);
    expect((await say(REWORDED, {}, { "x-sluice-cache": "exact" })).cache).toBe("miss");
  });

  it("is given its own answer rather, wherever that lies", async ({ expect }) => {
    const near = new Map<string, Uint8Array>();
    const shelf = {
      get: async (name: string) => near.get(name),
      put: async (name: string, bytes: Uint8Array) => void near.set(name, bytes),
    };
    const { say, learn, object } = deployment([says("Turn the paddle."), says("Turn it.")], {
      near: shelf,
    });
    await say(ASKED);
    const own = await say(REWORDED);
    await learn(LEAST_AUDITS + 40);
    near.clear();
    await evictDurableObject(object());
    const again = await say(REWORDED);
    expect([again.cache, again.text]).toEqual(["hit", own.text]);
  });

  it("has no neighbour in another frame, nor at another tenant", async ({ expect }) => {
    const { say, learn } = deployment([says("Turn the paddle.")]);
    await say(ASKED);
    await learn(LEAST_AUDITS + 40);
    const system = { role: "system", content: "Be brief." };
    const user = { role: "user", content: REWORDED };
    for (const fields of [
      { messages: [system, user] },
      { temperature: 0.3 },
      { model: "openai/small" },
      { response_format: { type: "json_object" } },
      { tools: [{ type: "function", function: { name: "f" } }] },
      { messages: [{ role: "user", content: "Hi" }, { role: "assistant", content: "Yes?" }, user] },
    ])
      expect([fields, (await say(REWORDED, fields)).cache]).toEqual([fields, "miss"]);
    const other = deployment([says("Mine.")]);
    await other.learn(LEAST_AUDITS + 40);
    expect((await other.say(REWORDED)).cache).toBe("miss");
  });

  it("finds nothing purged, and nothing of a tenant that was removed", async ({ expect }) => {
    const { id, say, learn, keeper, time } = deployment([says("Turn the paddle.")]);
    await say(ASKED, {}, { ...SEMANTIC, "x-sluice-cache-tags": "gates" });
    await learn(LEAST_AUDITS + 40);
    await keeper.purge(id, ["gates"]);
    time.advance(10_000);
    expect((await say(REWORDED)).cache).toBe("miss");
    await keeper.erase(id);
    time.advance(10_000);
    expect((await say(ASKED)).cache).toBe("miss");
  });

  it("is answered by a vendor where the index is silent or the head fails", async ({ expect }) => {
    const silent = neighboursAt(() => {
      throw new Error("gone");
    });
    const likeness = likenessBy(LETTERS, silent);
    const { say } = deployment([says("Turn the paddle.")], { likeness });
    expect((await say(ASKED)).cache).toBe("miss");
    expect((await say(ASKED)).cache).toBe("hit");
    const failing = { ...LETTERS, embed: () => Promise.reject(new Error("no head")) };
    const broken = likenessBy(failing);
    const other = deployment([says("Turn the paddle.")], { likeness: broken });
    expect((await other.say(ASKED)).cache).toBe("miss");
    expect(other.failures).toEqual(["neighbours: Error: no head"]);
  });

  it("is found still after the objects were evicted", async ({ expect }) => {
    const { say, learn, object } = deployment([says("Turn the paddle.")], { random: () => 1 });
    await say(ASKED);
    await learn(LEAST_AUDITS + 40);
    await evictDurableObject(object());
    expect((await say(REWORDED)).cache).toBe("semantic");
  });
});

describe("a near hit that may not be given", () => {
  const REWRITE = { ...SEMANTIC, "x-sluice-cache-rewrite": "true" };

  it("is adapted by a cheap model where that is wanted, priced and marked", async ({ expect }) => {
    const { say, vendor, state } = deployment([says("Turn the paddle."), says("Turn it.")]);
    await say(ASKED, {}, REWRITE);
    const { cache, text, response } = await say(REWORDED, {}, REWRITE);
    expect([cache, JSON.parse(text).choices[0].message.content]).toEqual(["rewrite", "Turn it."]);
    expect(Number(response.headers.get("x-sluice-cost-usd"))).toBeGreaterThan(0);
    const told = JSON.stringify(vendor.requests[1]!.body);
    for (const part of [ASKED, "Turn the paddle.", REWORDED]) expect(told).toContain(part);
    // It is no evidence, and nobody else is given it.
    expect(await state()).toMatchObject({ audits: 0, hits: 0, misses: 2 });
    expect((await say(REWORDED)).cache).toBe("miss");
  });

  it("is left to a vendor where a model or a floor was asked for, and by default", async ({
    expect,
  }) => {
    for (const [fields, headers] of [
      [{}, SEMANTIC],
      [{ model: "openai/small" }, REWRITE],
      [{}, { ...REWRITE, "x-sluice-quality": "0.9" }],
      [{}, { ...REWRITE, "x-sluice-cache": "exact" }],
    ] as const) {
      const { say } = deployment([says("Turn the paddle.")]);
      await say(ASKED, fields, headers);
      expect((await say(REWORDED, fields, headers)).cache).toBe("miss");
    }
  });
});

describe("a semantic hit in the sample", () => {
  it("has a vendor's own answer held against it, at the tenant's expense", async ({ expect }) => {
    const { say, learn, vendor, state, service } = deployment(
      [says("Turn the paddle."), says("Turn the paddle.")],
      { random: () => 0 },
    );
    await say(ASKED);
    await learn(LEAST_AUDITS + 40);
    const before = await state();
    expect((await say(REWORDED, { stream: true })).cache).toBe("semantic");
    expect(vendor.requests).toHaveLength(2);
    expect(vendor.requests[1]!.body["stream"]).not.toBe(true);
    expect(await state()).toMatchObject({ audits: before.audits + 1, wrong: 0 });
    const paid = service.log.filter(
      ({ event, cost_micro_usd: cost }) => event === "completion" && Number(cost) > 0,
    );
    expect(paid).toHaveLength(2);
    // What the vendor said is kept for who asks the very same.
    expect((await say(REWORDED)).cache).toBe("hit");
  });

  it("costs nobody an answer where no vendor gives another", async ({ expect }) => {
    const { say, learn, state, service } = deployment([says("Turn the paddle."), json(500, {})]);
    await say(ASKED);
    await learn(LEAST_AUDITS + 40);
    const { audits } = await state();
    expect((await say(REWORDED)).cache).toBe("semantic");
    expect((await state()).audits).toBe(audits);
    expect(service.log.some(({ event }) => event === "audit_failed")).toBe(true);
  });

  it("ends semantic hits when answers have changed, and fresh evidence brings them back", async ({
    expect,
  }) => {
    const { say, learn, state } = deployment([
      says("Turn the paddle."),
      says("It is welded shut."),
    ]);
    await say(ASKED);
    await learn(LEAST_AUDITS + 40);
    let hits = 0;
    for (const how of ["can", "could", "should", "might", "would", "may", "do you", "does one"]) {
      const text = `How ${how.includes(" ") ? how : `${how} I`} open the gate?`;
      if ((await say(text)).cache !== "semantic") break;
      hits++;
    }
    expect(hits).toBeGreaterThan(0);
    expect(hits).toBeLessThanOrEqual(4);
    expect((await state()).state).not.toBe("on");
    await learn(LEAST_AUDITS + 200);
    expect((await state()).state).toBe("on");
  });
});

describe("the adversarial set", () => {
  /** Every pair is one to this head, and no two pairs are. */
  const twins = Object.values(PAIRS.different).concat([PAIRS.same]).flat();
  const TWINS = headBy("twins", (text) => {
    const pair = twins.findIndex((texts) => texts.includes(text));
    const normal = normalFrom(randomFrom(pair));
    return Float64Array.from({ length: 64 }, normal);
  });

  /** Of the pairs those whose second is given what the first was answered. */
  async function given(pairs: readonly string[][]): Promise<string[][]> {
    const { say, learn } = deployment([says("The first one's.")], {
      random: () => 1,
      likeness: likenessBy(TWINS),
    });
    await learn(LEAST_AUDITS + 40);
    const served: string[][] = [];
    for (const [a = "", b = ""] of pairs) {
      await say(a);
      if ((await say(b)).cache === "semantic") served.push([a, b]);
    }
    return served;
  }

  it("has no pair that is given one answer, however far likeness is trusted", async ({
    expect,
  }) => {
    const pairs = Object.values(PAIRS.different).flat();
    expect(pairs.length).toBeGreaterThan(330);
    expect(await given(pairs)).toEqual([]);
  }, 120_000);

  it("has rephrasings that are", async ({ expect }) => {
    expect((await given(PAIRS.same.slice(0, 40))).length).toBeGreaterThan(30);
  });
});
