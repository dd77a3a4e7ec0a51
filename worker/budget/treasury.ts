/**
 * Opens a purse for every request whose caller is limited or counted, and remembers what the ledgers have said
 * last: pacing wants it before a request, and asks a ledger anew only where that has grown too old.
 */
import type { Balance, Ledger, Settled, Unbilled } from "../domain/ledger.ts";
import { UNCOUNTED, type Purse } from "../domain/purse.ts";
import { staleAfterMs, type PacedBudget, type Standing } from "../domain/standing.ts";
import type { Caller } from "../domain/tenant.ts";
import { BoundedMap } from "../lib/bounded-map.ts";
import type { Clock } from "../lib/clock.ts";
import type { Pause } from "../lib/pause.ts";
import { entriesOf, requestsOf, type Entry } from "./accounts.ts";
import { drawsOfBill } from "./late-bill.ts";
import { UNBILLED_KEPT_MS } from "./ledger-state.ts";
import { LedgerPurse, type PurseEvent } from "./purse.ts";
import { Rhythms } from "./rhythm.ts";
import { Calendars } from "./windows.ts";

export interface TreasuryOptions {
  /** The ledger of an organisation; undefined where the deployment keeps none. */
  readonly ledgerOf: ((organisation: string) => Ledger) | undefined;
  readonly clock: Clock;
  readonly pause: Pause;
  /** How long a hold stands that nobody settles. */
  readonly leaseMs: number;
  readonly log: (event: PurseEvent) => void;
  /** What a settlement has changed, for alerts. Must not reject. */
  readonly onSettled: (
    caller: Caller,
    entries: readonly Entry[],
    settled: Settled,
  ) => Promise<void>;
  /** A hard budget has said no. Must not reject. */
  readonly onRefused: (caller: Caller, entry: Entry, balance: Balance) => Promise<void>;
}

/** Longer than any isolate serves a key that it has remembered. */
const SHUT_MS = 120_000;
/** Times that expired holds are ended, some hundred each time, before what waits is listed. */
const MAX_ROUNDS = 100;
/** Keys that are paced and active in one isolate. */
const MAX_REMEMBERED = 1_000;

export class Treasury {
  readonly #options: TreasuryOptions;
  readonly #calendars = new Calendars();
  /** By key, what is known of the paced budgets above it. */
  readonly #known = new BoundedMap<string, Known>(MAX_REMEMBERED);
  readonly #rhythms = new Rhythms();

  constructor(options: TreasuryOptions) {
    this.#options = options;
  }

