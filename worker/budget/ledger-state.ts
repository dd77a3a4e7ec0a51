/**
 * The ledger's rules: what may be held, what a settlement books, what a lapse leaves. Pure, and small: an
 * operation is given the rows that it names, and answers the rows that it changes.
 *
 *     reserve: nothing → held (again: more of it)     lapse:  held → lapsed
 *     settle:  anything but settled → settled         settle by estimate: nothing, held or lapsed → estimated
 *
 * A hold remembers how much it took from which slot, so it is given back there, also when the window has gone
 * on since. Used money fills those slots in the order in which they were held, and what exceeds the hold falls
 * into the last: so a window never gets more than was held in it, but for what its last hold was exceeded by.
 *
 * Laws, for any interleaving: a hard account's spent and held together never exceed its limit by more than
 * settlements exceeded their holds; held is the sum of the holds under way; a repeated operation changes
 * nothing. A lapse changes no account's sum, but for `concurrent`, which nobody uses any longer.
 *
 * Hosts: ledger-object.ts runs this code over SQLite. ledger-scripts.ts says the same in Lua, for Redis; one
 * contract suite holds them together (test/contract/ledger-contract.ts).
 */
import type {
  Account,
  Balance,
  Draw,
  Reservation,
  Reserved,
  Settled,
  Settlement,
  Unbilled,
} from "../domain/ledger.ts";

/** Counts of an account within one slot. */
export interface Slot {
  readonly startMs: number;
  readonly spent: number;
  readonly held: number;
}

/** What a request holds of one slot of an account, or what is booked there until its price is certain. */
interface Share {
  readonly account: string;
  readonly startMs: number;
  readonly amount: number;
  /** Given back when it lapses: it is of use only while the request is under way. */
  readonly isPassing: boolean;
}

export interface Hold {
  readonly id: string;
  readonly phase: "held" | "lapsed" | "estimated" | "settled";
  /** In the order in which they were held. */
  readonly shares: readonly Share[];
  /** When a held one lapses, and when any other is forgotten; milliseconds since 1970. */
  readonly expiresMs: number;
}

/** What an operation may read. */
export interface Rows {
  /** All slots of an account, in any order. */
  slots(account: string): readonly Slot[];
  hold(id: string): Hold | undefined;
  /** Until when a gate is shut; 0 for an open one. */
  shutUntilMs(gate: string): number;
}

/** What it has changed: whole rows, to be put in place of those that were read. */
export interface Changes {
  readonly hold?: Hold;
  readonly slots: readonly (Slot & { readonly account: string })[];
  /** Slots that count no longer. */
  readonly dead: readonly { readonly account: string; readonly startMs: number }[];
}

interface Outcome<T> {
  readonly answer: T;
  readonly changes: Changes;
}

/** A settled request is remembered for so long, so that a repeated settlement finds it. */
export const SETTLED_KEPT_MS = 15 * 60_000;
/** One without a certain price for so long: until the vendor's bill of the month has come. */
export const UNBILLED_KEPT_MS = 35 * 24 * 3_600_000;

const NO_CHANGES: Changes = { slots: [], dead: [] };

export function reserve(rows: Rows, reservation: Reservation): Outcome<Reserved> {
  const { id, draws, gates, nowMs } = reservation;
  const gate = gates.find((name) => rows.shutUntilMs(name) > nowMs);
  if (gate !== undefined) return { answer: { kind: "shut", gate }, changes: NO_CHANGES };
  const hold = remembered(rows, id, nowMs);
  if (hold !== undefined && hold.phase !== "held")
    return { answer: { kind: "closed" }, changes: NO_CHANGES };

  const book = new Book(rows);
  const shares = [...(hold?.shares ?? [])];
  for (const { account, amount } of draws) {
    const more = Math.max(amount - heldIn(shares, account.name), 0);
    const left = leftIn(account, book.balance(account));
    if (more > left) {
      const balances = draws.map((draw) => new Book(rows).balance(draw.account));
      const answer: Reserved = { kind: "refused", account: account.name, left, balances };
      return { answer, changes: NO_CHANGES };
    }
    if (more === 0) continue;
    const { name, slotMs: startMs, unit } = account;
    book.add({ account: name, startMs }, { spent: 0, held: more });
    addShare(shares, { account: name, startMs, amount: more, isPassing: unit === "concurrent" });
  }
  const expiresMs = Math.max(reservation.expiresMs, hold?.expiresMs ?? 0);
  const balances = draws.map(({ account }) => book.balance(account));
  return {
    answer: { kind: "held", balances },
    changes: { hold: { id, phase: "held", shares, expiresMs }, ...book.changes(draws) },
  };
}

