/** A comparison with a price list, as text for a person. */
import {
  isTakenOver,
  type Comparison,
  type EntryComparison,
  type Objection,
} from "./comparison.ts";

const WHY: Record<Objection, string> = {
  tenfold: "a price changes tenfold",
  noted: "the entry's price has a note",
  ambiguous: "the list contradicts itself",
  free: "the list says that it costs nothing",
};

/** Several lines, without a line break at the end. */
export function textOfComparison({ format, entries, unmatched }: Comparison): string {
  const changed = entries.filter(isTakenOver).length;
  const held = entries.filter((entry) => entry.objection !== undefined && !entry.isForced);
  return [
    ...entries.flatMap(linesOf),
    ...(unmatched.length === 0 ? [] : [`not in the list: ${unmatched.join(", ")}`]),
    `${format}: ${changed} of ${entries.length} differing entries can be taken over, ${held.length} held back, ${unmatched.length} not found`,
  ].join("\n");
}

function linesOf(entry: EntryComparison): string[] {
  const { model, changes, gained, lost, objection, isForced } = entry;
  const held =
    objection === undefined
      ? ""
      : isForced
        ? `  (forced: ${WHY[objection]})`
        : `  HELD BACK: ${WHY[objection]}; --force ${model} takes it`;
  const capabilities = [...gained.map((name) => `+${name}`), ...lost.map((name) => `-${name}`)];
  return [
    `${model}${held}`,
    ...changes.map(({ field, before = "none", after, percent, isTaken }) => {
      const change = percent === undefined ? "" : `  ${percent < 0 ? "" : "+"}${percent} %`;
      return `  ${field}  ${before} → ${after}${change}${isTaken ? "" : "  (shown only)"}`;
    }),
    ...(capabilities.length === 0
      ? []
      : [`  capabilities  ${capabilities.join(" ")}  (shown only)`]),
  ];
}
