/**
 * The rhythm of a paced budget's traffic: how many requests came in each part of the window before. Pacing tells by it
 * how much of a window's traffic is over (routing/pace.ts).
 *
 * The ledger counts a paced budget's requests in parts of their window and keeps those of the window before. These
 * change no more, but for what was under way at its end, so one reading serves until the next window.
 */
import type { Account, Ledger } from "../domain/ledger.ts";
import { RHYTHM_PARTS, type Rhythm } from "../domain/standing.ts";
import { BoundedMap } from "../lib/bounded-map.ts";
import type { Window } from "./windows.ts";

/** Budgets whose traffic one isolate remembers. */
const MAX_KNOWN = 1_000;

/** Where a request is counted at this moment, of a window that has an end. */
export function partOf(
  { sinceMs, resetsMs = Infinity, beforeMs = sinceMs }: Window,
  nowMs: number,
): Pick<Account, "slotMs" | "sinceMs" | "keptMs"> {
  const part = Math.floor(((nowMs - sinceMs) / (resetsMs - sinceMs)) * RHYTHM_PARTS);
  return { slotMs: partStart([sinceMs, resetsMs], part), sinceMs, keptMs: beforeMs };
}

/** What one isolate knows of the windows before. */
export class Rhythms {
  readonly #known = new BoundedMap<string, { readonly startsMs: number; readonly rhythm: Rhythm }>(
    MAX_KNOWN,
  );

  /** Of the window before the one that begins then, of a budget; undefined where nobody has learnt it. */
  of(budget: string, startsMs: number): Rhythm | undefined {
    const known = this.#known.get(budget);
    return known?.startsMs === startsMs ? known.rhythm : undefined;
  }

  /** Reads it where it is not known. @param counter The budget's requests now. Rejects as the ledger does. */
  async learn(budget: string, counter: Account, ledger: Pick<Ledger, "read">): Promise<void> {
    const { sinceMs: startsMs, keptMs = startsMs } = counter;
    if (this.of(budget, startsMs) !== undefined) return;
    // Since each part began, and since the last ended: the difference is what came in it.
    const accounts = Array.from({ length: RHYTHM_PARTS + 1 }, (_, part) => ({
      ...counter,
      sinceMs: partStart([keptMs, startsMs], part),
    }));
    const balances = await ledger.read(accounts);
    const since = balances.map(({ spent, held }) => spent + held);
    const rhythm = since.slice(1).map((later, part) => since[part]! - later);
    this.#known.set(budget, { startsMs, rhythm });
  }
}

/** Whole milliseconds. */
function partStart([fromMs, toMs]: readonly [number, number], part: number): number {
  return Math.floor(fromMs + ((toMs - fromMs) * part) / RHYTHM_PARTS);
}
