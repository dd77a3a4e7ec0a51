/**
 * The evaluation of the semantic cache as Markdown: what ships first, then each set with its thresholds, rules and
 * stream, then the pairs that were made to mislead.
 *
 * Whether a rule is within the budget is said of all its orders together and, behind it, of each alone: the promise of a
 * bound is one of single namespaces.
 */
import type { AdversarialReport, AdversarialRow } from "../evaluation/cache/adversarial.ts";
import { binomialShare } from "../evaluation/cache/binomial.ts";
import { BUDGETS, THRESHOLDS } from "../evaluation/cache/contenders.ts";
import type { CourseRow } from "../evaluation/cache/course-rows.ts";
import type {
  CacheEvaluation,
  CacheSetReport,
  StreamReport,
} from "../evaluation/cache/evaluation.ts";
import type { MethodRow, ThresholdRow } from "../evaluation/cache/method-rows.ts";
import { thresholdRule } from "../evaluation/cache/rules.ts";
import { cell, count, fixed, markdown, percent } from "./markdown.ts";

/** The evaluation as Markdown, without a heading of its own. */
export function cacheTable(evaluation: CacheEvaluation): string {
  const { sets, split, orders, resamples, adversarial } = evaluation;
  return [
    `A pair is a hit where the one text is served the other's answer, and a false hit where the two are not labelled equivalent. Rows: ${split}. Intervals of areas and recalls: 95 %, ${count(resamples)} resamples of pairs that share texts; of a threshold's false hits: exact, 95 %; of rules: least and greatest of ${orders} orders, which all share one set.`,
    ...shippedSection(evaluation),
    ...budgetSection(evaluation),
    ...noiseSection(evaluation),
    ...sets.flatMap((set) => setSection(set, evaluation)),
    ...adversarialSection(adversarial),
  ].join("\n\n");
}

function shippedSection({ ships, sets, budget }: CacheEvaluation): string[] {
  const rows = sets.flatMap(({ name, pairs, methods, courses, drawn, stream }) => {
    const alone = methods
      .filter(({ similarity }) => similarity === ships.similarity)
      .map(({ thresholds }) => atThreshold(thresholds[SHOWN]!, pairs));
    const streamed = stream?.rows.filter(({ rule }) => rule === RULES[SHOWN]) ?? [];
    return [
      ...shippedRow(`${name}, pairs`, alone, { courses, ships }),
      ...shippedRow(`${name}, drawn`, ["as above", "as above"], { courses: drawn, ships }),
      ...shippedRow(`${name}, stream`, ownOf(streamed, ships).map(rateCell), {
        courses: stream?.rows ?? [],
        ships,
      }),
    ];
  });
  const threshold = THRESHOLDS[SHOWN].toFixed(2);
  return [
    `### What ships: ${ships.similarity}, guards, ${ships.rule}, a budget of ${fine(budget)}`,
    "False hits per 1,000 hits, and hit rate. Pairs: each once, a text against its partner. Drawn: the same pairs over and over, as in a long life among prompts that come again, where a rule may also remember which entry was wrong. Stream: each text against all earlier ones; what nobody has labelled counts as false.",
    markdown(
      [
        "",
        `threshold ${threshold}`,
        `guards, ${threshold}`,
        `guards, ${ships.rule}`,
        "recall",
        "within budget",
      ],
      rows,
    ),
  ];
}

/** Of the thresholds, the one beside what ships. */
const SHOWN = 1;
const RULES = THRESHOLDS.map((threshold) => thresholdRule(threshold).name);

interface Shipped {
  readonly courses: readonly CourseRow[];
  readonly ships: CacheEvaluation["ships"];
}

function shippedRow(
  name: string,
  thresholds: readonly string[],
  { courses, ships }: Shipped,
): string[][] {
  return ownOf(courses, ships)
    .filter(({ rule }) => rule === ships.rule)
    .map((row) => [name, ...thresholds, rateCell(row), shareCell(row.recall), verdict(row)]);
}

function ownOf(rows: readonly CourseRow[], ships: CacheEvaluation["ships"]): CourseRow[] {
  return rows.filter(({ similarity }) => similarity === ships.similarity);
}

