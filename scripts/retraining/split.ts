/**
 * Which decisions the new router learns from and which it is judged by.
 *
 * It will serve what comes next, so it is judged by the last part of the log and learns from what came before. A prompt
 * is never on both sides: one that came before and after the cut stays on the side that its hash says, and what came of
 * it on the other side is left out. So prompts that come again and again are judged too, and not all of them.
 */
import { hashText } from "../../worker/lib/prng.ts";

export type Side = "learn" | "judge" | "neither";

/** A decision as far as its side goes by it. */
export interface Dated {
  /** Equal for equal prompts. */
  readonly prompt: string;
  /** Milliseconds since 1970. */
  readonly atMs: number;
}

const [BEFORE, AFTER] = [1, 2];

export class Split {
  /** From here on decisions judge; milliseconds since 1970, Infinity where there are none. */
  readonly cutMs: number;
  /** By prompt, on which sides of the cut it came. */
  readonly #times = new Map<string, number>();

  /** @param judgedShare Of all decisions, those after the cut; 0 to 1. */
  constructor(decisions: readonly Dated[], judgedShare: number) {
    const times = Float64Array.from(decisions, ({ atMs }) => atMs).toSorted();
    this.cutMs = times[Math.floor((1 - judgedShare) * times.length)] ?? Infinity;
    for (const { prompt, atMs } of decisions)
      this.#times.set(prompt, (this.#times.get(prompt) ?? 0) | this.#timeOf(atMs));
  }

  sideOf({ prompt, atMs }: Dated): Side {
    const own = this.#timeOf(atMs) === BEFORE ? "learn" : "judge";
    if (this.#times.get(prompt) !== (BEFORE | AFTER)) return own;
    const kept = hashText(`side:${prompt}`) % 2 === 0 ? "learn" : "judge";
    return own === kept ? own : "neither";
  }

  #timeOf(atMs: number): number {
    return atMs < this.cutMs ? BEFORE : AFTER;
  }
}