  /** The purse of a request; one that does nothing where nothing is limited or counted. @param id The request's. */
  open(caller: Caller, id: string): Purse {
    const { ledgerOf, clock, pause, leaseMs, log, onSettled, onRefused } = this.#options;
    const { organisation, tenant, key } = caller;
    if (ledgerOf === undefined || this.#entriesOf(caller).length === 0) return UNCOUNTED;
    return new LedgerPurse({
      id,
      ledger: ledgerOf(organisation.id),
      entries: () => this.#entriesOf(caller),
      gates: [`tenant:${tenant.id}`, `key:${key.id}`],
      clock,
      pause,
      leaseMs,
      log,
      onBalances: (entries, balances) => this.#remember(caller, entries, spentBy(balances)),
      onSettled: (entries, settled) => onSettled(caller, entries, settled),
      onRefused: (entry, balance) => onRefused(caller, entry, balance),
    });
  }

  /**
   * Where all budgets and limits of the callers stand, who are of one organisation; what they share, once. Rejects when
   * its ledger cannot be reached.
   */
  async standings(callers: readonly [Caller, ...Caller[]]): Promise<Standing[]> {
    const ledger = this.#options.ledgerOf?.(callers[0].organisation.id);
    const byCaller = callers.map((caller) => [caller, this.#entriesOf(caller)] as const);
    const all = byCaller.flatMap(([, own]) => own);
    const entries = [...new Map(all.map((entry) => [entry.account.name, entry])).values()];
    if (ledger === undefined || entries.length === 0) return [];
    const balances = await ledger.read(entries.map(({ account }) => account));
    const spent = spentBy(balances);
    for (const [caller, own] of byCaller) this.#remember(caller, own, spent);
    return standingsOf(entries, balances);
  }

  /** Turns all requests of a gate away until every isolate has learnt why. Rejects when the ledger cannot be reached. */
  async shut(organisation: string, gate: string): Promise<void> {
    const { ledgerOf, clock } = this.#options;
    await ledgerOf?.(organisation).shut(gate, clock.nowMs() + SHUT_MS);
  }

  /** Requests whose price nobody knows for certain, and what is booked. Rejects when the ledger cannot be reached. */
  async unbilled(organisation: string): Promise<readonly Unbilled[]> {
    return this.#waiting(organisation);
  }

  /** Settles one of them by the vendors' bill; false where it is none of them. Rejects as `unbilled` does. */
  async settleByBill(
    organisation: string,
    { requestId: id, costMicroUsd }: { requestId: string; costMicroUsd: number },
  ): Promise<boolean> {
    const { ledgerOf, clock } = this.#options;
    const ledger = ledgerOf?.(organisation);
    const [found] = await this.#waiting(organisation, id);
    if (ledger === undefined || found === undefined) return false;
    const draws = drawsOfBill(found, costMicroUsd);
    const { isRepeat } = await ledger.settle({ id, draws, nowMs: clock.nowMs() });
    return !isRepeat;
  }

  /** Ends what has expired first: of a ledger that nobody asks nobody else may have. */
  async #waiting(organisation: string, id?: string): Promise<readonly Unbilled[]> {
    const ledger = this.#options.ledgerOf?.(organisation);
    if (ledger === undefined) return [];
    const nowMs = this.#options.clock.nowMs();
    for (let rounds = 0; rounds < MAX_ROUNDS; rounds++)
      if ((await ledger.lapse(nowMs)) === 0) break;
    const waiting = await ledger.unbilled(id);
    return waiting.filter(({ sinceMs }) => nowMs < sinceMs + UNBILLED_KEPT_MS);
  }

  /**
   * What to pace the caller by: each of its paced budgets, by the counts known last where its ledger cannot be reached.
   * None of them where it never was in this window.
   */
  async paced(caller: Caller): Promise<readonly PacedBudget[]> {
    const { organisation, tenant, key } = caller;
    const budgets = [organisation, tenant, key].flatMap((owner) => owner.budgets);
    if (!budgets.some(({ is_paced: isPaced }) => isPaced)) return [];
    const nowMs = this.#options.clock.nowMs();
    const known = this.#known.get(key.id);
    const isStale = known === undefined || !isFresh(known, nowMs);
    if (isStale || !this.#knowsRhythms(known))
      await Promise.allSettled([isStale && this.standings([caller]), this.#learnRhythms(caller)]);
    return this.#pacedAt(this.#known.get(key.id), nowMs);
  }

  #knowsRhythms({ budgets }: Known): boolean {
    return budgets.every(({ account, startsMs }) => this.#rhythms.of(account, startsMs));
  }

  /** Reads how the window before went, of paced budgets of which that is not known. */
  async #learnRhythms(caller: Caller): Promise<void> {
    const { organisation } = caller;
    const ledger = this.#options.ledgerOf?.(organisation.id);
    if (ledger === undefined) return;
    const entries = this.#entriesOf(caller);
    for (const { account, standing } of entries) {
      if (!standing.isPaced) continue;
      const counter = entries.find((entry) => entry.account.name === requestsOf(account.name))!;
      await this.#rhythms.learn(`${organisation.id} ${account.name}`, counter.account, ledger);
    }
  }

  #pacedAt(known: Known | undefined, nowMs: number): PacedBudget[] {
    return (known?.budgets ?? []).flatMap(({ startsMs, resetsMs, ...budget }) => {
      if (resetsMs <= nowMs) return [];
      const elapsedMs = known!.atMs - startsMs;
      const rhythm = this.#rhythms.of(budget.account, startsMs);
      const before = rhythm && { before: rhythm };
      return [{ ...budget, elapsedMs, leftMs: resetsMs - nowMs, ...before }];
    });
  }

  #entriesOf(caller: Caller): Entry[] {
    return entriesOf(caller, this.#calendars, this.#options.clock.nowMs());
  }

  /** @param spent And held, by account. */
  #remember(caller: Caller, entries: readonly Entry[], spent: ReadonlyMap<string, number>): void {
    const budgets = entries.flatMap(({ account: { name }, standing }) => {
      const { isPaced, limit = 0, startsMs, resetsMs } = standing;
      if (!isPaced || startsMs === undefined || resetsMs === undefined) return [];
      const remainingMicroUsd = Math.max(limit - (spent.get(name) ?? 0), 0);
      const requests = spent.get(requestsOf(name)) ?? 0;
      const account = `${caller.organisation.id} ${name}`;
      return [{ account, remainingMicroUsd, requests, startsMs, resetsMs }];
    });
    if (budgets.length === 0) return;
    this.#known.set(caller.key.id, { atMs: this.#options.clock.nowMs(), budgets });
  }
}

/** What a ledger has said of a caller's paced budgets, and when. */
interface Known {
  readonly atMs: number;
  readonly budgets: readonly (Pick<PacedBudget, "account" | "remainingMicroUsd" | "requests"> & {
    readonly startsMs: number;
    readonly resetsMs: number;
  })[];
}

function isFresh({ atMs, budgets }: Known, nowMs: number): boolean {
  return budgets.every(
    ({ resetsMs }) => nowMs < resetsMs && nowMs - atMs <= staleAfterMs(resetsMs - nowMs),
  );
}

/** With what is held, by account. */
function spentBy(balances: readonly Balance[]): ReadonlyMap<string, number> {
  return new Map(balances.map(({ name, spent, held }) => [name, spent + held]));
}

function standingsOf(entries: readonly Entry[], balances: readonly Balance[]): Standing[] {
  return entries.map(({ account, standing }, at) => {
    const { spent, held } = balances[at]!;
    return { ...standing, account: account.name, spent, held };
  });
}
