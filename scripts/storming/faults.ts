/** What goes wrong at the vendor in a storm. */
import { pick, type Random } from "../../worker/lib/prng.ts";
import { parseFault, type Fault } from "../simulation/faults.ts";

/** At the beginning, in the middle of an answer, or instead of one: each bills something else. */
const KINDS = ["500", "429", "reset", "empty", "cut:after=2", "cut:after=9", "error-chunk:after=4"];

export class Faults {
  /** Off while what a request costs is found out, and while the last money is spent. */
  isOn = false;
  readonly #share: number;
  readonly #random: Random;

  /** @param share Of the calls, 0 to 1. */
  constructor(share: number, random: Random) {
    this.#share = share;
    this.#random = random;
  }

  draw(): Fault | undefined {
    if (!this.isOn || this.#random() >= this.#share) return undefined;
    return parseFault(pick(this.#random, KINDS));
  }
}
