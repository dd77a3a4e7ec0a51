/** A whole answer as a stream, which put together is the answer again. */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import { wholeOf } from "../../../worker/pipeline/assemble.ts";
import { chunksOf } from "../../../worker/pipeline/chunks-of.ts";

const text = fc.string({ unit: "grapheme", minLength: 1 });

const choices = fc
  .array(
    fc.record({
      message: fc.record(
        {
          role: fc.constant("assistant"),
          content: text,
          reasoning_content: text,
          annotations: fc.array(fc.record({ type: text }), { minLength: 1, maxLength: 3 }),
        },
        { requiredKeys: ["role", "content"] },
      ),
      finish_reason: fc.constantFrom("stop", "length"),
    }),
    { minLength: 1, maxLength: 4 },
  )
  .map((all) =>
    all.map(({ message, ...choice }, index) => ({
      index,
      ...choice,
      message: { ...message, refusal: null },
      logprobs: null,
    })),
  );

const answers = fc.record(
  {
    id: text,
    object: fc.constant("chat.completion"),
    created: fc.nat(),
    model: text,
    choices,
    usage: fc.record({ prompt_tokens: fc.nat(), completion_tokens: fc.nat() }),
  },
  { requiredKeys: ["object", "choices"] },
);

describe("chunksOf", () => {
  it("says all that the answer says", ({ expect }) => {
    fc.assert(
      fc.property(answers, (answer) => {
        const chunks = chunksOf(answer);
        expect(chunks.at(-1)).toBe("[DONE]");
        expect(wholeOf(chunks)).toEqual(answer);
      }),
    );
  });

  it("ends also where there are no choices", ({ expect }) => {
    expect(chunksOf({})).toEqual(["[DONE]"]);
    expect(chunksOf({ choices: [null, 1] })).toEqual(["[DONE]"]);
  });
});
