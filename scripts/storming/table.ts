/** The books of a storm for people: a column for each host, a line for each question, then what was cut. */
import { textTable } from "../report/text-table.ts";
import type { CutAnswer } from "./books.ts";
import type { StormReport } from "./one-host.ts";

/** Cut answers that are shown one by one. */
const SHOWN = 20;

export function stormTable(reports: readonly StormReport[]): string {
  const rows = [...outcomeRows(reports), ...moneyRows(reports), ...killRows(reports)];
  const table = textTable(["", ...reports.map(({ host }) => host)], rows);
  return [table, ...reports.flatMap(details)].join("\n");
}

type Row = readonly string[];

function row(
  name: string,
  reports: readonly StormReport[],
  cell: (report: StormReport) => string | number,
): Row {
  return [name, ...reports.map((report) => String(cell(report)))];
}

function outcomeRows(reports: readonly StormReport[]): Row[] {
  return [
    row("requests", reports, ({ facts }) => facts.results.length),
    row("  at once", reports, ({ concurrency }) => concurrency),
    row("  and after them, to the last cent", reports, ({ facts }) => facts.last.length),
    row("seconds in all", reports, ({ seconds }) => seconds.toFixed(1)),
    row("answered", reports, ({ books }) => books.counts.answered),
    row("stopped by the budget", reports, ({ books }) => books.counts.stopped),
    row("refused (402)", reports, ({ books }) => books.counts.refused),
    row("  refused although there was enough", reports, ({ books }) => books.falseRefusals),
    row("connections that broke", reports, ({ books }) => books.counts.broken),
    row("failed otherwise", reports, ({ books }) => books.counts.failed),
  ];
}

function moneyRows(reports: readonly StormReport[]): Row[] {
  return [
    row("limit", reports, ({ facts }) => usd(facts.limit)),
    row("ledger: spent", reports, ({ facts }) => usd(facts.ledger.spent)),
    row("ledger: held", reports, ({ facts }) => usd(facts.ledger.held)),
    row("left, and what was refused last", reports, ({ books }) =>
      [books.left, books.lastAsked].map(usd).join(" < "),
    ),
    row("vendor's bill", reports, ({ books }) => usd(books.billed)),
    row("overspent: ledger, bill", reports, ({ books }) =>
      [books.overspent, books.billedOver].map(usd).join(", "),
    ),
    row("  what stopped answers may exceed it by", reports, ({ books }) => usd(books.bound)),
    row("whole answers with one price", reports, ({ books }) => books.equal),
    row("  with two", reports, ({ books }) => books.different.length),
    row("ledger less bill", reports, ({ books }) => usd(books.difference)),
    row("  of it by cut answers", reports, ({ books }) => usd(books.explained)),
    row("  when they are settled by the bill", reports, ({ books }) => usd(books.unreconciled)),
  ];
}

function killRows(reports: readonly StormReport[]): Row[] {
  if (reports.every(({ facts }) => facts.kill === undefined)) return [];
  return [
    row("before the kill: spent + held", reports, ({ facts: { kill } }) => standing(kill?.before)),
    row("after the restart", reports, ({ facts: { kill } }) => standing(kill?.after)),
    row("after the leases", reports, ({ facts: { kill } }) => standing(kill?.lapsed)),
    row("lapsed holds", reports, ({ facts: { kill } }) => kill?.holds.length ?? ""),
    row(
      "  outgrown when the worker was killed",
      reports,
      ({ books }) => `${books.outgrown}, by ${usd(books.outgrownBy)}`,
    ),
  ];
}

function details({ host, books, facts }: StormReport): string[] {
  const { cut, different, broken } = books;
  const failures = Map.groupBy(
    [...facts.results, ...facts.last].filter(
      ({ ending }) => ending === "failed" || ending === "broken",
    ),
    ({ detail }) => detail,
  );
  return [
    "",
    `${host}: ${broken.length === 0 ? "every law held" : broken.join("; ")}`,
    ...[...failures].map(([detail, all]) => `  ${all.length} × ${detail}`),
    ...different.slice(0, SHOWN).map((answer) => `  two prices: ${priced(answer)}`),
    ...cut.slice(0, SHOWN).map((answer) => `  cut: ${priced(answer)}`),
    ...(cut.length > SHOWN ? [`  and ${cut.length - SHOWN} more`] : []),
  ];
}

function priced({ requestId, paid, billed, billedFor }: CutAnswer): string {
  return `${requestId} booked ${usd(paid)}, billed ${usd(billed)}: ${billedFor}`;
}

function standing(at: { spent: number; held: number } | undefined): string {
  return at === undefined ? "" : `${usd(at.spent)} + ${usd(at.held)}`;
}

function usd(microUsd: number): string {
  return `${microUsd < 0 ? "−" : ""}$${(Math.abs(microUsd) / 1e6).toFixed(6)}`;
}
