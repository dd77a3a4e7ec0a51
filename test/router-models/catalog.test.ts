/**
 * Two questions. Is the catalogue we ship sane: can every number be believed at a glance, and is it spread widely
 * enough for routing to matter? And does the door hold: the properties below take the shipped catalogue, break it in
 * one place, and expect a refusal that names the place, the value and the remedy.
 */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import shipped from "../../router-models/catalog.json" with { type: "json" };
import { parseCatalog, type CatalogModel } from "../../router-models/catalog.ts";

/** Anything JSON can hold in this test; a broken catalogue has no better type. */
type Json = Record<string, any>; // oxlint-disable-line typescript/no-explicit-any

const ABILITY = {
  graph: "0123456789ab",
  row: [0.5, -0.25],
  standingDeviation: 0.2,
  probes: 25,
  source: "probes.jsonl",
  placed: "2026-11-22",
};

const { models, embeddings } = parseCatalog(shipped);
const anyIndex = fc.nat({ max: models.length - 1 });

function vendor(m: CatalogModel): string {
  return m.id.slice(0, m.id.indexOf("/"));
}

function blendedUsdPerMTok(m: CatalogModel): number {
  return (3 * m.price.inputUsdPerMTok + m.price.outputUsdPerMTok) / 4;
}

/** What parseCatalog says about the shipped catalogue after `damage`, or "accepted". */
function verdictAfter(damage: (catalogue: Json) => void): string {
  const copy: Json = structuredClone(shipped);
  damage(copy);
  try {
    parseCatalog(copy);
    return "accepted";
  } catch (error) {
    return error instanceof Error ? error.message : "threw something else";
  }
}

describe("the shipped catalogue", () => {
  it("ships no ability: they hold for one graph, and the graph is made anew", ({ expect }) => {
    expect(models.filter(({ ability }) => ability !== undefined)).toEqual([]);
  });

  it("offers at least 16 models of at least 7 vendors", ({ expect }) => {
    expect(models.length).toBeGreaterThanOrEqual(16);
    expect(new Set(models.map(vendor)).size).toBeGreaterThanOrEqual(7);
  });

  it("spans more than fifty-fold in price, so that routing can save something", ({ expect }) => {
    const prices = models.map(blendedUsdPerMTok);
    expect(Math.max(...prices) / Math.min(...prices)).toBeGreaterThan(50);
  });

  it("charges at least as much for writing as for reading, and less than $1000 per million", ({
    expect,
  }) => {
    for (const { id, price } of models) {
      expect(price.outputUsdPerMTok, id).toBeGreaterThanOrEqual(price.inputUsdPerMTok);
      expect(price.outputUsdPerMTok, id).toBeLessThan(1000);
    }
  });

  it("is ordered by vendor, then by price, so that an edit is a small diff", ({ expect }) => {
    const ordered = models.toSorted((a, b) =>
      vendor(a) === vendor(b)
        ? a.price.inputUsdPerMTok - b.price.inputUsdPerMTok
        : vendor(a) < vendor(b)
          ? -1
          : 1,
    );
    expect(models.map((m) => m.id)).toEqual(ordered.map((m) => m.id));
  });

  it("can stream every model, since a chat router must", ({ expect }) => {
    expect(models.filter((m) => !m.capabilities.includes("streaming"))).toEqual([]);
  });

  it("lets every model that thinks bill at least as many tokens as one that does not", ({
    expect,
  }) => {
    for (const m of models) {
      if (m.capabilities.includes("reasoning"))
        expect(m.outputTokensFactor, m.id).toBeGreaterThanOrEqual(1);
      else expect(m.outputTokensFactor, m.id).toBe(1);
    }
  });

  it("names a source for price, context and capabilities, none read after this edition", ({
    expect,
  }) => {
    for (const m of models) {
      const named = new Set(m.sources.map((s) => s.what));
      expect([...named], m.id).toEqual(
        expect.arrayContaining(["price", "context", "capabilities"]),
      );
      for (const s of m.sources) expect(s.seen <= shipped.version, `${m.id} ${s.url}`).toBe(true);
    }
  });

  it("anchors a cheap and a dear model on mmlu_pro, so that the scale has two ends", ({
    expect,
  }) => {
    const anchored = models
      .filter((m) => m.anchors.some((a) => a.benchmark === "mmlu_pro"))
      .map(blendedUsdPerMTok);
    expect(anchored.length).toBeGreaterThanOrEqual(8);
    expect(Math.max(...anchored) / Math.min(...anchored)).toBeGreaterThan(50);
  });
});

