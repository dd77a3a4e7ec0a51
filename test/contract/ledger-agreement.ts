/**
 * That a host answers what the core over maps answers, word for word, where the contract's model is blind: windows
 * that move on, holds over several slots, late settlements, stale clocks of windows, lapses, gates.
 */
import * as fc from "fast-check";
import type { Account, Draw, Ledger } from "../../worker/domain/ledger.ts";
import { memoryLedger } from "./memory-ledger.ts";

const T0 = 1_700_000_000_000;
const SLOT_MS = 10_000;
const LEASE_MS = 60_000;
/** Slots in the window of each account; 0 for one that counts everything ever. */
const WINDOWS = [1, 3, 0, 6, 1] as const;
const LIMITS = [100, 60, 250, undefined, 2];

const id = fc.constantFrom("a", "b", "c", "d", "e", "f");
/** An amount for each account, and undefined for one that is not named. */
const amounts = fc.tuple(
  ...WINDOWS.map((_, at) => fc.option(fc.nat(at === 4 ? 1 : 70), { freq: 3, nil: undefined })),
);
/** How many slots behind the caller's idea of its windows is. */
const behind = fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, fc.nat(3));
const gate = fc.constantFrom("tenant:t", "key:k");

const stepArbitrary = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("reserve" as const),
      id,
      amounts,
      behind,
      gates: fc.subarray(["tenant:t", "key:k"]),
      leaseMs: fc.constantFrom(LEASE_MS, LEASE_MS, 5_000),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("settle" as const),
      id,
      amounts,
      behind,
      isEstimate: fc.boolean(),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("pass" as const),
      ms: fc.constantFrom(1, 4_000, SLOT_MS, 25_000, LEASE_MS, 16 * 60_000),
    }),
  },
  { arbitrary: fc.record({ kind: fc.constant("lapse" as const) }), weight: 1 },
  { arbitrary: fc.record({ kind: fc.constant("unbilled" as const) }), weight: 1 },
  { arbitrary: fc.record({ kind: fc.constant("read" as const), behind }), weight: 1 },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("shut" as const), gate, ms: fc.nat(30_000) }),
  },
);

type Step = typeof stepArbitrary extends fc.Arbitrary<infer T> ? T : never;

/** @param open A ledger of its own for every call, empty. */
export async function requireAgreement(
  open: () => Promise<Ledger>,
  requireSame: (actual: unknown, expected: unknown) => void,
): Promise<void> {
  await fc.assert(
    fc.asyncProperty(fc.array(stepArbitrary, { minLength: 1, maxLength: 40 }), async (steps) => {
      const [ledger, memory] = [await open(), memoryLedger()];
      let nowMs = T0;
      for (const step of steps) {
        if (step.kind === "pass") nowMs += step.ms;
        else requireSame(await take(step, ledger, nowMs), await take(step, memory, nowMs));
      }
      const reading = { kind: "read", behind: 0 } as const;
      requireSame(await take(reading, ledger, nowMs), await take(reading, memory, nowMs));
      requireSame(await ledger.unbilled(), await memory.unbilled());
    }),
  );
}

async function take(
  step: Exclude<Step, { kind: "pass" }>,
  ledger: Ledger,
  nowMs: number,
): Promise<unknown> {
  switch (step.kind) {
    case "reserve": {
      const draws = drawsOf(step, nowMs);
      const expiresMs = nowMs + step.leaseMs;
      return await ledger.reserve({ id: step.id, draws, gates: step.gates, expiresMs, nowMs });
    }
    case "settle": {
      const { id: wanted, isEstimate } = step;
      const draws = drawsOf(step, nowMs);
      return await ledger.settle({ id: wanted, draws, isEstimate, nowMs });
    }
    case "read":
      return await ledger.read(accountsAt(nowMs - step.behind * SLOT_MS));
    case "shut":
      await ledger.shut(step.gate, nowMs + step.ms);
      return step.kind;
    case "lapse":
      return await ledger.lapse(nowMs);
    case "unbilled":
      break;
  }
  return await ledger.unbilled();
}

function drawsOf(
  step: { readonly amounts: readonly (number | undefined)[]; readonly behind: number },
  nowMs: number,
): Draw[] {
  const accounts = accountsAt(nowMs - step.behind * SLOT_MS);
  return step.amounts.flatMap((amount, at) =>
    amount === undefined ? [] : [{ account: accounts[at]!, amount }],
  );
}

function accountsAt(nowMs: number): Account[] {
  const slotMs = nowMs - (nowMs % SLOT_MS);
  return WINDOWS.map((slots, at) => {
    const limit = LIMITS[at];
    return {
      name: `a${at}`,
      unit: at === 4 ? "concurrent" : "usd",
      slotMs: slots === 0 ? 0 : slotMs,
      sinceMs: slots === 0 ? 0 : slotMs - (slots - 1) * SLOT_MS,
      ...(at === 1 && { keptMs: slotMs - 2 * slots * SLOT_MS }),
      ...(limit !== undefined && { limit }),
      isHard: at !== 1,
    };
  });
}
