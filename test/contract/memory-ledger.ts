/** The ledger's core over plain maps: what the hosts are held against. */
import {
  lapse,
  read,
  reserve,
  settle,
  unbilledOf,
  type Changes,
  type Hold,
  type Rows,
  type Slot,
} from "../../worker/budget/ledger-state.ts";
import type { Ledger } from "../../worker/domain/ledger.ts";

export function memoryLedger(): Ledger {
  const slots = new Map<string, Map<number, Slot>>();
  const holds = new Map<string, Hold>();
  const gates = new Map<string, number>();
  const rows: Rows = {
    slots: (account) => [...(slots.get(account)?.values() ?? [])],
    hold: (id) => holds.get(id),
    shutUntilMs: (gate) => gates.get(gate) ?? 0,
  };
  function write(changes: Changes): void {
    for (const { account, ...slot } of changes.slots) {
      const own = slots.get(account) ?? new Map<number, Slot>();
      slots.set(account, own.set(slot.startMs, slot));
    }
    for (const { account, startMs } of changes.dead) slots.get(account)?.delete(startMs);
    if (changes.hold !== undefined) holds.set(changes.hold.id, changes.hold);
  }
  function lapseDue(nowMs: number): number {
    const due = [...holds.values()].filter(
      ({ phase, expiresMs }) => phase === "held" && expiresMs <= nowMs,
    );
    for (const hold of due) write(lapse(rows, hold, nowMs));
    return due.length;
  }
  return {
    async reserve(reservation) {
      lapseDue(reservation.nowMs);
      const { answer, changes } = reserve(rows, reservation);
      write(changes);
      return answer;
    },
    async settle(settlement) {
      const { answer, changes } = settle(rows, settlement);
      write(changes);
      return answer;
    },
    read: async (accounts) => read(rows, accounts),
    async shut(gate, untilMs) {
      gates.set(gate, untilMs);
    },
    async lapse(nowMs) {
      for (const { id, phase, expiresMs } of holds.values())
        if (phase !== "held" && expiresMs <= nowMs) holds.delete(id);
      return lapseDue(nowMs);
    },
    unbilled: async (wanted) =>
      [...holds.values()]
        .filter(({ id }) => wanted === undefined || id === wanted)
        .toSorted((a, b) => a.expiresMs - b.expiresMs || (a.id < b.id ? -1 : 1))
        .flatMap((hold) => unbilledOf(hold) ?? []),
  };
}
