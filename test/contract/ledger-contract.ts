/**
 * What every ledger must do: the core over maps, the Durable Object, Redis.
 *
 * The laws are checked against a model that knows nothing of slots and rows: a list of the requests that are
 * under way and of what was used. Time is an argument, so nothing waits.
 */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import { UNBILLED_KEPT_MS, SETTLED_KEPT_MS } from "../../worker/budget/ledger-state.ts";
import type { Account, Draw, Ledger, Reserved, Unit } from "../../worker/domain/ledger.ts";

const T0 = 1_700_000_000_000;
const LEASE_MS = 60_000;

export function account(name: string, more: Partial<Account> = {}): Account {
  return { name, unit: "usd", slotMs: 0, sinceMs: 0, isHard: true, ...more };
}

/** A window of a second. */
function day(at: number, kept: { keptMs?: number } = {}): Account {
  return account("day", { slotMs: at * 1_000, sinceMs: at * 1_000, isHard: false, ...kept });
}

function draw(amount: number, of: Account): Draw {
  return { account: of, amount };
}

interface Ask {
  readonly gates?: readonly string[];
  readonly nowMs?: number;
}

/** Asks to hold these amounts. */
function ask(
  ledger: Ledger,
  [id, ...draws]: readonly [id: string, ...draws: Draw[]],
  { gates = [], nowMs = T0 }: Ask = {},
): Promise<Reserved> {
  return ledger.reserve({ id, draws, gates, nowMs, expiresMs: nowMs + LEASE_MS });
}

