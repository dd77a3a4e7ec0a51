/**
 * The pure parts of the simulated vendor, by property where there is a law: pieces joined are the text, a schema's value
 * fits the schema, a fault strikes as often as its rule says, and pace never runs backwards.
 */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import {
  FaultBook,
  markedFault,
  parseFault,
  parseFaultRule,
} from "../../scripts/simulation/faults.ts";
import { dueMs } from "../../scripts/simulation/pace.ts";
import { countTokens, piecesOf } from "../../scripts/simulation/pieces.ts";
import { proseAbout } from "../../scripts/simulation/prose.ts";
import { valueFor, type Schema } from "../../scripts/simulation/schema-value.ts";
import { hashText, pick, randomFrom } from "../../worker/lib/prng.ts";

describe("pieces", () => {
  it("joined are the text, whatever it holds", ({ expect }) => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 200 }), (text) => {
        expect(piecesOf(text).join("")).toBe(text);
      }),
    );
  });
  it("count about as tokenizers do", ({ expect }) => {
    expect(countTokens("The keeper opens the gate and the water falls.")).toBe(9);
    expect(countTokens("船は水門を通る")).toBe(7);
    expect(countTokens("")).toBe(0);
  });
});

describe("randomness", () => {
  it("repeats for a seed, differs between seeds, and stays within [0, 1)", ({ expect }) => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const [a, b] = [randomFrom(seed), randomFrom(seed)];
        for (let i = 0; i < 20; i++) {
          const value = a();
          expect(value).toBe(b());
          expect(value >= 0 && value < 1).toBe(true);
        }
      }),
    );
    expect(randomFrom(1)()).not.toBe(randomFrom(2)());
    expect(hashText("lock")).not.toBe(hashText("Lock"));
    expect(() => pick(randomFrom(1), [])).toThrow(RangeError);
  });
});

describe("prose", () => {
  it("is longer for a proof than for a fact", ({ expect }) => {
    const fact = proseAbout("What is the capital of Portugal?", 1, randomFrom(7));
    const proof = proseAbout("Prove that there are infinitely many primes.", 1, randomFrom(7));
    expect(countTokens(proof)).toBeGreaterThan(3 * countTokens(fact));
    expect(fact).toMatch(/Portugal|capital/i);
  });
  it("finds something to say about nothing", ({ expect }) => {
    expect(proseAbout("", 1, randomFrom(1))).toMatch(/\.$/);
  });
});

const leaf: fc.Arbitrary<Schema> = fc.oneof(
  fc.constant({ type: "boolean" }),
  fc.record({ type: fc.constant("string"), maxLength: fc.integer({ min: 3, max: 12 }) }),
  fc.record({
    type: fc.constant("integer"),
    minimum: fc.nat(50),
    maximum: fc.integer({ min: 50, max: 90 }),
  }),
  fc.record({ enum: fc.array(fc.string(), { minLength: 1, maxLength: 3 }) }),
);
const { schema } = fc.letrec<{ schema: Schema }>((tie) => ({
  schema: fc.oneof(
    { maxDepth: 3 },
    leaf,
    fc.record({ type: fc.constant("array"), minItems: fc.nat(2), items: tie("schema") }),
    fc
      .dictionary(fc.stringMatching(/^[a-z]{1,5}$/), tie("schema"), {
        maxKeys: 3,
        noNullPrototype: true,
      })
      .map((properties) => ({ type: "object", required: Object.keys(properties), properties })),
  ),
}));

/** The judge, written apart from what it judges: whether a value fits one of the schemas made above. */
function fits(value: unknown, wanted: Schema): boolean {
  if (Array.isArray(wanted["enum"])) return wanted["enum"].includes(value);
  const size = typeof value === "number" ? value : lengthOf(value);
  const isWithin =
    size >= Number(wanted["minimum"] ?? wanted["minItems"] ?? -1) &&
    size <= Number(wanted["maximum"] ?? wanted["maxLength"] ?? Infinity);
  if (Array.isArray(value))
    return (
      isWithin && wanted["type"] === "array" && value.every((v) => fits(v, part(wanted, "items")))
    );
  if (typeof value !== "object" || value === null)
    return isWithin && wanted["type"] === (Number.isInteger(value) ? "integer" : typeof value);
  const properties = part(wanted, "properties");
  const given = new Map<string, unknown>(Object.entries(value));
  return Object.keys(properties).every((key) => fits(given.get(key), part(properties, key)));
}