describe("the shipped models that make vectors", () => {
  it("have a price, a window and a source for each, none read after this edition", ({ expect }) => {
    expect(embeddings.length).toBeGreaterThanOrEqual(3);
    for (const { id, price, sources } of embeddings) {
      expect(price.inputUsdPerMTok, id).toBeLessThan(10);
      const named = new Set(sources.map((s) => s.what));
      expect([...named].toSorted(), id).toEqual(["capabilities", "context", "price"]);
      for (const s of sources) expect(s.seen <= shipped.version, `${id} ${s.url}`).toBe(true);
    }
  });

  it("agree with the model whose very vectors they make", ({ expect }) => {
    const copies = embeddings.filter(({ sameVectorsAs }) => sameVectorsAs !== undefined);
    expect(copies).not.toEqual([]);
    for (const { sameVectorsAs, dimensions } of copies)
      expect(embeddings.find(({ id }) => id === sameVectorsAs)?.dimensions).toBe(dimensions);
  });

  it.for<[string, (list: Json[]) => void, string]>([
    ["an id twice", (list) => list.push(list[0]!), "embeddings[0] has this id already"],
    ["a copy of nothing", (list) => (list[0]!["sameVectorsAs"] = "a/b"), "is no copy itself"],
    ["a copy of itself", (list) => (list[0]!["sameVectorsAs"] = list[0]!["id"]), "is no copy"],
    ["an ability", (list) => (list[0]!["anchors"] = []), 'unknown key "anchors"'],
    ["no price's source", (list) => (list[0]!["sources"] = []), "a price needs a source"],
    ["a free lunch", (list) => (list[0]!["price"].inputUsdPerMTok = 0), "give a price above 0"],
  ])("refuses %s", ([, damage, message], { expect }) => {
    const verdict = verdictAfter((catalogue) => damage(catalogue["embeddings"]));
    expect(verdict).toContain(message);
    expect(verdict).toContain("embeddings[");
  });
});