export function settle(rows: Rows, settlement: Settlement): Outcome<Settled> {
  const { id, draws, isEstimate = false, nowMs } = settlement;
  const hold = remembered(rows, id, nowMs);
  const book = new Book(rows);
  const before = draws.map(({ account }) => book.balance(account).spent);
  const isRepeat = hold?.phase === "settled" || (isEstimate && hold?.phase === "estimated");
  const booked = isRepeat ? [] : rebook(book, hold, draws);
  const answer: Settled = {
    isRepeat,
    balances: draws.map(({ account }, at) => ({
      ...book.balance(account),
      spentBefore: before[at]!,
    })),
  };
  if (isRepeat) return { answer, changes: NO_CHANGES };
  const settled: Hold = isEstimate
    ? { id, phase: "estimated", shares: booked, expiresMs: nowMs + UNBILLED_KEPT_MS }
    : { id, phase: "settled", shares: [], expiresMs: nowMs + SETTLED_KEPT_MS };
  return { answer, changes: { hold: settled, ...book.changes(draws) } };
}

/** Ends a hold that has expired. Its money counts as spent: a vendor may well have billed it. */
export function lapse(rows: Rows, hold: Hold, nowMs: number): Changes {
  const book = new Book(rows);
  for (const { account, startMs, amount, isPassing } of hold.shares)
    book.add({ account, startMs }, { spent: isPassing ? 0 : amount, held: -amount });
  const shares = hold.shares.filter(({ isPassing }) => !isPassing);
  const lapsed: Hold = { ...hold, phase: "lapsed", shares, expiresMs: nowMs + UNBILLED_KEPT_MS };
  return { hold: lapsed, ...book.changes([]) };
}

/** What accounts come to. */
export function read(rows: Rows, accounts: readonly Account[]): Balance[] {
  const book = new Book(rows);
  return accounts.map((account) => book.balance(account));
}

/** A request without a certain price as operators see it, one amount for each account; undefined for any other. */
export function unbilledOf({ id, phase, shares, expiresMs }: Hold): Unbilled | undefined {
  if (phase !== "lapsed" && phase !== "estimated") return undefined;
  const names = [...new Set(shares.map(({ account }) => account))];
  const amounts = names.map((account) => ({ account, amount: heldIn(shares, account) }));
  return { id, why: phase, sinceMs: expiresMs - UNBILLED_KEPT_MS, amounts };
}

/** A request's hold, unless it has been over for so long that it is forgotten, swept out or not. */
function remembered(rows: Rows, id: string, nowMs: number): Hold | undefined {
  const hold = rows.hold(id);
  const isForgotten = hold !== undefined && hold.phase !== "held" && hold.expiresMs <= nowMs;
  return isForgotten ? undefined : hold;
}

/** What an account can still give; one that does not refuse can give everything. */
function leftIn({ limit, isHard }: Account, { spent, held }: Balance): number {
  return isHard && limit !== undefined ? Math.max(limit - spent - held, 0) : Infinity;
}

function heldIn(shares: readonly Share[], name: string): number {
  return shares.reduce((sum, { account, amount }) => sum + (account === name ? amount : 0), 0);
}

