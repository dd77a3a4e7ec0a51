/**
 * Prompts as fast-check draws them: any UTF-16 text, lone surrogates included, in any order of roles.
 * Ordinary characters and awkward ones are mixed, because either alone finds fewer faults.
 */
import * as fc from "fast-check";
import type { Prompt, Role, Turn } from "../../../router-models/features/prompt.ts";

const ROLES: readonly Role[] = ["system", "user", "assistant", "tool"];

/** Any sequence of UTF-16 units, most of them not text. */
export const units = fc
  .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 200 })
  .map((codes) => String.fromCharCode(...codes));

/** Text as people write it, wild text, and text that is longer than what is read. */
export const text: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 300 }),
  fc.lorem({ maxCount: 60 }),
  units,
  fc.tuple(units, fc.integer({ min: 1, max: 400 })).map(([piece, times]) => piece.repeat(times)),
);

const turn: fc.Arbitrary<Turn> = fc.record({ role: fc.constantFrom(...ROLES), text });

/** No turn at all is a prompt as well. */
export const prompt: fc.Arbitrary<Prompt> = fc.record({
  turns: fc.array(turn, { maxLength: 6 }),
  imageCount: fc.nat(20),
  toolCount: fc.nat(500),
  wantsJson: fc.boolean(),
});

/** A conversation of the given turns, without images, tools or JSON. */
export function promptOf(...turns: readonly (readonly [Role, string])[]): Prompt {
  return {
    turns: turns.map(([role, content]) => ({ role, text: content })),
    imageCount: 0,
    toolCount: 0,
    wantsJson: false,
  };
}