function lengthOf(value: unknown): number {
  return typeof value === "string" || Array.isArray(value) ? value.length : 0;
}

function part(whole: Schema, key: string): Schema {
  const found = whole[key];
  if (typeof found !== "object" || found === null) throw new Error(`no schema at ${key}`);
  return { ...found };
}

describe("values for a schema", () => {
  it("fit it", ({ expect }) => {
    fc.assert(
      fc.property(schema, fc.integer(), (wanted, seed) => {
        const material = {
          random: randomFrom(seed),
          words: ["lock", "sluice-keeper"],
          numbers: [60, 7],
        };
        const value = valueFor(wanted, material);
        expect(fits(value, wanted), JSON.stringify({ value, wanted })).toBe(true);
      }),
    );
  });
  it("end for a schema that contains itself", ({ expect }) => {
    const node = { type: "object", required: ["next"], properties: { next: { $ref: "#" } } };
    const material = { random: randomFrom(1), words: [], numbers: [] };
    expect(JSON.stringify(valueFor(node, material)).length).toBeLessThan(500);
  });
});

describe("faults", () => {
  it("are read with their options, and refused with the known ones", ({ expect }) => {
    expect(parseFault("429:retry-after=1.5")).toEqual({
      kind: "status",
      status: 429,
      retryAfterMs: 1_500,
    });
    expect(parseFault("cut:after=0")).toEqual({ kind: "cut", after: 0 });
    expect(parseFault("slow:factor=3")).toEqual({ kind: "slow", factor: 3 });
    expect(() => parseFault("200")).toThrow(/Known:.*stall/);
    expect(() => parseFault("cut:before=1")).toThrow(/no option "before"/);
    expect(() => parseFault("cut:after=soon")).toThrow(/NAME=NUMBER/);
  });
  it("find their target by rule and by marker", ({ expect }) => {
    expect(parseFaultRule("openai/gpt-5.4=500")).toMatchObject({ model: "openai/gpt-5.4" });
    expect(parseFaultRule("groq=stall")).toMatchObject({ vendor: "groq" });
    expect(parseFaultRule("*=reset")).toMatchObject({ fault: { kind: "reset" } });
    expect(() => parseFaultRule("500")).toThrow(/TARGET=FAULT/);
    const target = { vendor: "groq", model: "groq/a" };
    expect(markedFault("hi [sim:500 model=groq/a]", target)).toMatchObject({ status: 500 });
    expect(markedFault("hi [sim:500 model=groq/b]", target)).toBeUndefined();
    expect(markedFault("hi", target)).toBeUndefined();
  });
  it("strike as often as their rule says, and only their target", ({ expect }) => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.nat(8), (times, requests) => {
        const book = new FaultBook([{ fault: { kind: "reset" }, vendor: "groq", times }]);
        let struck = 0;
        for (let i = 0; i < requests; i++) {
          if (book.take({ vendor: "groq", model: "groq/a" }) !== undefined) struck += 1;
          expect(book.take({ vendor: "xai", model: "xai/a" })).toBeUndefined();
        }
        expect(struck).toBe(Math.min(times, requests));
      }),
    );
  });
});

describe("pace", () => {
  it("sends the first event after the time to first token, the rest at the rate", ({ expect }) => {
    const pace = { ttftMs: 300, tokensPerSecond: 50 };
    expect([0, 1, 50].map((i) => dueMs(pace, i))).toEqual([300, 320, 1_300]);
    expect(dueMs({ ttftMs: 0, tokensPerSecond: Number.POSITIVE_INFINITY }, 9)).toBe(0);
  });
});