function addShare(shares: Share[], share: Share): void {
  const at = shares.findIndex(
    ({ account, startMs }) => account === share.account && startMs === share.startMs,
  );
  if (at === -1) shares.push(share);
  else shares[at] = { ...share, amount: shares[at]!.amount + share.amount };
}

/** Puts what was used in the place of what is held or booked so far. Answers what went where. */
function rebook(book: Book, hold: Hold | undefined, draws: readonly Draw[]): Share[] {
  const { phase, shares = [] } = hold ?? {};
  for (const { account, startMs, amount } of shares) {
    const back = phase === "held" ? { spent: 0, held: -amount } : { spent: -amount, held: 0 };
    book.add({ account, startMs }, back);
  }
  return draws.flatMap((draw) => spend(book, draw, shares));
}

/** Books what was used into the slots that it was held in, the last of which takes the rest. Answers where it went. */
function spend(book: Book, { account, amount }: Draw, shares: readonly Share[]): Share[] {
  if (account.unit === "concurrent" || amount === 0) return [];
  const own = shares.filter((share) => share.account === account.name);
  const last = own.pop()?.startMs ?? account.slotMs;
  const booked: Share[] = [];
  let rest = amount;
  for (const { startMs, amount: held } of own) {
    const part = Math.min(held, rest);
    booked.push({ account: account.name, startMs, amount: part, isPassing: false });
    rest -= part;
  }
  booked.push({ account: account.name, startMs: last, amount: rest, isPassing: false });
  for (const { startMs, amount: spent } of booked)
    book.add({ account: account.name, startMs }, { spent, held: 0 });
  return booked;
}

/** The slots that an operation has looked at, as it leaves them. */
class Book {
  readonly #rows: Rows;
  readonly #accounts = new Map<string, Map<number, Slot>>();
  readonly #changed = new Map<string, { account: string; startMs: number }>();

  constructor(rows: Rows) {
    this.#rows = rows;
  }

  balance({ name, sinceMs }: Account): Balance {
    let spent = 0;
    let held = 0;
    for (const slot of this.#slotsOf(name).values()) {
      if (slot.startMs < sinceMs) continue;
      spent += slot.spent;
      held += slot.held;
    }
    return { name, spent, held };
  }

  add(
    { account, startMs }: { account: string; startMs: number },
    { spent, held }: { spent: number; held: number },
  ): void {
    const slots = this.#slotsOf(account);
    const slot = slots.get(startMs) ?? { startMs, spent: 0, held: 0 };
    // A slot that has left its window may be gone before its last request is settled.
    slots.set(startMs, {
      startMs,
      spent: Math.max(slot.spent + spent, 0),
      held: Math.max(slot.held + held, 0),
    });
    this.#changed.set(`${account} ${startMs}`, { account, startMs });
  }

  /** Everything changed, without what its draw no longer keeps and holds nothing. */
  changes(draws: readonly Draw[]): Pick<Changes, "slots" | "dead"> {
    const dead = draws.flatMap(({ account: { name, sinceMs, keptMs = sinceMs } }) =>
      [...this.#slotsOf(name).values()]
        .filter(({ startMs, held }) => startMs < keptMs && held === 0)
        .map(({ startMs }) => ({ account: name, startMs })),
    );
    const gone = new Set(dead.map(({ account, startMs }) => `${account} ${startMs}`));
    const slots = [...this.#changed]
      .filter(([key]) => !gone.has(key))
      .map(([, { account, startMs }]) => ({
        account,
        ...this.#slotsOf(account).get(startMs)!,
      }));
    return { slots, dead };
  }

  #slotsOf(account: string): Map<number, Slot> {
    const known = this.#accounts.get(account);
    if (known !== undefined) return known;
    const slots = new Map(this.#rows.slots(account).map((slot) => [slot.startMs, slot]));
    this.#accounts.set(account, slots);
    return slots;
  }
}
