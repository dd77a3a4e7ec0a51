/**
 * What a release remembers of its training prompts (router-models/reference.ts). How new a new prompt usually is, is
 * measured on some that are left out for that: one question in sixteen, by its hash.
 */
import type { Features } from "../../router-models/features/extract.ts";
import { referenceOf, type Reference } from "../../router-models/reference.ts";
import { hashText } from "../../worker/lib/prng.ts";
import type { Example } from "./examples.ts";

const LEFT_OUT_OF = 16;

export function trafficReference(examples: readonly Example[], tableRows: number): Reference {
  const all = featuresOf(examples);
  const unseen = featuresOf(examples.filter(isLeftOut));
  const others = featuresOf(examples.filter((example) => !isLeftOut(example)));
  const { novelty } = referenceOf(others, { unseen, tableRows });
  return { ...referenceOf(all, { unseen: [], tableRows }), novelty };
}

function isLeftOut({ gid }: Example): boolean {
  return hashText(gid) % LEFT_OUT_OF === 0;
}

function featuresOf(examples: readonly Example[]): Features[] {
  return examples.map(({ features }) => features);
}
