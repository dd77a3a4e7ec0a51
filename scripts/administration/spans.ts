/** Lengths of time as people write them: 90s, 15m, 12h, 30d. */

/** The largest first. */
const UNITS: readonly (readonly [unit: string, seconds: number])[] = [
  ["d", 86_400],
  ["h", 3_600],
  ["m", 60],
  ["s", 1],
];

/** Seconds; a unit alone is one of it. Undefined for what is no length of time. */
export function secondsIn(text: string): number | undefined {
  const [, count, name] = /^(\d{0,9})([smhd])$/.exec(text) ?? [];
  const [, seconds] = UNITS.find(([unit]) => unit === name) ?? [];
  return seconds && seconds * (count === "" ? 1 : Number(count));
}

/** In the largest unit that leaves a whole number. */
export function textOfSeconds(seconds: number): string {
  const [unit, length] = UNITS.find(([, size]) => seconds % size === 0)!;
  return `${seconds / length}${unit}`;
}
