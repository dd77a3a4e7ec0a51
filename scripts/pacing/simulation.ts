/**
 * A window of traffic played against a budget: requests arrive, are decided, held, answered and settled, in
 * simulated time.
 *
 * The budget is hard, as the ledger keeps it: a request holds its model's p90 first, and spent and held
 * together never exceed the limit. What does not fit goes to the next of the decision's models that does, and is
 * refused where none does, which is worth nothing. An answer that outgrows its hold extends it, and where the
 * budget cannot give more it is cut short: it costs what there was and is worth nothing either. Answers under way
 * when the window ends are settled in it; what they do not use of their holds is lost to it.
 *
 * Requests are dealt to isolates at random. An isolate knows the ledger's counts as of its own last reply from
 * it; stale counts are read anew, as is done for its first request. They count what was let through.
 */
import type { Decision } from "../../worker/domain/decision.ts";
import { staleAfterMs, type Rhythm } from "../../worker/domain/standing.ts";
import type { Question } from "./questions.ts";

export interface Arrival {
  /** Since the window began. */
  readonly atMs: number;
  /** Until the answer is complete and settled. */
  readonly tookMs: number;
  readonly question: Question;
  readonly isolate: number;
}

export interface Window {
  /** By ascending time. */
  readonly arrivals: readonly Arrival[];
  readonly windowMs: number;
  readonly limitMicroUsd: number;
  /** Requests of the window before, where there was one. */
  readonly before?: Rhythm;
}

/** What an isolate knows of the ledger. */
export interface Known {
  readonly spentMicroUsd: number;
  readonly heldMicroUsd: number;
  /** Since the window began. */
  readonly requests: number;
  readonly asOfMs: number;
}

/** Somebody who decides. */
export interface Spender {
  decide(arrival: Arrival, known: Known): Decision;
  /** Hears what a request has cost. */
  settle?(arrival: Arrival, bill: { expectedMicroUsd: number; usedMicroUsd: number }): void;
}

export interface Spending {
  readonly spentMicroUsd: number;
  /** Spent and held when the window ends: nobody could have spent the rest of the limit any more. */
  readonly committedMicroUsd: number;
  /** Mean over all requests, those refused or cut short at 0. */
  readonly quality: number;
  readonly refused: number;
  /** Sent to another model because the chosen one did not fit. */
  readonly lowered: number;
  readonly cut: number;
  /** Spent and quality summed up, each after the last request of a hundredth of the window. */
  readonly course: readonly { readonly spentMicroUsd: number; readonly quality: number }[];
}

const COURSE_POINTS = 100;

interface UnderWay {
  readonly arrival: Arrival;
  readonly endMs: number;
  readonly model: string;
  readonly expectedMicroUsd: number;
  readonly heldMicroUsd: number;
}

export function simulate(window: Window, spender: Spender): Spending {
  const run = new Run(window, spender);
  for (const arrival of window.arrivals) run.arrive(arrival);
  return run.end();
}

class Run {
  readonly #window: Window;
  readonly #spender: Spender;
  readonly #known = new Map<number, Known>();
  /** By ascending end. */
  readonly #underWay: UnderWay[] = [];
  readonly #course: { spentMicroUsd: number; quality: number }[] = [];
  #spent = 0;
  #held = 0;
  #quality = 0;
  #counts = { refused: 0, lowered: 0, cut: 0 };
  #requests = 0;

  constructor(window: Window, spender: Spender) {
    this.#window = window;
    this.#spender = spender;
  }

  arrive(arrival: Arrival): void {
    const { atMs, isolate } = arrival;
    this.#settleUntil(atMs);
    this.#mark(atMs);
    const known = this.#knownTo(isolate, atMs);
    const decision = this.#spender.decide(arrival, known);
    const chosen = this.#fitting(decision);
    if (chosen === undefined) this.#counts.refused++;
    else this.#begin(arrival, chosen);
    this.#known.set(isolate, this.#read(atMs));
  }

  end(): Spending {
    const { windowMs, arrivals } = this.#window;
    this.#settleUntil(windowMs);
    const committedMicroUsd = this.#spent + this.#held;
    this.#settleUntil(Infinity);
    this.#mark(windowMs);
    return {
      spentMicroUsd: this.#spent,
      committedMicroUsd,
      quality: this.#quality / arrivals.length,
      ...this.#counts,
      course: this.#course,
    };
  }

  /** The first whose hold fits, as pipeline/afford.ts finds it. */
  #fitting({ attempts, candidates }: Decision): Decision["candidates"][number] | undefined {
    const left = this.#window.limitMicroUsd - this.#spent - this.#held;
    const chosen = [...attempts, ...candidates].find((one) => one.costP90MicroUsd <= left);
    if (chosen !== undefined && chosen !== attempts[0]) this.#counts.lowered++;
    return chosen;
  }

  #begin(arrival: Arrival, chosen: Decision["candidates"][number]): void {
    const call: UnderWay = {
      arrival,
      endMs: arrival.atMs + arrival.tookMs,
      model: chosen.model,
      expectedMicroUsd: chosen.costP50MicroUsd,
      heldMicroUsd: chosen.costP90MicroUsd,
    };
    this.#requests++;
    this.#held += call.heldMicroUsd;
    const before = this.#underWay.findLastIndex(({ endMs }) => endMs <= call.endMs);
    this.#underWay.splice(before + 1, 0, call);
  }

  #settleUntil(nowMs: number): void {
    while (this.#underWay.length > 0 && this.#underWay[0]!.endMs <= nowMs)
      this.#settle(this.#underWay.shift()!);
  }

  #settle({ arrival, endMs, model, expectedMicroUsd, heldMicroUsd }: UnderWay): void {
    const { quality, costMicroUsd } = arrival.question.outcomes.get(model)!;
    // What is under way when the window ends belongs to its last point.
    if (endMs <= this.#window.windowMs) this.#mark(endMs);
    this.#held -= heldMicroUsd;
    const most = this.#window.limitMicroUsd - this.#spent - this.#held;
    const usedMicroUsd = Math.min(costMicroUsd, most);
    if (usedMicroUsd < costMicroUsd) this.#counts.cut++;
    else this.#quality += quality;
    this.#spent += usedMicroUsd;
    this.#spender.settle?.(arrival, { expectedMicroUsd, usedMicroUsd });
    this.#known.set(arrival.isolate, this.#read(endMs));
  }

  #knownTo(isolate: number, nowMs: number): Known {
    const known = this.#known.get(isolate);
    const oldestMs = nowMs - staleAfterMs(this.#window.windowMs - nowMs);
    return known !== undefined && known.asOfMs >= oldestMs ? known : this.#read(nowMs);
  }

  #read(asOfMs: number): Known {
    return {
      spentMicroUsd: this.#spent,
      heldMicroUsd: this.#held,
      requests: this.#requests,
      asOfMs,
    };
  }

  /** Notes how things stood at every hundredth of the window that has passed by then. */
  #mark(nowMs: number): void {
    const share = Math.min(nowMs / this.#window.windowMs, 1);
    while (this.#course.length <= COURSE_POINTS * share)
      this.#course.push({ spentMicroUsd: this.#spent, quality: this.#quality });
  }
}