/** @param open A ledger of its own for every call, empty. */
export function ledgerContract(open: () => Promise<Ledger>): void {
  describe("holding and settling", () => {
    it("holds all or nothing, and counts what is held as spent", async ({ expect }) => {
      const ledger = await open();
      const wide = account("tenant/usd/day", { limit: 1_000 });
      const narrow = account("key/usd/day", { limit: 100 });
      expect(await ask(ledger, ["a", draw(80, wide), draw(80, narrow)])).toEqual({
        kind: "held",
        balances: [
          { name: wide.name, spent: 0, held: 80 },
          { name: narrow.name, spent: 0, held: 80 },
        ],
      });
      expect(await ask(ledger, ["b", draw(21, wide), draw(21, narrow)])).toEqual({
        kind: "refused",
        account: narrow.name,
        left: 20,
        balances: [
          { name: wide.name, spent: 0, held: 80 },
          { name: narrow.name, spent: 0, held: 80 },
        ],
      });
      expect(await ledger.read([wide])).toEqual([{ name: wide.name, spent: 0, held: 80 }]);
      expect((await ask(ledger, ["c", draw(20, wide), draw(20, narrow)])).kind).toBe("held");
    });

    it("gives back what was not used, and takes what was used beyond", async ({ expect }) => {
      const ledger = await open();
      const money = account("m", { limit: 100 });
      await ask(ledger, ["a", draw(60, money)]);
      const cheap = await ledger.settle({ id: "a", draws: [draw(10, money)], nowMs: T0 });
      expect(cheap).toEqual({
        isRepeat: false,
        balances: [{ name: "m", spent: 10, held: 0, spentBefore: 0 }],
      });
      await ask(ledger, ["b", draw(90, money)]);
      const dear = await ledger.settle({ id: "b", draws: [draw(95, money)], nowMs: T0 });
      expect(dear.balances).toEqual([{ name: "m", spent: 105, held: 0, spentBefore: 10 }]);
      expect(await ask(ledger, ["c", draw(1, money)])).toMatchObject({ kind: "refused", left: 0 });
      expect((await ask(ledger, ["d", draw(0, money)])).kind).toBe("held");
    });

    it("raises a hold and never lowers it", async ({ expect }) => {
      const ledger = await open();
      const money = account("m", { limit: 100 });
      await ask(ledger, ["a", draw(40, money)]);
      expect((await ask(ledger, ["a", draw(90, money)])).kind).toBe("held");
      expect((await ask(ledger, ["a", draw(50, money)])).kind).toBe("held");
      expect(await ledger.read([money])).toEqual([{ name: "m", spent: 0, held: 90 }]);
      expect(await ask(ledger, ["a", draw(101, money)])).toMatchObject({
        kind: "refused",
        left: 10,
      });
      expect(await ledger.read([money])).toEqual([{ name: "m", spent: 0, held: 90 }]);
    });

    it("prolongs a hold and never shortens it", async ({ expect }) => {
      const ledger = await open();
      const draws = [draw(1, account("m"))];
      for (const leaseMs of [20, 30, 10])
        await ledger.reserve({ id: "a", draws, gates: [], nowMs: T0, expiresMs: T0 + leaseMs });
      expect(await ledger.lapse(T0 + 29)).toBe(0);
      expect(await ledger.lapse(T0 + 30)).toBe(1);
    });

    it("adds accounts to a hold", async ({ expect }) => {
      const ledger = await open();
      const [one, two] = [account("one", { limit: 10 }), account("two", { limit: 10 })];
      await ask(ledger, ["a", draw(5, one)]);
      await ask(ledger, ["a", draw(8, one), draw(3, two)]);
      await ledger.settle({ id: "a", draws: [draw(4, one), draw(2, two)], nowMs: T0 });
      expect(await ledger.read([one, two])).toEqual([
        { name: "one", spent: 4, held: 0 },
        { name: "two", spent: 2, held: 0 },
      ]);
    });

    it("lets a soft account and one without a limit go beyond", async ({ expect }) => {
      const ledger = await open();
      const soft = account("soft", { limit: 10, isHard: false });
      const counted = account("counted");
      const answer = await ask(ledger, ["a", draw(25, soft), draw(25, counted)]);
      expect(answer).toMatchObject({ kind: "held", balances: [{ held: 25 }, { held: 25 }] });
    });

    it("books what was never held", async ({ expect }) => {
      const ledger = await open();
      const money = account("m", { limit: 100 });
      await ledger.settle({ id: "a", draws: [draw(30, money)], nowMs: T0 });
      expect(await ledger.read([money])).toEqual([{ name: "m", spent: 30, held: 0 }]);
      expect((await ask(ledger, ["a", draw(1, money)])).kind).toBe("closed");
    });

    it("settles what is held and not named to nothing", async ({ expect }) => {
      const ledger = await open();
      const money = account("m", { limit: 100 });
      await ask(ledger, ["a", draw(30, money)]);
      await ledger.settle({ id: "a", draws: [], nowMs: T0 });
      expect(await ledger.read([money])).toEqual([{ name: "m", spent: 0, held: 0 }]);
    });

    it("keeps names with any characters apart", async ({ expect }) => {
      const ledger = await open();
      const names = ["a:b/c", "a", "a:b", "key:k/usd/month/openai/gpt-5.4", "ü 💸 {x}", "a b"];
      for (const [at, name] of names.entries())
        await ledger.settle({ id: `r${at}`, draws: [draw(at + 1, account(name))], nowMs: T0 });
      const balances = await ledger.read(names.map((name) => account(name)));
      expect(balances.map(({ spent }) => spent)).toEqual([1, 2, 3, 4, 5, 6]);
    });

    it("counts to a billion dollars", async ({ expect }) => {
      const ledger = await open();
      const limit = 1_000_000_000_000_000;
      const money = account("m", { limit });
      await ledger.settle({ id: "a", draws: [draw(limit - 1, money)], nowMs: T0 });
      expect((await ask(ledger, ["b", draw(1, money)])).kind).toBe("held");
      expect(await ask(ledger, ["c", draw(1, money)])).toMatchObject({ kind: "refused", left: 0 });
      expect(await ledger.read([money])).toEqual([{ name: "m", spent: limit - 1, held: 1 }]);
    });
  });

  describe("repeating", () => {
    it("changes nothing, whatever is repeated", async ({ expect }) => {
      const ledger = await open();
      const money = account("m", { limit: 100 });
      const first = await ask(ledger, ["a", draw(60, money)]);
      expect(await ask(ledger, ["a", draw(60, money)])).toEqual(first);
      const settlement = { id: "a", draws: [draw(50, money)], nowMs: T0 };
      expect((await ledger.settle(settlement)).isRepeat).toBe(false);
      expect(await ledger.settle({ ...settlement, draws: [draw(99, money)] })).toEqual({
        isRepeat: true,
        balances: [{ name: "m", spent: 50, held: 0, spentBefore: 50 }],
      });
      expect((await ask(ledger, ["a", draw(60, money)])).kind).toBe("closed");
      expect(await ledger.read([money])).toEqual([{ name: "m", spent: 50, held: 0 }]);
    });

    it("forgets a settled request in the end, swept out or not", async ({ expect }) => {
      const ledger = await open();
      const money = account("m");
      await ledger.settle({ id: "a", draws: [draw(5, money)], nowMs: T0 });
      const later = T0 + SETTLED_KEPT_MS;
      expect((await ask(ledger, ["a", draw(1, money)], { nowMs: later - 1 })).kind).toBe("closed");
      expect((await ask(ledger, ["a", draw(1, money)], { nowMs: later })).kind).toBe("held");
    });
  });

  describe("windows", () => {
    it("count only the slots that are in them", async ({ expect }) => {
      const ledger = await open();
      const limit = 10;
      for (const [at, amount] of [4, 3, 2].entries()) {
        const now = account("rolling", { limit, slotMs: at * 1_000, sinceMs: 0 });
        await ledger.settle({ id: `r${at}`, draws: [draw(amount, now)], nowMs: T0 });
      }
      const at3 = account("rolling", { limit, slotMs: 3_000, sinceMs: 1_000 });
      expect(await ledger.read([at3])).toEqual([{ name: "rolling", spent: 5, held: 0 }]);
      expect((await ask(ledger, ["a", draw(5, at3)])).kind).toBe("held");
      expect(await ask(ledger, ["b", draw(1, at3)])).toMatchObject({ kind: "refused", left: 0 });
      const at4 = account("rolling", { limit, slotMs: 4_000, sinceMs: 2_000 });
      expect(await ask(ledger, ["b", draw(4, at4)])).toMatchObject({ kind: "refused", left: 3 });
      expect((await ask(ledger, ["b", draw(3, at4)])).kind).toBe("held");
    });

    it("keep those slots to be read that an account says it keeps, and forget the others", async ({
      expect,
    }) => {
      const ledger = await open();
      for (const at of [1, 2, 3])
        await ledger.settle({
          id: `r${at}`,
          draws: [draw(at, day(at, { keptMs: (at - 1) * 1_000 }))],
          nowMs: T0,
        });
      expect(await ledger.read([day(1), day(2), day(3)])).toMatchObject([
        { spent: 5 },
        { spent: 5 },
        { spent: 3 },
      ]);
      await ask(ledger, ["r4", draw(4, day(4, { keptMs: 3_000 }))]);
      expect(await ledger.read([day(1), day(4)])).toMatchObject([
        { spent: 3, held: 4 },
        { spent: 0, held: 4 },
      ]);
      await ledger.settle({ id: "r4", draws: [draw(4, day(4))], nowMs: T0 });
      expect(await ledger.read([day(1)])).toMatchObject([{ spent: 4, held: 0 }]);
    });

    it("book a request into the window in which it was held", async ({ expect }) => {
      const ledger = await open();
      const may = account("month", { limit: 100, slotMs: 5_000, sinceMs: 5_000 });
      const june = account("month", { limit: 100, slotMs: 6_000, sinceMs: 6_000 });
      await ask(ledger, ["a", draw(40, may)]);
      await ask(ledger, ["a", draw(70, june)]);
      expect(await ledger.read([may, june])).toMatchObject([{ held: 70 }, { held: 30 }]);
      await ledger.settle({ id: "a", draws: [draw(65, june)], nowMs: T0 });
      expect(await ledger.read([june])).toEqual([{ name: "month", spent: 25, held: 0 }]);
    });

    it("hold what is under way beyond their end", async ({ expect }) => {
      const ledger = await open();
      const before = account("day", { limit: 10, slotMs: 1_000, sinceMs: 1_000 });
      const after = account("day", { limit: 10, slotMs: 2_000, sinceMs: 2_000 });
      await ask(ledger, ["a", draw(10, before)]);
      expect((await ask(ledger, ["b", draw(10, after)])).kind).toBe("held");
      await ledger.settle({ id: "a", draws: [draw(7, after)], nowMs: T0 });
      expect(await ledger.read([after])).toEqual([{ name: "day", spent: 0, held: 10 }]);
    });
  });

  describe("lapsing", () => {
    it("keeps the money of a hold that nobody settled, and lists it", async ({ expect }) => {
      const ledger = await open();
      const money = account("m", { limit: 100 });
      await ask(ledger, ["a", draw(60, money)]);
      expect(await ledger.lapse(T0 + LEASE_MS - 1)).toBe(0);
      expect(await ledger.lapse(T0 + LEASE_MS)).toBe(1);
      expect(await ledger.lapse(T0 + LEASE_MS)).toBe(0);
      expect(await ledger.read([money])).toEqual([{ name: "m", spent: 60, held: 0 }]);
      const amounts = [{ account: "m", amount: 60 }];
      const expected = [{ id: "a", why: "lapsed", sinceMs: T0 + LEASE_MS, amounts }];
      expect(await ledger.unbilled()).toEqual(expected);
      expect(await ledger.unbilled("a")).toEqual(expected);
      expect((await ask(ledger, ["a", draw(70, money)])).kind).toBe("closed");
    });

    it("is corrected by a settlement that comes after all", async ({ expect }) => {
      const ledger = await open();
      const money = account("m", { limit: 100 });
      await ask(ledger, ["a", draw(60, money)]);
      await ledger.lapse(T0 + LEASE_MS);
      const late = await ledger.settle({ id: "a", draws: [draw(25, money)], nowMs: T0 + LEASE_MS });
      expect(late).toEqual({
        isRepeat: false,
        balances: [{ name: "m", spent: 25, held: 0, spentBefore: 60 }],
      });
      expect(await ledger.unbilled()).toEqual([]);
    });

    it("is forgotten in the end, and what it came to stays spent", async ({ expect }) => {
      const ledger = await open();
      const money = account("m", { limit: 100 });
      await ask(ledger, ["a", draw(60, money)]);
      await ledger.lapse(T0 + LEASE_MS);
      const longAfter = T0 + LEASE_MS + UNBILLED_KEPT_MS;
      await ledger.lapse(longAfter - 1);
      expect(await ledger.unbilled()).toHaveLength(1);
      await ledger.lapse(longAfter);
      expect(await ledger.unbilled()).toEqual([]);
      expect(await ledger.read([money])).toEqual([{ name: "m", spent: 60, held: 0 }]);
      expect((await ask(ledger, ["a", draw(40, money)], { nowMs: longAfter })).kind).toBe("held");
    });

    it("gives back what is of use only while a request is under way", async ({ expect }) => {
      const ledger = await open();
      const seats = account("key/concurrent", { unit: "concurrent", limit: 1 });
      await ask(ledger, ["a", draw(1, seats)]);
      expect((await ask(ledger, ["b", draw(1, seats)])).kind).toBe("refused");
      const later = { nowMs: T0 + LEASE_MS };
      expect((await ask(ledger, ["b", draw(1, seats)], later)).kind).toBe("held");
      await ledger.settle({ id: "b", draws: [draw(1, seats)], nowMs: later.nowMs });
      expect(await ledger.read([seats])).toEqual([{ name: seats.name, spent: 0, held: 0 }]);
      expect((await ledger.unbilled()).map(({ id, amounts }) => [id, amounts])).toEqual([
        ["a", []],
      ]);
    });
  });

  describe("an estimate", () => {
    it("counts like any settlement, and is listed until it is corrected", async ({ expect }) => {
      const ledger = await open();
      const money = account("m", { limit: 100 });
      await ask(ledger, ["a", draw(60, money)]);
      const estimate = { id: "a", draws: [draw(25, money)], isEstimate: true, nowMs: T0 + 1 };
      expect((await ledger.settle(estimate)).isRepeat).toBe(false);
      expect(await ledger.read([money])).toEqual([{ name: "m", spent: 25, held: 0 }]);
      const amounts = [{ account: "m", amount: 25 }];
      const expected = [{ id: "a", why: "estimated", sinceMs: T0 + 1, amounts }];
      expect(await ledger.unbilled()).toEqual(expected);
      expect(await ledger.unbilled("a")).toEqual(expected);
      expect(await ledger.unbilled("b")).toEqual([]);
      expect((await ask(ledger, ["a", draw(30, money)])).kind).toBe("closed");

      const bill = { id: "a", draws: [draw(31, money)], nowMs: T0 + 2 };
      expect(await ledger.settle(bill)).toEqual({
        isRepeat: false,
        balances: [{ name: "m", spent: 31, held: 0, spentBefore: 25 }],
      });
      expect(await ledger.unbilled()).toEqual([]);
      expect(await ledger.unbilled("a")).toEqual([]);
      for (const repeat of [bill, estimate])
        expect((await ledger.settle({ ...repeat, nowMs: T0 + 3 })).isRepeat).toBe(true);
      expect(await ledger.read([money])).toEqual([{ name: "m", spent: 31, held: 0 }]);
    });

    it("changes nothing when it is repeated", async ({ expect }) => {
      const ledger = await open();
      const money = account("m");
      const estimate = { id: "a", draws: [draw(25, money)], isEstimate: true, nowMs: T0 };
      await ledger.settle(estimate);
      const again = await ledger.settle({ ...estimate, draws: [draw(99, money)] });
      expect(again).toMatchObject({ isRepeat: true, balances: [{ spent: 25, spentBefore: 25 }] });
    });

    it("corrects what has lapsed", async ({ expect }) => {
      const ledger = await open();
      const money = account("m");
      await ask(ledger, ["a", draw(60, money)]);
      const nowMs = T0 + LEASE_MS;
      await ledger.lapse(nowMs);
      await ledger.settle({ id: "a", draws: [draw(25, money)], isEstimate: true, nowMs });
      expect(await ledger.read([money])).toEqual([{ name: "m", spent: 25, held: 0 }]);
      expect(await ledger.unbilled()).toMatchObject([{ id: "a", why: "estimated" }]);
    });

    it("is forgotten in the end, and what it came to stays spent", async ({ expect }) => {
      const ledger = await open();
      const money = account("m");
      await ledger.settle({ id: "a", draws: [draw(25, money)], isEstimate: true, nowMs: T0 });
      await ledger.lapse(T0 + UNBILLED_KEPT_MS - 1);
      expect(await ledger.unbilled()).toHaveLength(1);
      await ledger.lapse(T0 + UNBILLED_KEPT_MS);
      expect(await ledger.unbilled()).toEqual([]);
      expect(await ledger.read([money])).toEqual([{ name: "m", spent: 25, held: 0 }]);
    });
  });

  describe("gates", () => {
    it("turn requests away until they open again", async ({ expect }) => {
      const ledger = await open();
      const money = account("m", { limit: 100 });
      await ledger.shut("key:k", T0 + 1_000);
      const gates = ["tenant:t", "key:k"];
      expect(await ask(ledger, ["a", draw(1, money)], { gates })).toEqual({
        kind: "shut",
        gate: "key:k",
      });
      expect((await ask(ledger, ["b", draw(1, money)], { gates: ["key:other"] })).kind).toBe(
        "held",
      );
      const later = { gates, nowMs: T0 + 1_000 };
      expect((await ask(ledger, ["c", draw(1, money)], later)).kind).toBe("held");
      expect(await ledger.read([money])).toEqual([{ name: "m", spent: 0, held: 2 }]);
    });
  });

  it("keeps the laws for any interleaving", async ({ expect }) => {
    await fc.assert(
      fc.asyncProperty(fc.array(stepArbitrary, { minLength: 1, maxLength: 40 }), async (steps) => {
        const ledger = await open();
        const model = new Model();
        for (const step of steps) {
          await model.take(step, ledger);
          const balances = await ledger.read(ACCOUNTS);
          expect(balances).toEqual(model.balances());
          model.requireLaws(expect);
        }
      }),
    );
  });

  it("never gives the same money twice, however many ask at once", async ({ expect }) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 2, maxLength: 20 }),
        fc.integer({ min: 1, max: 200 }),
        async (amounts, limit) => {
          const ledger = await open();
          const money = account("m", { limit });
          const answers = await Promise.all(
            amounts.map((amount, at) => ask(ledger, [`r${at}`, draw(amount, money)])),
          );
          const held = amounts.filter((_, at) => answers[at]!.kind === "held");
          const refused = amounts.filter((_, at) => answers[at]!.kind === "refused");
          const sum = held.reduce((a, b) => a + b, 0);
          expect(sum).toBeLessThanOrEqual(limit);
          // Held only grows here, so a refusal that is not false would still be one now.
          for (const amount of refused) expect(sum + amount).toBeGreaterThan(limit);
          expect(await ledger.read([money])).toEqual([{ name: "m", spent: 0, held: sum }]);
        },
      ),
      { numRuns: 20 },
    );
  });
}

