/**
 * The leaderboard: one row for each router and control, best first, from evaluations of the same kind.
 *
 * Every evaluation in distribution brings the row of its release and those of the baselines and controls
 * on the same rows; a row that is there already is replaced, all others stay. Beside the rows stand
 * sections of one release under one protocol, named such as "leave-dataset headgate": they show set by
 * set where it is ahead and where it is not. That of `id` is filled where the file has it; any other
 * evaluation has nothing else to fill.
 */
import type { Estimate } from "../evaluation/bootstrap.ts";
import { CONTENDERS } from "../evaluation/contenders.ts";
import type { Evaluation } from "../evaluation/evaluation.ts";
import { differenceTable } from "./evaluation-table.ts";
import { cell, markdown, pointCell } from "./markdown.ts";
import { readSection, replaceSection } from "./marked-section.ts";

const HEAD = ["router", "family", "MiB", "APGR", "chat", "benchmarks", "AIQ", "weights"];
const APGR = HEAD.indexOf("APGR");

/** Who was evaluated. */
export interface Entrant {
  readonly evaluation: Evaluation;
  readonly manifest: {
    readonly name: string;
    readonly version: string;
    readonly family: string;
    readonly files: { readonly model: { readonly bytes: number } };
  };
}

/** Throws an Error where the text has no place for such an evaluation. */
export function expectPlace(text: string, protocol: string, name: string): void {
  readSection(text, protocol === "id" ? "leaderboard" : `${protocol} ${name}`);
}

/** The file's text with the evaluation in it. Throws an Error as `expectPlace` does. */
export function leaderboardWith(text: string, entrant: Entrant, command: string): string {
  const { evaluation, manifest } = entrant;
  const section = `${evaluation.protocol} ${manifest.name}`;
  const isId = evaluation.protocol === "id";
  const withSection =
    isId && !text.includes(`<!-- ${section}:start -->`)
      ? text
      : replaceSection(text, section, `${differenceTable(evaluation)}\n\nMade by \`${command}\`.`);
  if (!isId) return withSection;
  const rows = new Map(
    [...rowsIn(readSection(withSection, "leaderboard")), ...newRows(entrant)].map((row) => [
      row[0]!,
      row,
    ]),
  );
  const sorted = [...rows.values()].toSorted((a, b) => scoreOf(b) - scoreOf(a));
  return replaceSection(withSection, "leaderboard", markdown(HEAD, sorted));
}

function newRows({ evaluation, manifest }: Entrant): string[][] {
  const { name, version, family, files } = manifest;
  const mib = (files.model.bytes / 2 ** 20).toFixed(2);
  const others = [...CONTENDERS.filter((contender) => contender !== "router"), "bestSingle"];
  return [
    [`${name} ${version}`, family, mib, ...figures(evaluation, "router"), evaluation.router],
    ...others.map((control) => [
      control === "bestSingle" ? "best single" : control,
      "control",
      "",
      ...figures(evaluation, control),
      "",
    ]),
    ["hull (zero router)", "control", "", "–", "–", "–", aiq(evaluation, "zero"), ""],
  ];
}

function figures({ sets, pools }: Evaluation, contender: string): string[] {
  function apgr(numbers: Readonly<Record<string, Estimate>> | undefined): string {
    return cell(numbers?.[`apgr.${contender}`]);
  }
  const [chat, benchmarks] = ["chat", "benchmarks"].map((name) =>
    apgr(pools.find((pool) => pool.name === name)?.numbers),
  );
  const whole = (pools[0] ?? sets[0])?.numbers;
  return [apgr(whole), chat!, benchmarks!, pointCell(whole?.[`aiq.${contender}`])];
}

function aiq({ sets, pools }: Evaluation, contender: string): string {
  return pointCell((pools[0] ?? sets[0])?.numbers[`aiq.${contender}`]);
}

/** Rows of a table with this head; none of another. */
function rowsIn(section: string): string[][] {
  const [head, , ...rows] = section
    .split("\n")
    .filter((line) => line.startsWith("|"))
    .map((line) =>
      line
        .split("|")
        .slice(1, -1)
        .map((text) => text.trim()),
    );
  return head?.join() === HEAD.join() ? rows : [];
}

function scoreOf(row: readonly string[]): number {
  const score = parseFloat(row[APGR] ?? "");
  return Number.isNaN(score) ? -1 : score;
}
