/** The books of a storm of events for people. */
import { textTable } from "../report/text-table.ts";
import type { PricedTwice } from "./event-books.ts";
import type { EventStormReport } from "./event-storm.ts";

/** Requests that are shown one by one. */
const SHOWN = 10;

export function eventStormTable({ seconds, facts, books, reasons }: EventStormReport): string {
  const { lost } = books;
  const rows: [string, string | number][] = [
    ["requests", books.requests],
    ["seconds in all", seconds.toFixed(1)],
    ["answered", books.answered],
    ["kills, with requests under way", `${facts.kills.length} (${facts.kills.join(", ")})`],
    ["connections that broke", books.broken],
    ["failed otherwise", books.failed],
    ["records acknowledged", books.acknowledged],
    ["  in no file", books.missing.length],
    ["files", facts.files],
    ["decisions in them", books.decisions],
    ["feedback and signals in them", books.others],
    ["records that are there twice", books.twice.length],
    ["decisions with the bill's price", books.equal],
    ["  with another, whole", books.different.length],
    ["  with another, cut short", books.cut.length],
    ["billed without an event", lost.length],
    ["  under way at a kill", lost.filter(({ wasAnswered }) => !wasAnswered).length],
    [
      "  answered, lost before they were acknowledged",
      lost.filter(({ wasAnswered }) => wasAnswered).length,
    ],
    ["vendor's bill", usd(books.billedMicroUsd)],
    ["events", usd(books.eventsMicroUsd)],
    ["  what was cut or lost", usd(books.explainedMicroUsd)],
    [
      "  left unexplained",
      usd(books.billedMicroUsd - books.eventsMicroUsd - books.explainedMicroUsd),
    ],
  ];
  const failures = Map.groupBy(
    facts.results.filter(({ ending }) => ending !== "answered"),
    ({ detail }) => detail,
  );
  return [
    textTable(
      ["", ""],
      rows.map(([name, value]) => [name, String(value)]),
    ),
    "",
    books.brokenLaws.length === 0 ? "every law held" : books.brokenLaws.join("; "),
    ...[...failures].map(([detail, all]) => `  ${all.length} × ${detail}`),
    ...reasons.map((reason) => `  dropped: ${reason}`),
    ...books.missing
      .slice(0, SHOWN)
      .map(({ requestId, kind }) => `  in no file: ${requestId} ${kind}`),
    ...books.different.slice(0, SHOWN).map((one) => `  two prices: ${priced(one)}`),
    ...books.cut.slice(0, SHOWN).map((one) => `  cut: ${priced(one)}`),
  ].join("\n");
}

function priced({ requestId, event, billed }: PricedTwice): string {
  return `${requestId} event ${usd(event)}, billed ${usd(billed)}`;
}

function usd(microUsd: number): string {
  return `${microUsd < 0 ? "−" : ""}$${(Math.abs(microUsd) / 1e6).toFixed(6)}`;
}