describe("parseCatalog", () => {
  it("keeps what it was given", ({ expect }) => {
    expect(parseCatalog(shipped)).toEqual(shipped);
  });

  it("freezes everything, and leaves its input alone", ({ expect }) => {
    const input = structuredClone(shipped);
    const thawed: unknown[] = [parseCatalog(input)];
    for (const value of thawed) {
      if (typeof value !== "object" || value === null) continue;
      expect(Object.isFrozen(value)).toBe(true);
      thawed.push(...Object.values(value));
    }
    expect(Object.isFrozen(input)).toBe(false);
    expect(input).toEqual(shipped);
  });

  it("refuses a second model under one id and says where the first is", ({ expect }) => {
    fc.assert(
      fc.property(anyIndex, anyIndex, (a, b) => {
        fc.pre(a !== b);
        const [first, second] = [Math.min(a, b), Math.max(a, b)];
        const verdict = verdictAfter((c) => (c["models"][second].id = c["models"][first].id));
        expect(verdict).toContain(`models[${second}].id = "${models[first]!.id}"`);
        expect(verdict).toContain(`models[${first}] has this id already`);
      }),
    );
  });

  it("refuses a capability that nobody defined and lists those that exist", ({ expect }) => {
    fc.assert(
      fc.property(anyIndex, fc.string({ maxLength: 20 }), (i, word) => {
        const capability = `no-${word}`;
        const verdict = verdictAfter((c) => c["models"][i].capabilities.push(capability));
        expect(verdict).toContain(`= ${JSON.stringify(capability)}: use one of: tools, `);
      }),
    );
  });

  it("refuses any price that is not above zero", ({ expect }) => {
    const field = fc.constantFrom("inputUsdPerMTok", "outputUsdPerMTok", "cachedInputUsdPerMTok");
    const notAbove0 = fc.double({ max: 0, noNaN: true, noDefaultInfinity: true });
    fc.assert(
      fc.property(anyIndex, field, notAbove0, (i, name, usd) => {
        const verdict = verdictAfter((c) => (c["models"][i].price[name] = usd));
        expect(verdict).toContain(`models[${i}].price.${name} = ${JSON.stringify(usd)}: give a`);
      }),
    );
  });

  it("refuses an unknown key at every level and names it", ({ expect }) => {
    const places: ((c: Json, i: number) => Json)[] = [
      (c) => c,
      (c, i) => c["models"][i],
      (c, i) => c["models"][i].price,
      (c, i) => c["models"][i].latency,
      (c, i) => c["models"][i].sources[0],
    ];
    const anyPlace = fc.constantFrom(...places);
    const key = fc.stringMatching(/^x[A-Za-z]{0,12}$/);
    fc.assert(
      fc.property(anyIndex, anyPlace, key, (i, place, name) => {
        const verdict = verdictAfter((c) => (place(c, i)[name] = 1));
        expect(verdict).toContain(`unknown key "${name}"`);
      }),
    );
  });

  it("accepts an accuracy in 0..1 and refuses every other", ({ expect }) => {
    const score = fc.double({ min: -100, max: 100, noNaN: true });
    fc.assert(
      fc.property(anyIndex, fc.oneof(score, fc.double({ min: 0, max: 1, noNaN: true })), (i, s) => {
        const anchor = { benchmark: "mmlu_pro", score: s, source: "https://example.org/card" };
        const verdict = verdictAfter((c) => (c["models"][i].anchors = [anchor]));
        if (s >= 0 && s <= 1) expect(verdict).toBe("accepted");
        else expect(verdict).toContain(`anchors[0].score = ${JSON.stringify(s)}: give an accuracy`);
      }),
    );
  });

  it.for([
    ["a rating where an accuracy belongs", "mmlu_pro", 1452, "anchors[0].score = 1452"],
    ["an accuracy where a rating belongs", "arena_elo", 0.8, "anchors[0].score = 0.8"],
    ["a benchmark it does not know", "mmlu", 0.8, 'anchors[0].benchmark = "mmlu": use one of'],
  ] as const)("refuses %s", ([, benchmark, score, complaint], { expect }) => {
    const anchor = { benchmark, score, source: "https://example.org/card" };
    expect(verdictAfter((c) => (c["models"][0].anchors = [anchor]))).toContain(complaint);
  });

  it.for<[string, (m: Json) => void, string]>([
    [
      "an answer longer than the window",
      (m) => (m["maxOutputTokens"] = m["contextTokens"] + 1),
      "context window",
    ],
    ["a fraction of a token", (m) => (m["contextTokens"] = 0.5), "contextTokens = 0.5: "],
    [
      "a cached token dearer than a fresh one",
      (m) => (m["price"].cachedInputUsdPerMTok = 999),
      "= 999: a cached token",
    ],
    [
      "an upstream name that says nothing new",
      (m) => (m["upstreamModel"] = m["id"].split("/")[1]),
      "leave it out",
    ],
    [
      "a token factor from nowhere",
      (m) => ((m["outputTokensFactor"] = 2), delete m["outputTokensSource"]),
      '"estimate"',
    ],
    [
      "a latency from nowhere",
      (m) => (m["latency"].source = "a friend"),
      'source = "a friend": give the https URL',
    ],
    [
      "a price without a source",
      (m) => (m["sources"] = m["sources"].filter((s: Json) => s["what"] !== "price")),
      "a price needs a source",
    ],
    ["an id without a vendor", (m) => (m["id"] = "gpt"), 'id = "gpt": write it as provider/model'],
    ["a capability said twice", (m) => m["capabilities"].push("streaming"), "each capability once"],
    [
      "a benchmark quoted twice",
      (m) =>
        (m["anchors"] = [1, 2].map(() => ({
          benchmark: "mmlu_pro",
          score: 0.5,
          source: "https://example.org",
        }))),
      "each benchmark once",
    ],
    [
      "an ability for no graph in particular",
      (m) => (m["ability"] = { ...ABILITY, graph: "latest" }),
      'ability.graph = "latest": give the first 12 digits',
    ],
    [
      "an ability that rests on nothing",
      (m) => (m["ability"] = { ...ABILITY, probes: 0 }),
      "ability.probes = 0: give at least 1 probe",
    ],
    ["a missing name", (m) => delete m["name"], "name = (missing): give string"],
    ["a month that does not exist", (m) => (m["released"] = "2026-13"), 'released = "2026-13": '],
  ])("refuses %s", ([, damage, complaint], { expect }) => {
    const verdict = verdictAfter((c) => damage(c["models"][0]));
    expect(verdict).toContain("models[0]");
    expect(verdict).toContain(complaint);
  });

  it("reports several problems at once", ({ expect }) => {
    const verdict = verdictAfter((c) => {
      c["models"][0].price.inputUsdPerMTok = -1;
      c["models"][1].contextTokens = "many";
      c["currency"] = "EUR";
    });
    expect(verdict).toContain("models[0].price.inputUsdPerMTok = -1");
    expect(verdict).toContain('models[1].contextTokens = "many"');
    expect(verdict).toContain('currency = "EUR": only USD');
  });

  it("refuses whatever is not a catalogue at all", ({ expect }) => {
    fc.assert(
      fc.property(fc.jsonValue(), (json) => {
        expect(() => parseCatalog(json)).toThrow("The model catalogue was refused:");
      }),
    );
  });
});
