/** What a client may call a model: its id, the part after the slash, the vendor's own name; never a guess. */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import { RouterError } from "../../../worker/domain/errors.ts";
import { findNamed, requireNamed } from "../../../worker/pipeline/model-name.ts";

const CATALOG = [
  { id: "groq/small", upstreamModel: "org/small-v1" },
  { id: "openai/large" },
  { id: "azure/large" },
  { id: "openai/twin-2" },
  { id: "xai/other", upstreamModel: "twin-2" },
];

function refusalOf(name: string): RouterError {
  try {
    requireNamed(name, CATALOG);
  } catch (error) {
    if (error instanceof RouterError) return error;
  }
  throw new Error(`${name} was accepted`);
}

describe("a model's name", () => {
  it.for([
    ["groq/small", "groq/small"],
    ["small", "groq/small"],
    ["org/small-v1", "groq/small"],
    ["other", "xai/other"],
    ["openai/large", "openai/large"],
  ] as const)("%s means %s", ([name, id], { expect }) => {
    expect(requireNamed(name, CATALOG).id).toBe(id);
  });

  it.for([
    ["large", "openai/large, azure/large"],
    ["twin-2", "openai/twin-2, xai/other"],
  ] as const)("%s means several, and is refused with their ids", ([name, ids], { expect }) => {
    const refusal = refusalOf(name);
    expect(refusal).toMatchObject({ status: 400, code: "ambiguous_model", param: "model" });
    expect(refusal.message).toContain(ids);
  });

  it.for(["smal", "SMALL", "small-v1", "v1", "", "/", "openai/", "openai/small"])(
    "%j means nothing",
    (name, { expect }) => {
      expect(refusalOf(name)).toMatchObject({ status: 404, code: "model_not_found" });
    },
  );

  it("finds an entry only by one of its three names, whatever is asked", ({ expect }) => {
    const part = fc.constantFrom("a", "b", "a/b", "c");
    const entry = fc.record({
      id: fc.tuple(fc.constantFrom("v", "w"), part).map((both) => both.join("/")),
      upstreamModel: fc.option(part, { nil: undefined }),
    });
    const catalog = fc.uniqueArray(entry, { selector: ({ id }) => id, maxLength: 6 });
    fc.assert(
      fc.property(catalog, fc.oneof(part, fc.constant("v/a")), (entries, name) => {
        const names = entries.map(({ id, upstreamModel }) => [id, id.slice(2), upstreamModel]);
        const fitting = entries.filter((_, index) => names[index]!.includes(name));
        const exact = fitting.find(({ id }) => id === name);
        if (exact === undefined && fitting.length > 1)
          expect(() => findNamed(name, entries)).toThrow("several models");
        else expect(findNamed(name, entries)).toBe(exact ?? fitting[0]);
      }),
    );
  });
});
