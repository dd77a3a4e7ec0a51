/**
 * Reads comma-separated values: quoted cells may hold commas, doubled quotes and line breaks.
 *
 * Prompts are long and full of line breaks, so a record's place is the line on which it begins. The first
 * record names the columns. Every record must have as many cells.
 *
 * Source: RFC 4180.
 */

export interface CsvRecord {
  /** Line on which the record begins, from 1. */
  readonly line: number;
  readonly cells: ReadonlyMap<string, string>;
}

/** The records below the head. Throws an Error that begins with `path:line` for a record that is not whole. */
export function parseCsv(text: string, path: string): CsvRecord[] {
  const [head, ...records] = recordsOf(text, path);
  if (head === undefined) throw new Error(`${path}:1: no line of column names`);
  return records.map(({ line, cells }) => {
    if (cells.length !== head.cells.length)
      throw new Error(`${path}:${line}: ${cells.length} cells, not ${head.cells.length}`);
    return { line, cells: new Map(head.cells.map((name, c) => [name, cells[c]!])) };
  });
}

interface RawRecord {
  readonly line: number;
  readonly cells: readonly string[];
}

/** A quoted cell, or one up to the next comma or line break; then what ends it. */
const CELL = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/uy;

function recordsOf(text: string, path: string): RawRecord[] {
  const records: RawRecord[] = [];
  let [line, start] = [1, 1];
  let cells: string[] = [];
  const body = text.replace(/^\uFEFF/u, "");
  for (let at = 0; at < body.length || cells.length > 0;) {
    CELL.lastIndex = at;
    const match = CELL.exec(body);
    if (match === null) throw new Error(`${path}:${line}: a quoted cell that does not end well`);
    const [whole, quoted, plain = "", end] = match;
    cells.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    line += whole.split("\n").length - 1;
    at += whole.length;
    if (end === ",") continue;
    if (cells.length > 1 || cells[0] !== "") records.push({ line: start, cells });
    cells = [];
    start = line;
  }
  return records;
}
