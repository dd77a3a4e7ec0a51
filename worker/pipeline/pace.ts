/**
 * A decision at the pace that the caller's paced budgets set. Each of them learns from every request; the
 * dearest money decides, since its budget is the tightest.
 */
import type { Candidate, Decision, NoCandidate } from "../domain/decision.ts";
import type { PacedBudget } from "../domain/standing.ts";
import { decide, offersOf, type DecideInput } from "../routing/decide.ts";
import type { Pace, PaceBook } from "../routing/pace.ts";

interface Pacing {
  readonly paced: readonly PacedBudget[];
  readonly book: PaceBook;
  /** Whether the request is only asked about: then nothing is learnt of it. */
  readonly isDry: boolean;
}

/** `decide`, with a price of money where there are paced budgets that know one. */
export function decideAtPace(
  input: DecideInput,
  { paced, book, isDry }: Pacing,
): Decision | NoCandidate {
  const open = decide(input);
  if (paced.length === 0 || !("reason" in open)) return open;
  if (!isDry) {
    const offers = offersOf(open, input.policy);
    for (const budget of paced) book.observe(budget.account, offers, budget);
  }
  const pace = paceOf(paced, book);
  return pace === undefined ? open : decide({ ...input, ...pace });
}

/** A model that was named: nothing is chosen, but its cost is learnt. */
export function observeNamed(named: Decision, { policy }: DecideInput, pacing: Pacing): void {
  if (pacing.isDry) return;
  const offers = offersOf(named, policy);
  for (const budget of pacing.paced) pacing.book.observe(budget.account, offers, budget);
}

/** A call for which there was nothing to choose, at what it is expected to cost: it is one of the requests to come too. */
export function observeCost(
  paced: readonly PacedBudget[],
  costMicroUsd: number,
  book: PaceBook,
): void {
  for (const budget of paced)
    book.observe(budget.account, [{ cost: costMicroUsd, quality: 0 }], budget);
}

/** The price of the tightest budget, and the least that any lets a request hold; undefined where none has seen a request. */
export function paceOf(paced: readonly PacedBudget[], book: PaceBook): Pace | undefined {
  const paces = paced.flatMap((budget) => book.paceFor(budget.account, budget) ?? []);
  if (paces.length === 0) return undefined;
  return {
    qualityPerUsd: Math.max(...paces.map(({ qualityPerUsd }) => qualityPerUsd)),
    mostMicroUsd: Math.min(...paces.map(({ mostMicroUsd }) => mostMicroUsd)),
  };
}

/** What a request has cost, beside what was forecast for the model that answered. */
export function learnCost(
  paced: readonly PacedBudget[],
  { candidate, bill }: { candidate: Candidate; bill: { readonly costMicroUsd: number } },
  book: PaceBook,
): void {
  const expectedMicroUsd = candidate.costP50MicroUsd;
  const usedMicroUsd = bill.costMicroUsd;
  for (const { account } of paced) book.settle(account, { expectedMicroUsd, usedMicroUsd });
}
