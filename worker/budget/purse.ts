/**
 * The purse of one request: what its calls may cost is held in the ledger before they are made, and settled to
 * what they did cost when it is over.
 *
 * One trip to the ledger covers the first call together with the request's rate limits; a call that costs no
 * more than what is held already needs none. The settlement is made after the answer and tried again where it
 * fails; one that is lost for good leaves the hold, which lapses and counts as spent.
 *
 * A ledger that cannot be reached closes hard budgets: without it nobody knows what is left. Where there are
 * none the request goes on, and what it used is booked as soon as the ledger is back.
 */
import { RouterError } from "../domain/errors.ts";
import type { Balance, Draw, Ledger, Settled, Settlement } from "../domain/ledger.ts";
import type { Costs, Cover, Purse } from "../domain/purse.ts";
import { remainingOf, type Standing } from "../domain/standing.ts";
import type { Clock } from "../lib/clock.ts";
import type { Pause } from "../lib/pause.ts";
import { amountOn, type Entry } from "./accounts.ts";
import { budgetSpent, keyShut, ledgerUnreachable, limitReached } from "./refusals.ts";

export interface PurseOptions {
  /** The request's id. */
  readonly id: string;
  readonly ledger: Ledger;
  /** The caller's accounts, now. */
  readonly entries: () => readonly Entry[];
  readonly gates: readonly string[];
  readonly clock: Clock;
  readonly pause: Pause;
  /** Longer than any request takes. */
  readonly leaseMs: number;
  /** What the ledger has said last. Must not throw. */
  readonly onBalances: (entries: readonly Entry[], balances: readonly Balance[]) => void;
  /** These two must not reject; the purse is closed when they are through. */
  readonly onSettled: (entries: readonly Entry[], settled: Settled) => Promise<void>;
  readonly onRefused: (entry: Entry, balance: Balance) => Promise<void>;
  readonly log: (event: PurseEvent) => void;
}

export type PurseEvent =
  | { readonly event: "ledger_unreachable"; readonly request_id: string; readonly reason: string }
  | { readonly event: "settlement_lost"; readonly request_id: string; readonly reason: string };

/** Waits between tries of a settlement; together less than what a platform allows for after an answer. */
const RETRIES_MS = [200, 1_000, 4_000];

/** Nobody aborts a settlement. */
const NEVER = new AbortController().signal;

export class LedgerPurse implements Purse {
  readonly #options: PurseOptions;
  readonly #closing = Promise.withResolvers<void>();
  #entries: readonly Entry[] = [];
  /** As the ledger said last, in the order of the entries. */
  #balances: readonly Balance[] = [];
  /** By account. */
  readonly #held = new Map<string, number>();
  #used: ReadonlyMap<string, number> | undefined;
  /** Whether the ledger may hold anything, as far as is known. */
  #mayHold = false;
  #isUncounted = false;
  /** The first budget that said no; told where nothing cheaper helped either. */
  #refusal: { readonly entry: Entry; readonly balance: Balance } | undefined;

  readonly isBounded: boolean;
  readonly closed = this.#closing.promise;

