/**
 * Whether two JSON values say the same, place by place: numbers and truth values exactly, texts as the caller
 * compares them.
 *
 * Values of two shapes may still mean the same, so of those nobody is sure, and neither is anybody below a depth
 * that no answer needs. Names of an object may stand in any order, items of a list may not.
 */
import { isRecord } from "../../lib/json.ts";

export type Agreement = "same" | "different" | "unsure";

type CompareTexts = (texts: readonly [string, string]) => Agreement;
type Pair = readonly [unknown, unknown];

const MAX_DEPTH = 32;

export function valuesAgree([a, b]: Pair, compareTexts: CompareTexts, depth = 0): Agreement {
  if (typeof a === "string" && typeof b === "string") return compareTexts([a, b]);
  const parts = partsOf([a, b]);
  if (parts === undefined || depth > MAX_DEPTH) return leavesAgree([a, b]);
  const agreements = parts.map((part) => valuesAgree(part, compareTexts, depth + 1));
  if (agreements.includes("different")) return "different";
  return agreements.includes("unsure") ? "unsure" : "same";
}

/** What stands at the same places of both; undefined where they are not of one shape. */
function partsOf([a, b]: Pair): Pair[] | undefined {
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length ? a.map((item: unknown, k) => [item, b[k]]) : undefined;
  if (!isRecord(a) || !isRecord(b)) return undefined;
  const names = Object.keys(a);
  const isSameShape =
    names.length === Object.keys(b).length && names.every((name) => Object.hasOwn(b, name));
  return isSameShape ? names.map((name) => [a[name], b[name]]) : undefined;
}

function leavesAgree([a, b]: Pair): Agreement {
  if (a === b) return "same";
  const isPlain = typeof a === typeof b && (typeof a === "number" || typeof a === "boolean");
  return isPlain ? "different" : "unsure";
}
