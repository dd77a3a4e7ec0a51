/**
 * The switch and the promise as Markdown: what happens when answers change, how hits come back, false alarms, in how
 * many namespaces the budget was exceeded, and how soon a namespace serves what it could.
 */
import { ALARM } from "../../worker/cache/trust/watch.ts";
import type { Spread } from "../evaluation/drift/drift-rows.ts";
import type { DriftEvaluation } from "../evaluation/drift/evaluation.ts";
import type { AlarmRow } from "../evaluation/drift/false-alarms.ts";
import { CHECKPOINTS, type Beyond, type PromiseRow } from "../evaluation/drift/promise.ts";
import { cell, count, markdown, percent } from "./markdown.ts";

/** The evaluation as Markdown, without a heading of its own. */
export function driftTable(evaluation: DriftEvaluation): string {
  return [
    `Made-up namespaces whose truth is known, played request by request on the \`worker/cache/trust\` that serves, with a budget of ${fine(evaluation.budget)}. How often a pair is wrong falls with its similarity, along a curve and over a mix of similarities that are drawn anew for each namespace. Audits come at once.`,
    ...changeSection(evaluation),
    ...returnSection(evaluation),
    ...alarmSection(evaluation),
    ...promiseSection(evaluation),
    ...learningSection(evaluation),
  ].join("\n\n");
}

function changeSection({ course, runs, unopened, drifts }: DriftEvaluation): string[] {
  const { before, changed } = course;
  const rows = drifts.map((row) => [
    percent(row.changed),
    ofRuns(row.tripped, row.runs),
    ofRuns(row.closedByBound, row.runs),
    ofRuns(row.stillServing, row.runs),
    spread(row.auditsUntilLast),
    spread(row.hitsUntilLast),
    spread(row.auditsUntilTrip),
    spread(row.hitsUntilTrip),
    spread(row.watchAlone),
    row.formula.toFixed(1),
    spread(row.wrong),
  ]);
  return [
    "### Answers change",
    `After ${count(before)} requests a share of all answers is wrong, for ${count(changed)} requests. ${count(runs - unopened)} of ${count(runs)} namespaces served by then and were played under every share; the others show nothing here. Medians, and in brackets 95 % quantiles, over runs: of audits of hits and of hits, from the change to the last hit before the mending (of runs whose hits ended) and to the trip of the watch (of runs that tripped). The bound sees the same audits, and where its evidence is thin it closes before the watch trips; after that there is no hit to audit, so the trips that are seen are the early ones. Watch alone: audits until the trip where nothing else ends hits. Formula: that of \`watch.ts\`, about their mean.`,
    markdown(
      [
        "wrong meanwhile",
        "tripped",
        "closed by the bound alone",
        "still serving at the end",
        "audits until the last hit",
        "hits until then",
        "audits until the trip",
        "hits until then",
        "audits, watch alone",
        "formula",
        "wrong hits meanwhile",
      ],
      rows,
    ),
  ];
}

function returnSection({ course, untilOpen, drifts }: DriftEvaluation): string[] {
  const rows = drifts.map((row) => [
    percent(row.changed),
    spread(row.untilBack, course.after),
    spread(row.untilHalf, course.after),
    ofRuns(row.neverBack, row.runs),
  ]);
  return [
    "### Hits come back",
    `Requests after answers are right again, until the first hit and until a hundred requests bring half as many hits as before the change. ${count(course.after)} were played. For comparison, the first hit of a new namespace came after ${spread(untilOpen)} requests.`,
    markdown(
      ["wrong meanwhile", "first hit", "half of the hits", `none in ${count(course.after)}`],
      rows,
    ),
  ];
}

function alarmSection({ alarms }: DriftEvaluation): string[] {
  return [
    "### False alarms",
    `Trips per 100,000 audits of hits where nothing changes, with exact 95 % intervals. \`watch.ts\` promises at most ${count(PER / ALARM)} wherever no more than the budget is wrong.`,
    markdown(["wrong hits", "audits", "alarms", "per 100,000 audits"], alarms.map(alarmCells)),
  ];
}

const PER = 100_000;

function alarmCells({ wrongShare, audits, alarms, rate }: AlarmRow): string[] {
  return [
    fine(wrongShare),
    count(audits),
    count(alarms),
    cell(rate, (value) => (PER * value).toFixed(2)),
  ];
}

function promiseSection({ promise }: DriftEvaluation): string[] {
  const { rows, servable, all } = promise;
  return [
    "### The promise",
    `At most 5 % of namespaces may ever serve from a threshold above which more than the budget is truly wrong. ${count(CHECKPOINTS.at(-1)!)} requests each; by the share that is wrong where pairs are nearest. Ever: that very count. Expected: more of a namespace's hits were wrong than the budget, by the probability of each. Counted: by what chance made of it. With exact 95 % intervals. Trips: though nothing changed.`,
    markdown(
      [
        "wrong share",
        "namespaces",
        "served",
        "hits",
        "wrong of them",
        "trips",
        "ever beyond",
        "expected beyond",
        "counted beyond",
      ],
      [...rows, servable, all].map(promiseCells),
    ),
  ];
}

function promiseCells(row: PromiseRow): string[] {
  return [
    row.kind,
    count(row.namespaces),
    count(row.opened),
    count(row.hits),
    Number.isNaN(row.wrongShare) ? "–" : fine(row.wrongShare),
    count(row.trips),
    beyond(row.everBeyond),
    beyond(row.expectedBeyond),
    beyond(row.countedBeyond),
  ];
}

/** Such as "3: 0.8 % (0.2 % to 2.2 %)". */
function beyond({ count: namespaces, share }: Beyond): string {
  return Number.isNaN(share.value) ? "–" : `${namespaces}: ${cell(share, fine)}`;
}

function learningSection({ promise }: DriftEvaluation): string[] {
  const rows = promise.rows.filter(({ oracle }) => oracle > 0);
  return [
    "### What is served of what could be",
    "The share of requests that the loosest open step serves, of the share that one could serve within the budget who knew the truth, after so many requests. Medians over namespaces, with 5 % and 95 % quantiles. Namespaces that nobody could serve are left out.",
    markdown(
      ["wrong share", "oracle serves", ...CHECKPOINTS.map(count)],
      rows.map((row) => [
        row.kind,
        percent(row.oracle),
        ...row.learnt.map((share) => cell(share, percent)),
      ]),
    ),
  ];
}

function ofRuns(some: number, runs: number): string {
  return runs === 0 ? "–" : `${count(some)} of ${count(runs)}`;
}

/** Such as "22 (81)"; what was not reached within `most` is shown as more than that. */
function spread({ median, p95 }: Spread, most = Infinity): string {
  if (Number.isNaN(median)) return "–";
  return `${whole(median, most)} (${whole(p95, most)})`;
}

function whole(value: number, most: number): string {
  return value >= most ? `> ${count(most)}` : count(Math.round(value));
}

/** Such as "0.25 %". */
function fine(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}
