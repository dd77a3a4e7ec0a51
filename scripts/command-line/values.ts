/**
 * Reading command-line values. parseArgs of Node gives strings; these turn one into a number or one of some words, or
 * refuse it with the flag, the value and the range in the message, which is all that a person needs to correct it.
 */

/** A number from `least` on. Throws an Error that names the flag. */
export function readNumber(flag: string, value: string, least = 0): number {
  const number = Number(value);
  if (value.trim() === "" || !Number.isFinite(number) || number < least)
    throw new Error(`${flag} ${JSON.stringify(value)} must be a number from ${least}.`);
  return number;
}

/** A share, 0 to 1. Throws an Error that names the flag. */
export function readShare(flag: string, value: string): number {
  const share = readNumber(flag, value);
  if (share > 1) throw new Error(`${flag} ${JSON.stringify(value)} must be a share, 0 to 1.`);
  return share;
}

/** A whole number from `least` on. Throws an Error that names the flag. */
export function readWhole(flag: string, value: string, least = 0): number {
  const number = Number(value);
  if (value.trim() === "" || !Number.isSafeInteger(number) || number < least)
    throw new Error(`${flag} ${JSON.stringify(value)} must be a whole number from ${least}.`);
  return number;
}

/** A port: 0 for any free one, up to 65535. Throws an Error that names the flag. */
export function readPort(flag: string, value: string): number {
  const port = readNumber(flag, value);
  if (!Number.isInteger(port) || port > 65_535)
    throw new Error(`${flag} ${JSON.stringify(value)} must be a port, 0 to 65535; 0 takes any.`);
  return port;
}

/** One of `choices`. Throws an Error that names the flag and all of them. */
export function readChoice<T extends string>(
  flag: string,
  value: string,
  choices: readonly T[],
): T {
  const choice = choices.find((name) => name === value);
  if (choice === undefined)
    throw new Error(`${flag} ${JSON.stringify(value)} must be one of ${choices.join(", ")}.`);
  return choice;
}
