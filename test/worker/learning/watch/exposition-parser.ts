/**
 * A strict reader of Prometheus's text format 0.0.4, as far as counters and gauges go: it takes nothing that is written
 * otherwise than the format says, no family twice and no series twice.
 */

export interface Series {
  readonly type: string;
  /** By labels, as JSON with sorted names. */
  readonly values: ReadonlyMap<string, number>;
}

const LINE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/s;
const LABEL = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,(?!$)|$)/;
const NUMBER = /^(?:[+-]?Inf|NaN|[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?)$/;

/** Families by name. Throws where the text is not of the format. */
export function parseExposition(text: string): Map<string, Series> {
  if (!text.endsWith("\n")) throw new Error("The last line does not end");
  const families = new Map<string, { type: string; values: Map<string, number> }>();
  let [name, type] = ["", ""];
  for (const line of text.slice(0, -1).split("\n")) {
    const [, kind, family, rest] = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line) ?? [];
    if (kind === "HELP") {
      if (families.has(family!)) throw new Error(`${family} comes twice`);
      [name, type] = [family!, ""];
    } else if (kind === "TYPE") {
      if (family !== name || type !== "" || !/^(?:counter|gauge)$/.test(rest!))
        throw new Error(`TYPE of ${family} is out of place`);
      type = rest!;
      families.set(name, { type, values: new Map() });
    } else {
      const [, of, labels = "", value = ""] = LINE.exec(line) ?? [];
      if (of !== name || type === "" || !NUMBER.test(value))
        throw new Error(`Not a sample: ${line}`);
      const { values } = families.get(name)!;
      const key = JSON.stringify(labelsIn(labels));
      if (values.has(key)) throw new Error(`${name}${key} comes twice`);
      values.set(
        key,
        value.endsWith("Inf") ? Number(value.replace("Inf", "Infinity")) : Number(value),
      );
    }
  }
  return families;
}

function labelsIn(text: string): Record<string, string> {
  const labels: [string, string][] = [];
  let rest = text;
  while (rest !== "") {
    const match = LABEL.exec(rest);
    if (match === null) throw new Error(`Not labels: ${text}`);
    const [all, name, value] = match;
    labels.push([name!, value!.replace(/\\(.)/gs, (_, c: string) => (c === "n" ? "\n" : c))]);
    rest = rest.slice(all.length);
  }
  const sorted = labels.toSorted(([a], [b]) => a.localeCompare(b));
  if (new Set(sorted.map(([name]) => name)).size < sorted.length) throw new Error(`Twice: ${text}`);
  return Object.fromEntries(sorted);
}
