/**
 * An evaluation as Markdown: its tables and what one has to know to read them.
 *
 * The tables put baselines and controls beside the router, and an interval beside the router and beside
 * every difference, because that is the only form in which such numbers should travel; the intervals of
 * the rest are in the JSON. Made for the terminal and for a model's card alike.
 */
import type { Estimate } from "../evaluation/bootstrap.ts";
import { CONTENDERS } from "../evaluation/contenders.ts";
import type { Evaluation, PoolReport, Protocol, SetReport } from "../evaluation/evaluation.ts";
import {
  cell,
  count,
  differenceCell,
  dollars,
  fixed,
  markdown,
  percent,
  pointCell,
  signed,
} from "./markdown.ts";

type Numbers = Readonly<Record<string, Estimate>>;

const TRAINED =
  "It is the way of making releases that is judged, by the present sources and with the first plan, and no release. Intervals are over questions, not over trainings.";
const LEARNT: Record<Protocol, string> = {
  id: "The router learnt the training rows of all sets, the baselines those of the set.",
  cross: `Questions fall into folds. Each row was examined by a router that learnt the other folds of all sets, and by baselines that learnt those of its set; thresholds are each fold's own, and valid rows take no part. ${TRAINED}`,
  "leave-dataset": `Each set was left out once: router and baselines learnt the training rows of all other sets only, and know of each of its models one number, the mean over its training rows. ${TRAINED}`,
  imported:
    "Imported rows, none of them learnt; each model is known by its mean over these rows, the baselines learnt the sets that the router did.",
};

/** The report, without a heading of its own; ends with a line break. */
export function evaluationTable(evaluation: Evaluation): string {
  const { router, resamples, seed, skipped, protocol } = evaluation;
  const parts = [
    `${protocol === "id" || protocol === "imported" ? "Weights" : "Routers:"} ${router}; ${protocol === "cross" ? "training" : "valid"} rows only; 95 % intervals from ${count(resamples)} paired resamples of the questions (seed ${seed}). ${LEARNT[protocol]}`,
    "### Strong or weak: average performance gap recovered (APGR)",
    "The strong model is the best on train rows; the weak one is the cheapest at least half as good, or the least good of these where costs are unknown. A coin gets 0.5, and so does the best single model, made to take only a share of the calls. Shuffled deals the router's opinions out anew within each set: a coin in every set, while in a pool it still tells the sets apart.",
    shareTable(evaluation),
    "### The router's APGR less that of each other",
    "Paired; bold where the interval lies above 0, struck where it lies below.",
    differenceTable(evaluation),
    "### Calls to the strong model, and calibration",
    "CPT(x): share of calls that must go to the strong model to recover x % of the gap; less is better. Flips: prompts that change the model, at half of the calls, when one word in ten has two letters swapped. ECE and Brier score over all models of a set; ECE stands without an interval, because a resample's is too large by nature.",
    callTable(evaluation),
    ...costParts(evaluation),
    ...skipped.map(({ name, why }) => `Not evaluated: ${name} (${why}).`),
  ];
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}

const SHARE_COLUMNS = CONTENDERS.filter((name) => name !== "router");

function shareTable({ sets, pools }: Evaluation): string {
  const head = ["set", "rows", "strong / weak", "router", ...SHARE_COLUMNS];
  function cells(numbers: Numbers): string[] {
    return [
      cell(numbers["apgr.router"]),
      ...SHARE_COLUMNS.map((name) => pointCell(numbers[`apgr.${name}`])),
    ];
  }
  return markdown(head, [
    ...sets.map((set) => [
      set.name,
      count(set.pair?.rows ?? 0),
      pairCell(set),
      ...cells(set.numbers),
    ]),
    ...poolRows(pools, (pool) => ["one pair a set", ...cells(pool.numbers)]),
  ]);
}

function pairCell({ pair }: SetReport): string {
  if (pair === null) return "–";
  const { strong, weak, means } = pair;
  return `${strong} (${fixed(means.strong)}) / ${weak} (${fixed(means.weak)})`;
}

const RIVALS = ["ridge", "knn", "statistics", "length", "category", "bestSingle", "oracle"];

/** The router's APGR less that of each rival, and in how many sets it is ahead and behind. */
export function differenceTable({ sets, pools }: Evaluation): string {
  const names = RIVALS.map((name) => `apgr.router-${name}`);
  function tally(name: string): string {
    const known = sets.flatMap(({ numbers }) => numbers[name] ?? []);
    const ahead = known.filter(({ low }) => low > 0).length;
    const behind = known.filter(({ high }) => high < 0).length;
    return `${ahead} ahead, ${behind} behind, of ${known.length}`;
  }
  return markdown(
    ["router − …", "rows", ...RIVALS.map(title)],
    [
      ...sets.map(({ name, pair, numbers }) => [
        name,
        count(pair?.rows ?? 0),
        ...names.map((key) => differenceCell(numbers[key])),
      ]),
      ...poolRows(pools, ({ numbers }) => names.map((key) => differenceCell(numbers[key]))),
      ["sets", "", ...names.map(tally)],
    ],
  );
}

