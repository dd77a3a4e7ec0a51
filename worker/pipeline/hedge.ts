/**
 * Two attempts at one answer: the second sets out when the first has said nothing for a while, the first
 * success wins, and the other is hung up on at once.
 *
 * It trades money for the tail of the latency, so it happens only where a client asks for it, and what
 * the loser may have cost is on the bill.
 *
 * Source: J. Dean, L. Barroso, "The Tail at Scale" (CACM 2013).
 */
import type { Dispatched } from "../domain/upstream.ts";
import type { Pause } from "../lib/pause.ts";

/** Makes an attempt that ends when the signal aborts. Never rejects. */
export type Attempt = (signal: AbortSignal) => Promise<Dispatched>;

interface Race {
  /** Outcomes by attempt, in the order in which they came; at most the last one is no failure. */
  readonly settled: readonly (readonly [index: 0 | 1, outcome: Dispatched])[];
  /** The attempt that was hung up on. */
  readonly loser?: 0 | 1;
}

/** Never rejects, and leaves nothing running but the winner's stream. */
export async function race(
  [first, second]: readonly [Attempt, Attempt],
  { delayMs, pause, signal }: { delayMs: number; pause: Pause; signal: AbortSignal },
): Promise<Race> {
  const ends = [new AbortController(), new AbortController()] as const;
  async function run(index: 0 | 1, attempt: Attempt): Promise<readonly [0 | 1, Dispatched]> {
    return [index, await attempt(AbortSignal.any([signal, ends[index].signal]))];
  }
  const early = run(0, first);
  let isSilent = true;
  void early.then(() => (isSilent = false));
  const isDecided = new AbortController();
  const patience = pause(delayMs, AbortSignal.any([signal, isDecided.signal]));
  await Promise.race([early, patience]);
  isDecided.abort();
  if (!isSilent || signal.aborted) return { settled: [await early] };

  const late = run(1, second);
  const ahead = await Promise.race([early, late]);
  const behind = ahead[0] === 0 ? late : early;
  if (ahead[1].kind === "failure" && ahead[1].reason !== "aborted")
    return { settled: [ahead, await behind] };
  const loser = ahead[0] === 0 ? 1 : 0;
  ends[loser].abort(new Error("The other attempt has answered"));
  void behind.then(([, outcome]) => {
    if (outcome.kind === "stream") outcome.events.cancel();
  });
  return { settled: [ahead], loser };
}