const UNITS: readonly Unit[] = ["usd", "usd", "concurrent"];
const LIMITS = [100, 60, 2];
const ACCOUNTS = UNITS.map((unit, at) => account(`a${at}`, { unit, limit: LIMITS[at]! }));

type Step =
  | { readonly kind: "reserve"; readonly id: string; readonly amounts: readonly number[] }
  | SettleStep
  | { readonly kind: "pass"; readonly ms: number }
  | { readonly kind: "lapse" };

interface SettleStep {
  readonly kind: "settle";
  readonly id: string;
  readonly amounts: readonly number[];
  readonly isEstimate: boolean;
}

const id = fc.constantFrom("a", "b", "c", "d", "e");
const amounts = fc.tuple(fc.nat(70), fc.nat(40), fc.nat(1));
const stepArbitrary: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant("reserve" as const), id, amounts }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("settle" as const),
      id,
      amounts,
      isEstimate: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("pass" as const),
      ms: fc.constantFrom(1, 30_000, 61_000),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("lapse" as const) }) },
);

/** Every request, what it holds and what it has used: the laws by hand. */
class Model {
  #nowMs = T0;
  /** What settlements used beyond what was held, by account. */
  readonly #beyond = [0, 0, 0];
  readonly #requests = new Map<
    string,
    {
      phase: "held" | "lapsed" | "estimated" | "settled";
      amounts: number[];
      expiresMs: number;
    }
  >();

