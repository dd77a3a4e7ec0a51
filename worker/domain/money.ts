/**
 * Money is a whole number of micro-dollars. Vendors print prices in US dollars per million tokens,
 * which is micro-dollars per token, so a price needs no conversion: only a product is rounded, once,
 * and always up, because a ledger that rounds down gives money away one call at a time.
 */

/** What a million tokens cost, in US dollars. */
export interface Rates {
  readonly inputUsdPerMTok: number;
  readonly outputUsdPerMTok: number;
  readonly cachedInputUsdPerMTok?: number | undefined;
  /** Written to the vendor's cache, to be kept for minutes; and for an hour. */
  readonly cacheWriteUsdPerMTok?: number | undefined;
  readonly cacheWriteHourUsdPerMTok?: number | undefined;
}

interface Price extends Rates {
  readonly longPrompts?: (Rates & { readonly aboveTokens: number }) | undefined;
}

/** The rates of a request. At some vendors a long prompt has its own, for all of its tokens and the answer's. */
export function ratesFor(price: Price, inputTokens: number): Rates {
  const { longPrompts } = price;
  return longPrompts !== undefined && inputTokens > longPrompts.aboveTokens ? longPrompts : price;
}

/** Micro-dollars of `tokens` at `usdPerMTok`, rounded up. A hair under a whole counts as the whole. */
export function costMicroUsd(tokens: number, usdPerMTok: number): number {
  const exact = tokens * usdPerMTok;
  const nearest = Math.round(exact);
  return Math.abs(exact - nearest) < 1e-6 ? nearest : Math.ceil(exact);
}

/** Whether a cost is above a limit in dollars, whose micro-dollars may come out a hair under the whole. */
export function exceedsUsd(microUsd: number, limitUsd: number): boolean {
  return microUsd > limitUsd * 1e6 + 1e-6;
}

/** "0.000123": dollars with all six places, as headers carry them. */
export function formatUsd(microUsd: number): string {
  return (microUsd / 1e6).toFixed(6);
}