function verdict(row: CourseRow): string {
  const { falseShare, orders, budget } = row;
  if (Number.isNaN(falseShare.value)) return "yes, without a hit";
  const word = falseShare.value <= budget ? "yes" : "**no**";
  return `${word}; beyond in ${beyond(row)} of ${orders} orders`;
}

/** Such as "3 (1 surely)". */
function beyond({ ordersBeyond, ordersSurelyBeyond }: CourseRow): string {
  return ordersBeyond === 0 ? "0" : `${ordersBeyond} (${ordersSurelyBeyond} surely)`;
}

function budgetSection({ ships, sets }: CacheEvaluation): string[] {
  const courses = sets.flatMap(({ name, byBudget, drawnByBudget, stream }) => [
    ...byBudget.map((row) => ({ name: `${name}, pairs`, row })),
    ...drawnByBudget.map((row) => ({ name: `${name}, drawn`, row })),
    ...(stream?.byBudget ?? []).map((row) => ({ name: `${name}, stream`, row })),
  ]);
  const rows = [...Map.groupBy(courses, ({ name }) => name)].map(([name, own]) => [
    name,
    ...own.map(({ row }) => budgetCell(row)),
  ]);
  return [
    `### The same under other budgets: ${ships.similarity}, guards, ${ships.rule}`,
    "False hits per 1,000 hits, hit rate, and in how many orders the budget was exceeded (surely: by an exact test at 5 %, since of a few hits one is soon too many). Columns are budgets, per 1,000 hits:",
    markdown(["", ...BUDGETS.map((budget) => perThousand(budget))], rows),
  ];
}

function budgetCell(row: CourseRow): string {
  if (Number.isNaN(row.falseShare.value)) return "no hit";
  return `${rateCell(row)}, ${beyond(row)} of ${row.orders}`;
}

function noiseSection({ sets }: CacheEvaluation): string[] {
  const rows = sets.map(({ name, noise }) => [
    name,
    ofThese(noise.equalButDifferent, noise.equal),
    cell(binomialShare(noise.equalButDifferent, noise.equal), fine),
    ofThese(noise.chainedButDifferent, noise.chained),
  ]);
  return [
    "### The labels are noisy",
    "People labelled these pairs, and not all as one would. Where two texts are equal but for case, blanks and closing marks and yet labelled different, serving one the other's answer counts as a false hit below, and no method could do better. A false hit below is the method's or the label's, and nobody can say which; of all rows of a file:",
    markdown(
      ["", "equal, but labelled different", "95 %", "joined by a chain, but labelled different"],
      rows,
    ),
  ];
}

function ofThese(some: number, all: number): string {
  return all === 0 ? "none" : `${count(some)} of ${count(all)} (${fine(some / all)})`;
}

function setSection(set: CacheSetReport, { budget, requests }: CacheEvaluation): string[] {
  const { name, pairs, equivalent, methods, courses, drawn, stream } = set;
  return [
    `### ${name}: ${count(pairs)} pairs, ${count(equivalent)} equivalent`,
    `Best thresholds, chosen on the rows that judge them. Sure: recall where an exact bound of 95 % puts the false share at ${fine(budget)} or less.`,
    markdown(
      ["", "area under the curve", "recall at 95 %", "recall at 99 %", "sure", "all served"],
      methods.map(methodCells),
    ),
    "False hits per 1,000 hits, and hit rate, at a threshold:",
    markdown(
      ["", ...THRESHOLDS.map((threshold) => threshold.toFixed(2))],
      methods
        .filter(({ similarity }) => similarity !== "always")
        .map((row) => [methodName(row), ...row.thresholds.map((at) => atThreshold(at, pairs))]),
    ),
    refusalTable(set),
    "The pairs as requests in a random order:",
    courseTable(courses),
    ...(drawn.length === 0
      ? []
      : [`${count(requests)} requests drawn from the pairs with replacement:`, courseTable(drawn)]),
    ...(stream === undefined ? [] : streamSection(stream)),
  ];
}

