/**
 * Waiting as an argument. Whoever has to let time pass takes a `Pause`, so a test decides how long that is,
 * and nobody waits for somebody who has gone.
 */

/** Resolves after `ms`, or at once when the signal aborts; who asked looks which it was. Never rejects. */
export type Pause = (ms: number, signal: AbortSignal) => Promise<void>;

export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    function end(): void {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    }
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end);
  });
}
