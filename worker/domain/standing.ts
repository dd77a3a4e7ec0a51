/**
 * Where a caller stands with one of its budgets or rate limits: what headers, `/v1/budget`, pacing and operators
 * are told. A copy of the ledger's word, a moment old at best.
 */
import type { Budget } from "./budget.ts";
import type { Unit } from "./ledger.ts";

/** Where one budget or rate limit stands. */
export interface Standing {
  /** The ledger's name for it. */
  readonly account: string;
  /** Whose it is, and its id. */
  readonly scope: "organisation" | "tenant" | "key";
  readonly id: string;
  readonly unit: Unit;
  /** `day`, `week`, `month`, `rolling-24h`, `total`, or seconds as `60s`; of `concurrent`: `now`. */
  readonly window: string;
  readonly model?: string;
  readonly isHard: boolean;
  readonly isPaced: boolean;
  /** Absent: only counted. */
  readonly limit?: number;
  readonly spent: number;
  readonly held: number;
  /** When a calendar window began; absent for others. Milliseconds since 1970. */
  readonly startsMs?: number;
  /** When it begins anew, or what slides has begun to fall out of it. */
  readonly resetsMs?: number;
  /** What the operator has written, of money. */
  readonly budget?: Budget;
}

/** What is left, 0 at least; Infinity where there is no limit. */
export function remainingOf({ limit = Infinity, spent, held }: Standing): number {
  return Math.max(limit - spent - held, 0);
}

/** What pacing goes by, of one budget: counts as of a moment ago, and the time that is left now. */
export interface PacedBudget {
  /** Unique in the deployment. */
  readonly account: string;
  /** The limit less what is spent and held. */
  readonly remainingMicroUsd: number;
  /** Requests since the window began, and how long that was when they were counted. */
  readonly requests: number;
  readonly elapsedMs: number;
  /** From now until the window ends. */
  readonly leftMs: number;
  /** How the window before went, where that is known. */
  readonly before?: Rhythm;
}

/** Requests in each of equally long parts of a window. */
export type Rhythm = readonly number[];

/** Into how many parts the service cuts a window: half hours of a day, some fifteen hours of a month. */
export const RHYTHM_PARTS = 48;

const STALE_SHARE = 0.01;
/** A trip to the ledger must not follow upon the other in a window's last seconds. */
const STALE_AT_LEAST_MS = 100;

/** How old the counts may be that a budget is paced by, in milliseconds, when so much time is left. */
export function staleAfterMs(leftMs: number): number {
  return Math.max(STALE_SHARE * leftMs, STALE_AT_LEAST_MS);
}