function streamSection({ questions, rows }: StreamReport): string[] {
  const answerable = percent(rows[0]?.answerable ?? NaN);
  const fixedRows = [...Map.groupBy(rows.filter(isFixed), methodName)].map(([method, own]) => [
    method,
    ...own.map((row) => rateCell(row)),
  ]);
  return [
    `The questions as a stream: ${count(questions)}, each against all earlier ones; for ${answerable} some earlier one is equivalent. What nobody has labelled counts as false. At a threshold:`,
    markdown(["", ...THRESHOLDS.map((threshold) => threshold.toFixed(2))], fixedRows),
    "With rules:",
    courseTable(rows.filter((row) => !isFixed(row))),
  ];
}

function isFixed({ rule }: CourseRow): boolean {
  return RULES.includes(rule);
}

/** Such as "12.5, 4.2 %", with what no label covers. */
function rateCell({ hitRate, falseShare, unlabelled }: CourseRow): string {
  if (Number.isNaN(falseShare.value)) return "no hit";
  const unsaid = unlabelled > 0 ? ` (${percent(unlabelled)} unlabelled)` : "";
  return `${perThousand(falseShare.value)}${unsaid}, ${fine(hitRate.value)}`;
}

function methodCells(row: MethodRow): string[] {
  const { aucPr, recall95, recall99, reach } = row.numbers;
  return [
    methodName(row),
    cell(aucPr),
    cell(recall95),
    cell(recall99),
    fixed(row.sureRecall),
    fixed(reach.value),
  ];
}

function methodName({ similarity, guarded }: { similarity: string; guarded: boolean }): string {
  return guarded ? `${similarity}, guards` : similarity;
}

function atThreshold({ hits, falseShare }: ThresholdRow, pairs: number): string {
  return hits === 0 ? "no hit" : `${cell(falseShare, perThousand)}, ${fine(hits / pairs)}`;
}

function refusalTable({ refusals, pairs, equivalent }: CacheSetReport): string {
  const rows = Object.entries(refusals)
    .toSorted(([, a], [, b]) => b.different - a.different)
    .map(([guard, row]) => [
      guard,
      ofThese(row.different, pairs - equivalent),
      ofThese(row.equivalent, equivalent),
    ]);
  return markdown(["guard that refuses first", "different pairs", "equivalent pairs"], rows);
}

function courseTable(rows: readonly CourseRow[]): string {
  return markdown(
    [
      "",
      "hit rate",
      "false hits per 1,000 hits",
      "of these unlabelled",
      "recall",
      "hits audited",
      "within budget",
    ],
    rows.map((row) => [
      `${methodName(row)}, ${row.rule}`,
      shareCell(row.hitRate),
      cell(row.falseShare, perThousand),
      Number.isNaN(row.falseShare.value) ? "–" : percent(row.unlabelled),
      shareCell(row.recall),
      percent(row.audited),
      verdict(row),
    ]),
  );
}

function adversarialSection({ different, rephrasings, rows }: AdversarialReport): string[] {
  const kinds = Object.keys(different);
  const all = Object.values(different).reduce((sum, pairs) => sum + pairs, 0);
  return [
    `### Pairs made to mislead: ${all} that ask for something else, ${rephrasings} rephrasings`,
    "How many are served. The guards alone are the worst case of any similarity behind them.",
    markdown(
      ["", ...kinds.map((kind) => `${kind}, ${different[kind]}`), "false hits", "rephrasings"],
      rows.map((row) => adversarialCells(row, kinds)),
    ),
  ];
}

function adversarialCells(row: AdversarialRow, kinds: readonly string[]): string[] {
  const { similarity, threshold, guarded, falseHits, rephrasings } = row;
  const name =
    similarity === undefined
      ? "guards alone"
      : `${methodName({ similarity, guarded })}, ${threshold.toFixed(2)}`;
  const counts = kinds.map((kind) => falseHits[kind] ?? 0);
  const all = counts.reduce((sum, served) => sum + served, 0);
  return [name, ...counts.map(String), `**${all}**`, String(rephrasings)];
}

function shareCell(estimate: CourseRow["hitRate"]): string {
  return cell(estimate, fine);
}

/** Such as "4.2 %". */
function fine(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** Such as "12.5", of a share of 0.0125. */
function perThousand(share: number): string {
  return (1_000 * share).toFixed(1);
}
