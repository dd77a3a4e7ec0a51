/**
 * The code in two prompts must be the same, and of the same language.
 *
 * Code is what stands in fences or backticks, compared letter by letter but for blanks and lines' ends. In prose it is
 * what looks like it: camelCase, snake_case, calls, options, sigils, operators between blanks. Those, and the names of
 * languages and commands, must be said by the other prompt too, in any case and with or without backticks. "Swift"
 * or "cat" that are meant otherwise are held against a prompt that lacks them; the loss is a hit.
 */
import { CODE_NAMES, OPERATORS } from "./code-names.ts";
import { bagDifference, setDifference, shortened } from "./difference.ts";
import type { Text } from "./text.ts";

interface Code {
  /** Fenced blocks and what has more than one word between backticks. */
  readonly blocks: readonly string[];
  readonly identifiers: ReadonlySet<string>;
  readonly operators: readonly string[];
  readonly names: ReadonlySet<string>;
  /** All chunks, in lower case. */
  readonly said: ReadonlySet<string>;
}

/** Signs that prose has no use for inside a word. */
const GLUED = /\+\+|[={}<>|^]/;
const MAX_IDENTIFIER = 100;
const FENCE = "```";
const IDENTIFIER =
  /^(?:--?[a-z][\w-]*|[$@#][a-z_]\w*|\w+(?:\.\w+)*\(.*|[a-z]+\d*[A-Z]\w*|[A-Z][a-z0-9]+[A-Z]\w*|\w*_\w+|\w+::\w+)$/;
/** A dot between words of letters: a member, unless it is an abbreviation. */
const MEMBER = /^[a-zA-Z_]\w+(?:\.[a-zA-Z_]\w+)+$/;
const EDGES = ".,;:!?\"'`";

export function codeDiffers(a: Text, b: Text): string | undefined {
  const [inA, inB] = [readCode(a), readCode(b)];
  const difference =
    bagDifference(inA.blocks, inB.blocks) ??
    missing(inA, inB) ??
    missing(inB, inA) ??
    bagDifference(inA.operators, inB.operators) ??
    setDifference(inA.names, inB.names);
  return difference === undefined ? undefined : shortened(difference);
}

function missing({ identifiers }: Code, { said }: Code): string | undefined {
  return [...identifiers].find((identifier) => !said.has(identifier));
}

function readCode({ plain }: Text): Code {
  const pieces = plain.split(FENCE);
  const blocks = pieces.filter((_, at) => at % 2 === 1).map(withoutBlanks);
  const parts = pieces
    .filter((_, at) => at % 2 === 0)
    .flatMap((piece) => piece.split("`").map(marked));
  const inline = parts.filter(({ isMarked }) => isMarked).map(({ part }) => part.trim());
  const prose = parts.filter(({ isMarked, part }) => !isMarked || !isBlock(part));
  const chunks = prose.flatMap(({ part }) => part.split(/\s+/).map(trimmed)).filter(Boolean);
  const terms = inline.filter((part) => !isBlock(part)).map(trimmed);
  const lower = chunks.map(bare);
  const found = [...terms, ...chunks.filter(isIdentifier)]
    .filter((chunk) => /\w/.test(chunk))
    .map(bare);
  return {
    blocks: [...blocks, ...inline.filter(isBlock).map(withoutBlanks)],
    identifiers: new Set(found.filter((identifier) => !CODE_NAMES.has(identifier))),
    operators: chunks.filter((chunk) => OPERATORS.has(chunk)),
    names: new Set(
      lower.map((chunk) => CODE_NAMES.get(chunk)).filter((name) => name !== undefined),
    ),
    said: new Set(lower),
  };
}

/** What stands between backticks is every second part. */
function marked(part: string, at: number) {
  return { part, isMarked: at % 2 === 1 };
}

function isBlock(part: string): boolean {
  return /\s/.test(part.trim());
}

/** Indentation may mean something, the ends of lines do not. */
function withoutBlanks(block: string): string {
  return block
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n")
    .trim();
}

/** What is longer than any identifier must be said as it is; no pattern goes over it. */
function isIdentifier(chunk: string): boolean {
  if (chunk.length > MAX_IDENTIFIER) return true;
  if (GLUED.test(chunk)) return !OPERATORS.has(chunk);
  return (IDENTIFIER.test(chunk) || MEMBER.test(chunk)) && !chunk.includes("'");
}

/** In lower case, and a call without its empty brackets; a possessive without its ending. */
function bare(chunk: string): string {
  const lower = chunk.toLowerCase();
  if (lower.endsWith("'s")) return lower.slice(0, -2);
  return lower.endsWith("()") ? lower.slice(0, -2) : lower;
}

function trimmed(chunk: string): string {
  if (OPERATORS.has(chunk)) return chunk;
  let [start, end] = [0, chunk.length];
  while (start < end && `${EDGES}([{`.includes(chunk[start]!)) start++;
  while (end > start && EDGES.includes(chunk[end - 1]!)) end--;
  const inside = chunk.slice(start, end);
  return inside.endsWith(")") && !inside.includes("(") ? inside.slice(0, -1) : inside;
}
