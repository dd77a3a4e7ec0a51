/**
 * What a ledger keeps, and what it is asked: the vocabulary between whoever spends and whoever counts.
 *
 * An account is one count of something that may run out: micro-dollars of a tenant this month, requests of a
 * key in the last minute, requests under way. A request draws on several at once. What it may use is held
 * before anything happens, all of it or nothing, and settled to what it has used when it is over. Held counts
 * as spent, which is why two requests racing for the last cent cannot both win.
 *
 * What a request has used may be a guess: of an answer that was cut nobody but its vendor knows the price. A
 * settlement by estimate counts like any other and stays open to correction, as does a hold that nobody has
 * settled, until a settlement says what it was for certain: the vendor's bill, when it has come.
 *
 * Windows are not the ledger's business. An account is booked in slots, named by when they begin, and who asks
 * says which slot is now and since when slots count: a calendar month has one slot, a rolling hour sixty, and
 * a total begins at 0. So time zones and calendars stay in one place (budget/windows.ts).
 */

/** What is counted; whole numbers all. `concurrent` is held while a request is under way and never spent. */
export type Unit = "usd" | "requests" | "tokens" | "concurrent";

/** One count, as of now. */
export interface Account {
  /** Unique within its ledger, such as `tenant:acme/usd/month`. */
  readonly name: string;
  readonly unit: Unit;
  /** When the slot began that is booked in, milliseconds since 1970. */
  readonly slotMs: number;
  /** Slots that began before count no longer. */
  readonly sinceMs: number;
  /** And those that began before this are forgotten, where that is earlier: until then they can still be read. */
  readonly keptMs?: number;
  /** What spent and held together may come to: micro-dollars, tokens or a number. Absent: counted only. */
  readonly limit?: number;
  /** Whether it refuses what goes beyond. Else it only tells. */
  readonly isHard: boolean;
}

/** A whole amount, 0 at least, on an account. */
export interface Draw {
  readonly account: Account;
  readonly amount: number;
}

/** An account's counts over the slots that are in its window. */
export interface Balance {
  readonly name: string;
  readonly spent: number;
  readonly held: number;
}

export interface Reservation {
  /** The request's. Reserving again under it raises what is held to the new amounts, and never lowers it. */
  readonly id: string;
  readonly draws: readonly Draw[];
  /** Whom the request comes from; refused while any of them is shut. */
  readonly gates: readonly string[];
  /** When the hold lapses if nobody settles it, milliseconds since 1970. */
  readonly expiresMs: number;
  readonly nowMs: number;
}

/** All amounts are held, or none. Balances are those after it, the own hold among them, in the order of the draws. */
export type Reserved =
  | { readonly kind: "held"; readonly balances: readonly Balance[] }
  | {
      readonly kind: "refused";
      /** The first account that could not give what was asked. */
      readonly account: string;
      /** What it could still give, 0 at least, beside what the request holds there already. */
      readonly left: number;
      readonly balances: readonly Balance[];
    }
  | { readonly kind: "shut"; readonly gate: string }
  /** The request is over; its money has been settled. */
  | { readonly kind: "closed" };

export interface Settlement {
  readonly id: string;
  /** What was used, by account. An account that was held and is not named has used nothing. */
  readonly draws: readonly Draw[];
  /** Whether the vendor may bill something else. Left out: it is certain. */
  readonly isEstimate?: boolean;
  readonly nowMs: number;
}

/** What a settlement has changed. One that knows no more than one before it changes nothing. */
export interface Settled {
  readonly isRepeat: boolean;
  /** In the order of the draws; `spentBefore` is what the account had spent before it. */
  readonly balances: readonly (Balance & { readonly spentBefore: number })[];
}

/** A request whose price nobody knows for certain. What is booked counts as spent until it is settled after all. */
export interface Unbilled {
  readonly id: string;
  /** A hold that nobody has settled in time, or a settlement by estimate. */
  readonly why: "lapsed" | "estimated";
  readonly sinceMs: number;
  /** What is booked. */
  readonly amounts: readonly { readonly account: string; readonly amount: number }[];
}

/**
 * The accounts of one organisation: its own, its tenants', their keys' and models'. Every operation is atomic
 * and may be repeated. Rejects when the host cannot be reached; then nothing is known of what was done, and
 * asking again under the same id is safe.
 */
export interface Ledger {
  reserve(reservation: Reservation): Promise<Reserved>;
  /** Also books what was never held, and corrects what has lapsed or was estimated. */
  settle(settlement: Settlement): Promise<Settled>;
  read(accounts: readonly Account[]): Promise<readonly Balance[]>;
  /** Turns all requests of the gate away until then. */
  shut(gate: string, untilMs: number): Promise<void>;
  /** Ends holds that have expired and forgets what is long over; some hundred at a time. Resolves with how many lapsed. */
  lapse(nowMs: number): Promise<number>;
  /** What has lapsed or was estimated, and not corrected: the oldest first, at most a thousand; or the one request. */
  unbilled(id?: string): Promise<readonly Unbilled[]>;
}
