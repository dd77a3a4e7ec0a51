/**
 * Replaces the evaluation in a model's card.
 *
 * The card is written by people but for one section, between two HTML comments. What stands there is
 * always the output of the command that stands there with it, so nobody has to trust a copied number.
 */

const START = "<!-- evaluation:start -->";
const END = "<!-- evaluation:end -->";

/** The card with the section replaced. Throws an Error where it does not have both markers once, in order. */
export function replaceEvaluation(card: string, section: string): string {
  const [start, end] = [card.indexOf(START), card.indexOf(END)];
  const isUnique = card.lastIndexOf(START) === start && card.lastIndexOf(END) === end;
  if (start === -1 || end < start || !isUnique)
    throw new Error(`The card needs a line "${START}" and, below it, a line "${END}", once each`);
  return `${card.slice(0, start + START.length)}\n\n${section.trim()}\n\n${card.slice(end)}`;
}