  async take(step: Step, ledger: Ledger): Promise<void> {
    if (step.kind === "pass") this.#nowMs += step.ms;
    else if (step.kind === "lapse") {
      this.#lapse();
      await ledger.lapse(this.#nowMs);
    } else if (step.kind === "reserve") await this.#reserve(step, ledger);
    else await this.#settle(step, ledger);
  }

  async #reserve(step: { id: string; amounts: readonly number[] }, ledger: Ledger): Promise<void> {
    this.#lapse();
    const request = this.#requests.get(step.id);
    const draws = step.amounts.map((amount, at) => draw(amount, ACCOUNTS[at]!));
    const { kind } = await ask(ledger, [step.id, ...draws], { nowMs: this.#nowMs });
    const own = request?.amounts ?? [0, 0, 0];
    const wanted = own.map((amount, at) => Math.max(amount, step.amounts[at]!));
    const sums = this.balances().map(({ spent, held }) => spent + held);
    const fits = wanted.every((amount, at) => {
      const more = amount - own[at]!;
      return more === 0 || sums[at]! + more <= LIMITS[at]!;
    });
    const isOver = request !== undefined && request.phase !== "held";
    const expected = isOver ? "closed" : fits ? "held" : "refused";
    if (kind !== expected) throw new Error(`${step.id} is ${kind} and should be ${expected}`);
    if (kind !== "held") return;
    const expiresMs = Math.max(this.#nowMs + LEASE_MS, request?.expiresMs ?? 0);
    this.#requests.set(step.id, { phase: "held", amounts: wanted, expiresMs });
  }

  async #settle(step: SettleStep, ledger: Ledger): Promise<void> {
    const { isEstimate } = step;
    const request = this.#requests.get(step.id);
    const draws = step.amounts.map((amount, at) => draw(amount, ACCOUNTS[at]!));
    const nowMs = this.#nowMs;
    const { isRepeat } = await ledger.settle({ id: step.id, draws, isEstimate, nowMs });
    const isKnown = request?.phase === "settled" || (isEstimate && request?.phase === "estimated");
    if (isRepeat !== isKnown) throw new Error(`${step.id} settled again`);
    if (isRepeat) return;
    const used = step.amounts.map((amount, at) => (UNITS[at] === "concurrent" ? 0 : amount));
    for (const [at, amount] of used.entries())
      this.#beyond[at]! += Math.max(amount - (request?.amounts[at] ?? 0), 0);
    const phase = isEstimate ? "estimated" : "settled";
    this.#requests.set(step.id, { phase, amounts: used, expiresMs: Infinity });
  }

  #lapse(): void {
    for (const request of this.#requests.values()) {
      if (request.phase !== "held" || request.expiresMs > this.#nowMs) continue;
      request.phase = "lapsed";
      request.amounts = request.amounts.map((amount, at) =>
        UNITS[at] === "concurrent" ? 0 : amount,
      );
    }
  }

  balances() {
    return ACCOUNTS.map(({ name }, at) => {
      const balance = { name, spent: 0, held: 0 };
      for (const { phase, amounts: own } of this.#requests.values())
        balance[phase === "held" ? "held" : "spent"] += own[at]!;
      return balance;
    });
  }

  requireLaws(expect: Expect): void {
    for (const [at, { spent, held }] of this.balances().entries())
      expect(spent + held).toBeLessThanOrEqual(LIMITS[at]! + this.#beyond[at]!);
  }
}

type Expect = (value: number) => { toBeLessThanOrEqual(limit: number): void };
