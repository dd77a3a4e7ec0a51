/**
 * What a model of the training data costs per token, and how many tokens its answers had.
 *
 * A list price counts where there is one. Otherwise the costs that the rows state are explained by a
 * fitted price; and where a row states a cost but no tokens, the tokens follow from the price, so that
 * the length head learns from costs alone. A model with neither gets ASSUMED, marked as such: every
 * unpriced model then costs the same per token and the choice goes by quality.
 */
import { estimateInputTokens } from "../../router-models/features/extract.ts";
import { promptOfText } from "../../router-models/features/prompt.ts";
import type { TrainedModel } from "../../router-models/manifest.ts";
import type { OutcomeRow } from "../dataset/outcome-file.ts";
import { priceOf, type PriceSources } from "../evaluation/costs.ts";
import { outputTokensOf } from "./examples.ts";

export type ModelPrice = TrainedModel["price"];

/** A middling price of 2024, so that a cost reads like one. */
const ASSUMED: ModelPrice = { inputUsdPerMTok: 0.5, outputUsdPerMTok: 1.5, source: "assumed" };
/** What vendors ask for a token of output against one of input, and a usual answer's length. */
const OUTPUT_RATIO = 4;
const USUAL_OUTPUT_TOKENS = 250;

/** A price for each model, by name. */
export function pricesOf(
  rows: readonly OutcomeRow[],
  models: readonly string[],
  sources: PriceSources,
): ReadonlyMap<string, ModelPrice> {
  const survey = new CostSurvey();
  for (const row of rows) survey.add(row);
  return survey.pricesOf(models, sources);
}

/** What rows say about costs, gathered row by row: the rows themselves are not kept. */
export class CostSurvey {
  readonly #totals = new Map<string, CostTotal>();
  /** The first set that names a model; a price group of that name counts first. */
  readonly #datasets = new Map<string, string>();

  add(row: OutcomeRow): void {
    for (const model of Object.keys(row.scores))
      if (!this.#datasets.has(model)) this.#datasets.set(model, row.dataset);
    if (row.cost_usd === undefined) return;
    const tokens = new Map(outputTokensOf(row));
    for (const [model, cost] of Object.entries(row.cost_usd)) {
      const total = this.#totals.get(model) ?? { usd: 0, inputTokens: 0, outputTokens: 0 };
      total.usd += cost;
      total.inputTokens += inputTokensOf(row, model);
      total.outputTokens += tokens.get(model) ?? USUAL_OUTPUT_TOKENS;
      this.#totals.set(model, total);
    }
  }

  /** A price for each of these models, by name. */
  pricesOf(models: readonly string[], sources: PriceSources): ReadonlyMap<string, ModelPrice> {
    return new Map(models.map((model) => [model, this.#priceOf(model, sources)]));
  }

  #priceOf(model: string, sources: PriceSources): ModelPrice {
    const dataset = this.#datasets.get(model) ?? "";
    const listed = priceOf(model, dataset, sources) ?? priceOf(nameOf(model), dataset, sources);
    if (listed !== undefined) {
      const { inputUsdPerMTok, outputUsdPerMTok } = listed;
      return { inputUsdPerMTok, outputUsdPerMTok, source: "list" };
    }
    const total = this.#totals.get(model);
    return total === undefined ? ASSUMED : fitted(total);
  }
}

/** The rows, with output tokens where only a cost was stated. */
export function withTokens(
  rows: readonly OutcomeRow[],
  prices: ReadonlyMap<string, ModelPrice>,
): OutcomeRow[] {
  return rows.map((row) => withDerivedTokens(row, prices));
}

/** One row, with output tokens where only a cost was stated. */
export function withDerivedTokens(
  row: OutcomeRow,
  prices: ReadonlyMap<string, ModelPrice>,
): OutcomeRow {
  if (row.cost_usd === undefined) return row;
  const known = Object.fromEntries(outputTokensOf(row));
  const derived = Object.entries(row.cost_usd).flatMap(([model, cost]): [string, number][] => {
    const price = prices.get(model);
    if (Object.hasOwn(known, model) || price === undefined || price.outputUsdPerMTok === 0)
      return [];
    const input = inputTokensOf(row, model) * price.inputUsdPerMTok;
    return [[model, Math.max((cost * 1e6 - input) / price.outputUsdPerMTok, 1)]];
  });
  return { ...row, out_tokens: { ...known, ...Object.fromEntries(derived) } };
}

interface CostTotal {
  usd: number;
  inputTokens: number;
  outputTokens: number;
}

/** The price at OUTPUT_RATIO that explains the total. */
function fitted({ usd, inputTokens, outputTokens }: CostTotal): ModelPrice {
  const inputUsdPerMTok = (usd * 1e6) / (inputTokens + OUTPUT_RATIO * outputTokens);
  return { inputUsdPerMTok, outputUsdPerMTok: OUTPUT_RATIO * inputUsdPerMTok, source: "fitted" };
}

function inputTokensOf(row: OutcomeRow, model: string): number {
  return row.in_tokens?.[model] ?? estimateInputTokens(promptOfText(row.prompt));
}

function nameOf(model: string): string {
  return model.slice(model.indexOf("/") + 1);
}
