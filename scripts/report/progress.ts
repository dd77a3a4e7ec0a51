/**
 * A progress bar on stderr for commands that take a while, so that stdout stays clean for results. On a terminal it
 * redraws one line, at most ten times a second; anywhere else (CI, a pipe) it is silent but for one final line.
 */

const WIDTH = 28;
const REDRAW_MS = 100;

export interface Progress {
  /** Sets how much is done, with a word on where that is, and the total where it has turned out another. */
  update(done: number, note?: string, total?: number): void;
  /** Draws the last line; call it once. */
  finish(note?: string): void;
}

/** A bar named `label` for work of `total` steps. */
export function createProgress(label: string, total: number): Progress {
  const isTerminal = process.stderr.isTTY;
  const startedMs = performance.now();
  let drawnMs = Number.NEGATIVE_INFINITY;
  let latest = 0;
  let expected = total;

  function line(done: number, note: string): string {
    const share = expected > 0 ? Math.min(1, done / expected) : 1;
    const bar = "█".repeat(Math.round(share * WIDTH)).padEnd(WIDTH, "░");
    const elapsedS = (performance.now() - startedMs) / 1_000;
    const leftS =
      share > 0 && share < 1 ? ` ${(elapsedS / share - elapsedS).toFixed(0)} s left` : "";
    return `${label} ${bar} ${done}/${expected} ${elapsedS.toFixed(1)} s${leftS} ${note}`.trimEnd();
  }

  return {
    update(done, note = "", newTotal = expected) {
      latest = done;
      expected = newTotal;
      const nowMs = performance.now();
      if (!isTerminal || nowMs - drawnMs < REDRAW_MS) return;
      drawnMs = nowMs;
      process.stderr.write(`\r\x1b[2K${line(done, note)}`);
    },
    finish(note = "") {
      process.stderr.write(`${isTerminal ? "\r\x1b[2K" : ""}${line(latest, note)}\n`);
    },
  };
}
