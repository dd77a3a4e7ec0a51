/**
 * A list of strings as Python prints it, `['one', "it's"]`, read back. Nothing else of Python is read.
 */

const LITERAL = /\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")\s*(,|\]$)/suy;
const ESCAPE = /\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)/gsu;
const CONTROLS: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", "0": "\0" };

/** The strings; undefined where the text is not such a list. */
export function pythonStrings(text: string): string[] | undefined {
  const body = text.trim();
  if (body === "[]") return [];
  if (!body.startsWith("[")) return undefined;
  const strings: string[] = [];
  for (let at = 1; at < body.length;) {
    LITERAL.lastIndex = at;
    const match = LITERAL.exec(body);
    if (match === null) return undefined;
    strings.push(unescaped(match[1] ?? match[2]!));
    at += match[0].length;
    if (match[3] !== ",") return at === body.length ? strings : undefined;
  }
  return undefined;
}

function unescaped(literal: string): string {
  return literal.replace(ESCAPE, (whole) => {
    const hex = /^\\[xuU](.+)$/u.exec(whole)?.[1];
    if (hex !== undefined) return String.fromCodePoint(parseInt(hex, 16));
    return CONTROLS[whole.slice(1)] ?? whole.slice(1);
  });
}