function callTable({ sets, pools }: Evaluation): string {
  const shares = ["cpt50.router", "cpt50.ridge", "cpt50.length", "cpt80.router", "cpt80.ridge"];
  const head = [
    "set",
    "rows",
    "CPT(50) router",
    "ridge",
    "length",
    "CPT(80) router",
    "ridge",
    "length",
    "flips router",
    "ridge",
    "ECE",
    "Brier",
  ];
  function cells(numbers: Numbers): string[] {
    return [
      ...[...shares, "cpt80.length"].map((name) =>
        name.endsWith("router") ? cell(numbers[name], percent) : pointCell(numbers[name], percent),
      ),
      pointCell(numbers["flips.router"], percent),
      pointCell(numbers["flips.ridge"], percent),
      pointCell(numbers["ece.router"]),
      cell(numbers["brier.router"]),
    ];
  }
  return markdown(head, [
    ...sets.map((set) => [set.name, count(set.rows), ...cells(set.numbers)]),
    ...poolRows(pools, ({ numbers }) => cells(numbers)),
  ]);
}

function costParts(evaluation: Evaluation): string[] {
  const priced = evaluation.sets.filter(({ frontier }) => frontier !== null);
  const unpriced = evaluation.sets.filter(({ frontier }) => frontier === null);
  const fewer =
    unpriced.length === 0
      ? ""
      : ` Fewer than two such models: ${unpriced.map(({ name }) => name).join(", ")}.`;
  const note = `Mean height of the cost–quality hull between the cheapest and the dearest single model of the set, over the models whose costs are known.${fewer}`;
  if (priced.length === 0) return ["### Cost and quality (AIQ)", note];
  return [
    "### Cost and quality (AIQ)",
    note,
    aiqTable(priced, evaluation.pools),
    "### Operating points",
    "AIQ as RouterBench's code has it; P_s, the best mean quality of any setting; CR, the cost of the cheapest setting as good as the best single model, in shares of that model's cost; the cost of a prompt at 95 % of that quality; what the oracle is better where cost is ignored. A dash: no setting gets there.",
    pointTable(priced, evaluation.pools),
  ];
}

const AIQ_COLUMNS = ["zero", "bestSingle", "ridge", "knn", "statistics", "length", "category"];
const AIQ_RIVALS = ["zero", "bestSingle", "ridge", "knn", "length"];

function aiqTable(sets: readonly SetReport[], pools: readonly PoolReport[]): string {
  const columns = [...AIQ_COLUMNS, "random", "oracle"];
  return frontierTable(
    ["router", ...columns.map(title), ...AIQ_RIVALS.map((name) => `router − ${title(name)}`)],
    { sets, pools },
    (numbers) => [
      cell(numbers["aiq.router"]),
      ...columns.map((name) => pointCell(numbers[`aiq.${name}`])),
      ...AIQ_RIVALS.map((name) => differenceCell(numbers[`aiq.router-${name}`])),
    ],
  );
}

function pointTable(sets: readonly SetReport[], pools: readonly PoolReport[]): string {
  const head = [
    "RouterBench AIQ router",
    "ridge",
    "zero router",
    "P_s router",
    "router − best single",
    "CR router",
    "ridge",
    "length",
    "$ at 95 % router",
    "ridge",
    "best single",
    "oracle gap",
  ];
  return frontierTable(head, { sets, pools }, (numbers) => [
    cell(numbers["aiqRouterBench.router"]),
    pointCell(numbers["aiqRouterBench.ridge"]),
    pointCell(numbers["aiqRouterBench.zero"]),
    cell(numbers["peak.router"]),
    cell(numbers["peak.router-bestSingle"], signed),
    cell(numbers["costRatio.router"], percent),
    pointCell(numbers["costRatio.ridge"], percent),
    pointCell(numbers["costRatio.length"], percent),
    pointCell(numbers["costPerQuery95.router"], dollars),
    pointCell(numbers["costPerQuery95.ridge"], dollars),
    pointCell(numbers["costPerQuery95.bestSingle"], dollars),
    cell(numbers["oracleGap.router"]),
  ]);
}

function frontierTable(
  head: readonly string[],
  { sets, pools }: { sets: readonly SetReport[]; pools: readonly PoolReport[] },
  cells: (numbers: Numbers) => readonly string[],
): string {
  const [pooled] = pools;
  const mean =
    pooled === undefined || sets.length < 2 ? [] : [["**mean**", "", "", ...cells(pooled.numbers)]];
  return markdown(
    ["set", "rows", "models", ...head],
    [
      ...sets.map(({ name, frontier, models, numbers }) => [
        name,
        count(frontier!.rows),
        `${frontier!.singles.length} of ${models.length}`,
        ...cells(numbers),
      ]),
      ...mean,
    ],
  );
}

function poolRows(
  pools: readonly PoolReport[],
  cells: (pool: PoolReport) => readonly string[],
): string[][] {
  return pools.map((pool) => [`**${pool.name}**`, count(pool.questions), ...cells(pool)]);
}

function title(name: string): string {
  const TITLES: Record<string, string> = { zero: "zero router", bestSingle: "best single" };
  return TITLES[name] ?? name;
}
