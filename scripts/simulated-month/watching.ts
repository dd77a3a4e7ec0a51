/**
 * The live watch of one player: the drifts that serve, one for each model, fed with words alone.
 *
 * Answers of this world tell nothing of themselves, and nothing is ever cut or refused, so there are no signals. As in
 * the service everything but an alarm begins anew with new weights, and what is said of older answers is not counted.
 */
import { rewardOf } from "../../worker/domain/reward.ts";
import {
  armShift,
  hearWord,
  inOtherRelease,
  noArmDrift,
  type ArmDrift,
} from "../../worker/learning/detectors/arm-drift.ts";
import { DAY_MS } from "../pacing/days.ts";

/** What was predicted of an answer that somebody has spoken of, and by which weights. */
export interface Predicted {
  readonly model: string;
  readonly weights: string;
  /** Before lifts. */
  readonly score: number;
}

/** The first moment of an alarm. */
export interface Alarm {
  readonly day: number;
  readonly model: string;
  /** What its score is to be moved by. */
  readonly shift: number;
}

export class LiveWatch {
  readonly #arms = new Map<string, ArmDrift>();
  readonly #alarms: Alarm[] = [];
  #weights = "";

  get alarms(): readonly Alarm[] {
    return this.#alarms;
  }

  /** These weights serve from now on. */
  begin(weights: string): void {
    this.#weights = weights;
    for (const [model, arm] of this.#arms) this.#arms.set(model, inOtherRelease(arm));
  }

  hear({ model, weights, score }: Predicted, said: { score: number; day: number }): void {
    if (weights !== this.#weights) return;
    const atMs = said.day * DAY_MS;
    const before = this.#arms.get(model) ?? noArmDrift();
    const reward = rewardOf(new Set(), new Map([["user", said.score]]));
    const after = hearWord(before, { score, reward, signals: [], atMs });
    this.#arms.set(model, after);
    if (before.words.alarm === undefined && after.words.alarm !== undefined)
      this.#alarms.push({ day: said.day, model, shift: armShift(after, atMs) });
  }

  /** By model, to be added to its score. */
  shifts(day: number): ReadonlyMap<string, number> {
    const shifts = [...this.#arms].map(([model, arm]): [string, number] => {
      return [model, armShift(arm, day * DAY_MS)];
    });
    return new Map(shifts.filter(([, shift]) => shift !== 0));
  }
}
