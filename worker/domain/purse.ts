/**
 * The money and the leave of one request, as the pipeline asks for them: the vocabulary between use cases and
 * budgets. A purse is opened when a request begins, covers each call before it is made, and is settled once.
 */
import type { RouterError } from "./errors.ts";
import type { Standing } from "./standing.ts";

/** Micro-dollars by `provider/model`. */
export type Costs = ReadonlyMap<string, number>;

/** These costs and one more. */
export function withCost(costs: Costs, model: string, microUsd: number): Costs {
  return new Map([...costs, [model, (costs.get(model) ?? 0) + microUsd]]);
}

export function sumOf(costs: Costs): number {
  return [...costs.values()].reduce((sum, microUsd) => sum + microUsd, 0);
}

/** Whether what was asked for is held now; if not, what could be. */
export type Cover =
  | { readonly isCovered: true }
  | {
      readonly isCovered: false;
      /** What the request could hold in all, of the budget that said no. */
      readonly leftMicroUsd: number;
      /** Where that budget is of one model only. */
      readonly model?: string;
      /** What to tell the client where nothing cheaper helps. */
      readonly error: RouterError;
    };

export interface Purse {
  /** Whether a hard budget is among those it draws on, so that a stream may have to end early. */
  readonly isBounded: boolean;
  /** Resolves when the request is settled in the ledger, or nothing was to be settled. Never rejects. */
  readonly closed: Promise<void>;
  /**
   * Holds what the calls of the request may cost in all, and its tokens. Only raises. Rejects with RouterError:
   * 429 for a rate limit, 401 for a key that was shut, 503 where a hard budget cannot be asked.
   */
  cover(costs: Costs, tokens: number): Promise<Cover>;
  /** What the request could spend at the model in all, as the ledger said last; Infinity without a hard budget. */
  leftFor(model: string): number;
  /** Books what was used; the first time only. @param isEstimate Whether a vendor may bill something else. */
  settle(costs: Costs, tokens: number, isEstimate?: boolean): void;
  /** Where its budgets and limits stand, as far as this request knows; its own use instead of its hold once settled. */
  standings(): readonly Standing[];
}

/** Of a request that nobody limits or counts. */
export const UNCOUNTED: Purse = {
  isBounded: false,
  closed: Promise.resolve(),
  cover: async () => ({ isCovered: true }),
  leftFor: () => Infinity,
  settle() {},
  standings: () => [],
};
