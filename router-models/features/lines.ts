/**
 * The lines of a text: lists, indentation, and where a question ends and the answers to choose from begin.
 *
 * How much is asked and how much is offered are two things: a line of sums with ten long answers is not a
 * long question. So a text with at least two options is divided at the first of them.
 */
import { isDigit, isLetterOrDigit } from "./words.ts";

export interface Lines {
  readonly count: number;
  readonly indented: number;
  readonly lists: number;
  readonly options: number;
  /** Options that begin with a number, signs and currency set aside. */
  readonly numericOptions: number;
  /** Where the first option begins, in UTF-16 units: the length of a text that offers no choice. */
  readonly stemEnd: number;
}

const LEAST_OPTIONS = 2;
const BLANK = " \t\r\u00a0";
/** What may stand before an option's number. */
const BEFORE_NUMBER = " $\\€£(+-.";

export function readLines(text: string): Lines {
  const lines = { count: 0, indented: 0, lists: 0, options: 0, numericOptions: 0 };
  let firstOption = text.length;
  let start = 0;
  for (const line of text.split("\n")) {
    lines.count++;
    if (line.startsWith("  ") || line.startsWith("\t")) lines.indented++;
    const item = itemOf(line);
    if (item === "list") lines.lists++;
    else if (item === "option") {
      if (lines.options++ === 0) firstOption = start;
      if (beginsWithNumber(line)) lines.numericOptions++;
    }
    start += line.length + 1;
  }
  return { ...lines, stemEnd: lines.options < LEAST_OPTIONS ? text.length : firstOption };
}

/** "A. ", "(b) ", "3) ": at the start of a line one letter or digit, a mark, and then a blank or nothing. */
function itemOf(line: string): "list" | "option" | undefined {
  if (line.startsWith("- ") || line.startsWith("* ")) return "list";
  const first = line.startsWith("(") ? 1 : 0;
  const [mark, after = " "] = [line[first + 1], line[first + 2]];
  if ((mark !== "." && mark !== ")") || !BLANK.includes(after)) return undefined; // i.e., x.y()
  if (isDigit(line.charCodeAt(first))) return "list";
  return isLetterOrDigit(line.charCodeAt(first)) ? "option" : undefined;
}

/** Of an option's text, after its letter and mark. */
function beginsWithNumber(option: string): boolean {
  let at = option.startsWith("(") ? 3 : 2;
  while (at < option.length && BEFORE_NUMBER.includes(option[at]!)) at++;
  return isDigit(option.charCodeAt(at));
}
