/** What every guard of the answer cache must do: object to its pairs whichever comes first, and to no other wording. */
import { describe, it } from "vitest";
import { readText, type Text } from "../../worker/cache/guards/text.ts";

type Pairs = readonly (readonly [string, string])[];

/** @param apart Pairs that may not share an answer. @param alike Pairs of which this guard has nothing to say. */
export function describeGuard(
  name: string,
  differ: (a: Text, b: Text) => string | undefined,
  { apart, alike }: { readonly apart: Pairs; readonly alike: Pairs },
): void {
  function objection(a: string, b: string): string | undefined {
    return differ(readText(a), readText(b));
  }

  describe(`the guard of ${name}`, () => {
    it("refuses what differs, whichever comes first", ({ expect }) => {
      for (const [a, b] of apart) {
        expect.soft(objection(a, b), `${a} | ${b}`).toBeDefined();
        expect.soft(objection(b, a), `${b} | ${a}`).toBeDefined();
      }
    });

    it("lets pass what is only said otherwise, whichever comes first", ({ expect }) => {
      for (const [a, b] of alike) {
        expect.soft(objection(a, b), `${a} | ${b}`).toBeUndefined();
        expect.soft(objection(b, a), `${b} | ${a}`).toBeUndefined();
      }
    });
  });
}
