/**
 * Which models of a set take part, and what they are worth and cost as far as one knows beforehand.
 *
 * A model takes part if the router knows it and at least nine in ten training rows have its score; for
 * the metrics of cost it also needs a cost on as many. All of it is read off training rows, so nothing
 * here can be tuned to the rows examined. Imported rows are all for examination, so there the means are
 * those of the rows themselves, and the report says so.
 */
import type { OutcomeRow } from "../dataset/outcome-file.ts";
import { meanQuality } from "./controls.ts";
import { callCostUsd, priceOf, type Price, type PriceSources } from "./costs.ts";
import type { ModelSummary } from "./pair.ts";

const LEAST_COVERAGE = 0.9;

export interface SetModels {
  readonly models: readonly ModelSummary[];
  /** Models of the set that take no part. */
  readonly leftOut: readonly string[];
}

/** The price list as one set sees it. */
export interface SetPrices {
  readonly name: string;
  readonly prices: PriceSources;
}

export type CostOf = (row: OutcomeRow, model: string) => number | undefined;

/** `rows` are those one may know of. Throws an Error where no model takes part. */
export function setModels(
  rows: readonly OutcomeRow[],
  list: SetPrices,
  isKnown: (model: string) => boolean,
): SetModels {
  const named = [...new Set(rows.flatMap(({ scores }) => Object.keys(scores)))].toSorted();
  const costOf = costsIn(list);
  const models = named
    .filter(isKnown)
    .filter((model) => coverage(rows, model) >= LEAST_COVERAGE)
    .map((model) => summarise(model, rows, costOf));
  if (models.length === 0)
    throw new Error(`${list.name}: the router knows none of its models (${named[0]}, …)`);
  const known = new Set(models.map(({ model }) => model));
  return { models, leftOut: named.filter((model) => !known.has(model)) };
}

/** What a call in this set cost in USD; undefined where nobody tells. */
export function costsIn({ name, prices }: SetPrices): CostOf {
  const known = new Map<string, Price | undefined>();
  return (row, model) => {
    if (!known.has(model)) known.set(model, priceOf(model, name, prices));
    return callCostUsd(row, model, known.get(model));
  };
}

/** The list prices that costs of this set are counted at; none for a model whose costs the source states. */
export function pricesIn(
  rows: readonly OutcomeRow[],
  { name, prices }: SetPrices,
): (model: string) => Price | undefined {
  const stated = new Set(rows.flatMap(({ cost_usd: costs = {} }) => Object.keys(costs)));
  return (model) => (stated.has(model) ? undefined : priceOf(model, name, prices));
}

function summarise(model: string, rows: readonly OutcomeRow[], costOf: CostOf): ModelSummary {
  const costs = rows.flatMap((row) =>
    Object.hasOwn(row.scores, model) ? [costOf(row, model)] : [],
  );
  const known = costs.filter((cost) => cost !== undefined);
  const isCosted = known.length > 0 && known.length >= LEAST_COVERAGE * costs.length;
  return {
    model,
    quality: meanQuality(rows, model),
    costUsd: isCosted ? known.reduce((sum, cost) => sum + cost, 0) / known.length : undefined,
  };
}

function coverage(rows: readonly OutcomeRow[], model: string): number {
  return rows.filter(({ scores }) => scores[model] !== undefined).length / rows.length;
}
