/**
 * The first thing that one list has and another has not, as evidence of a refusal.
 *
 * Evidence is a short piece of what somebody wrote: it is for audits under the tenant's own rules, never for a log.
 */

/** Characters of one side's evidence. */
const MAX_EVIDENCE = 40;

/** How two lists differ as bags, in any order; undefined where they do not. */
export function bagDifference(a: readonly string[], b: readonly string[]): string | undefined {
  const counts = new Map<string, number>();
  for (const item of a) counts.set(item, (counts.get(item) ?? 0) + 1);
  for (const item of b) counts.set(item, (counts.get(item) ?? 0) - 1);
  for (const [item, count] of counts) if (count !== 0) return shortened(item);
  return undefined;
}

/** How two lists differ as sets. */
export function setDifference(a: Iterable<string>, b: Iterable<string>): string | undefined {
  return bagDifference([...new Set(a)], [...new Set(b)]);
}

/** "this | that", either side cut to its length. */
export function versus(a: string, b: string): string {
  return `${shortened(a)} | ${shortened(b)}`;
}

export function shortened(text: string): string {
  return text.length <= MAX_EVIDENCE ? text : `${text.slice(0, MAX_EVIDENCE - 1)}…`;
}
