/**
 * What a model's tokens cost, as people write it into the catalogue.
 *
 * Prices are list prices in US dollars per million tokens as vendors print them; whoever bills converts to integer
 * micro-dollars (worker/domain/money.ts). Long prompts may have rates of their own, in one tier; batch discounts are
 * not kept. Where a price moves with the hour, the dearest one is kept, because budgets reserve the worst case.
 */
import { z } from "zod";

/** A rate. */
export const usdPerMTok = z
  .number("give US dollars per million tokens, as a number")
  .positive("give a price above 0, in US dollars per million tokens");
/** A number of tokens that is not 0. */
export const tokens = z.int("give a whole number of tokens").positive("give at least 1 token");

const rates = {
  inputUsdPerMTok: usdPerMTok,
  outputUsdPerMTok: usdPerMTok,
  cachedInputUsdPerMTok: usdPerMTok.optional(),
  cacheWriteUsdPerMTok: usdPerMTok.optional(),
  cacheWriteHourUsdPerMTok: usdPerMTok.optional(),
};

function isCacheCheap(p: { inputUsdPerMTok: number; cachedInputUsdPerMTok?: number | undefined }) {
  return (p.cachedInputUsdPerMTok ?? 0) <= p.inputUsdPerMTok;
}

const CHEAP_CACHE = {
  path: ["cachedInputUsdPerMTok"],
  error: "a cached token never costs more than a fresh one; check both prices",
};

/** All that a chat model charges. */
export const price = z
  .strictObject({
    ...rates,
    /** For a request whose prompt has more tokens than this, all of them and the answer's. */
    longPrompts: z
      .strictObject({ aboveTokens: tokens, ...rates })
      .refine(isCacheCheap, CHEAP_CACHE)
      .readonly()
      .optional(),
    note: z.string().min(1, "say what is special about the price, or leave it out").optional(),
  })
  .refine(isCacheCheap, CHEAP_CACHE)
  .readonly();