  constructor(options: PurseOptions) {
    this.#options = options;
    this.#entries = options.entries();
    this.isBounded = this.#entries.some(
      ({ account }) => account.unit === "usd" && account.isHard && account.limit !== undefined,
    );
  }

  async cover(costs: Costs, tokens: number): Promise<Cover> {
    const { id, ledger, gates, clock, leaseMs } = this.#options;
    const entries = this.#options.entries();
    const draws = drawsOf(entries, costs, tokens);
    if (this.#isUncounted || this.#holds(draws)) return { isCovered: true };
    const nowMs = clock.nowMs();
    const asked = { id, draws, gates, nowMs, expiresMs: nowMs + leaseMs };
    const answer = await ledger.reserve(asked).catch((error: unknown) => this.#unreachable(error));
    if (answer === undefined) return { isCovered: true };
    if (answer.kind === "shut") throw keyShut(answer.gate);
    if (answer.kind === "closed") throw ledgerUnreachable("its hold has lapsed");
    this.#see(entries, answer.balances);
    if (answer.kind === "held") {
      this.#mayHold = true;
      for (const { account, amount } of draws)
        this.#held.set(account.name, Math.max(amount, this.#held.get(account.name) ?? 0));
      return { isCovered: true };
    }
    const at = entries.findIndex(({ account }) => account.name === answer.account);
    const [entry, balance] = [entries[at]!, answer.balances[at]!];
    const asks = amountOn(entry, costs, tokens);
    if (entry.account.unit !== "usd") throw limitReached(entry, { asks, nowMs });
    this.#refusal ??= { entry, balance };
    return this.#refused(entry, { asks, left: answer.left });
  }

  #refused(entry: Entry, ask: { readonly asks: number; readonly left: number }): Cover {
    const { account, standing } = entry;
    return {
      isCovered: false,
      leftMicroUsd: (this.#held.get(account.name) ?? 0) + ask.left,
      ...(standing.model !== undefined && { model: standing.model }),
      error: budgetSpent(entry, ask),
    };
  }

  settle(costs: Costs, tokens: number, isEstimate = false): void {
    if (this.#used !== undefined) return;
    const entries = this.#options.entries();
    const draws = drawsOf(entries, costs, tokens);
    const used = this.#mayHold ? draws : [];
    this.#used = new Map(
      used.map(({ account, amount }) => [account.name, account.unit === "concurrent" ? 0 : amount]),
    );
    const closing = this.#mayHold
      ? this.#book(entries, { draws, isEstimate })
      : this.#tellRefusal();
    void closing.finally(() => this.#closing.resolve());
  }

  leftFor(model: string): number {
    const hard = this.standings().filter(
      (standing) =>
        standing.unit === "usd" && standing.isHard && (standing.model ?? model) === model,
    );
    return Math.min(
      ...hard.map((standing) => remainingOf(standing) + (this.#held.get(standing.account) ?? 0)),
    );
  }

  standings(): readonly Standing[] {
    return this.#entries.flatMap(({ account: { name }, standing }, at) => {
      const balance = this.#balances[at];
      if (balance === undefined) return [];
      const { spent, held } = balance;
      if (this.#used === undefined) return [{ ...standing, account: name, spent, held }];
      const own = this.#held.get(name) ?? 0;
      const used = this.#used.get(name) ?? 0;
      return [{ ...standing, account: name, spent: spent + used, held: Math.max(held - own, 0) }];
    });
  }

  #holds(draws: readonly Draw[]): boolean {
    if (this.#held.size === 0) return false;
    return draws.every(({ account, amount }) => (this.#held.get(account.name) ?? 0) >= amount);
  }

  #see(entries: readonly Entry[], balances: readonly Balance[]): void {
    this.#entries = entries;
    this.#balances = balances;
    this.#options.onBalances(entries, balances);
  }

  #unreachable(error: unknown): undefined {
    const reason = reasonOf(error);
    this.#options.log({ event: "ledger_unreachable", request_id: this.#options.id, reason });
    this.#mayHold = true;
    if (this.isBounded) throw ledgerUnreachable("its budget cannot be asked for");
    this.#isUncounted = true;
    return undefined;
  }

  async #tellRefusal(): Promise<void> {
    if (this.#refusal === undefined) return;
    const { entry, balance } = this.#refusal;
    await this.#options.onRefused(entry, balance);
  }

  async #book(
    entries: readonly Entry[],
    used: Pick<Settlement, "draws" | "isEstimate">,
  ): Promise<void> {
    const { id, ledger, clock, pause, log } = this.#options;
    for (const waitMs of [...RETRIES_MS, undefined]) {
      try {
        const settled = await ledger.settle({ id, ...used, nowMs: clock.nowMs() });
        this.#options.onBalances(entries, settled.balances);
        if (!settled.isRepeat) await this.#options.onSettled(entries, settled);
        return;
      } catch (error) {
        if (waitMs !== undefined) await pause(waitMs, NEVER);
        else log({ event: "settlement_lost", request_id: id, reason: reasonOf(error) });
      }
    }
  }
}

/** One draw for each account, also those of which nothing is asked: their balances are wanted. */
function drawsOf(entries: readonly Entry[], costs: Costs, tokens: number): Draw[] {
  return entries.map((entry) => ({
    account: entry.account,
    amount: amountOn(entry, costs, tokens),
  }));
}

function reasonOf(error: unknown): string {
  return error instanceof RouterError || error instanceof Error ? error.message : "not an error";
}
