/**
 * The same prompt, typed carelessly: in one word of ten two neighbouring letters have changed places.
 *
 * A person would understand both alike, so a router should send both to the same model. How often it does
 * not is its share of flips. Only inner letters move, as in most slips of the hand; numbers, marks and
 * short words stay, because another number is another question.
 *
 * Source: RouterArena 2510.00202 (robustness: selections that stay under noisy prompts).
 */
import type { Random } from "../../worker/lib/prng.ts";

const SHARE = 0.1;
/** Words of at least this many letters have two inner ones. */
const WORD = /\p{L}{4,}/gu;

/** The text with slips. */
export function withSlips(text: string, random: Random): string {
  return text.replace(WORD, (word) => {
    if (random() >= SHARE) return word;
    const letters = Array.from(word);
    const at = 1 + Math.floor(random() * (letters.length - 3));
    [letters[at], letters[at + 1]] = [letters[at + 1]!, letters[at]!];
    return letters.join("");
  });
}
