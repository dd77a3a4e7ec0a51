/**
 * Replaces a generated section of a Markdown file.
 *
 * Documents are written by people but for some sections, each between two HTML comments that name it.
 * What stands there is always the output of a command, so nobody has to trust a copied number.
 */

/** The text with the section replaced. Throws an Error where it does not have both marks once, in order. */
export function replaceSection(text: string, name: string, section: string): string {
  const [start, end] = boundsOf(text, name);
  return `${text.slice(0, start)}\n\n${section.trim()}\n\n${text.slice(end)}`;
}

/** What stands in the section. Throws as `replaceSection` does. */
export function readSection(text: string, name: string): string {
  return text.slice(...boundsOf(text, name)).trim();
}

/** Behind the first mark, and before the second. */
function boundsOf(text: string, name: string): [start: number, end: number] {
  const [startMark, endMark] = [`<!-- ${name}:start -->`, `<!-- ${name}:end -->`];
  const [start, end] = [text.indexOf(startMark), text.indexOf(endMark)];
  const isUnique = text.lastIndexOf(startMark) === start && text.lastIndexOf(endMark) === end;
  if (start === -1 || end < start || !isUnique)
    throw new Error(`It needs a line "${startMark}" and, below it, a line "${endMark}", once each`);
  return [start + startMark.length, end];
}
