/**
 * What an isolate remembers of somebody far away, so that a request seldom waits for them.
 *
 * An answer is served while it is fresh, and from an earlier age on asked for again beside the request that uses
 * it. One that is older is asked for first; if its source cannot be reached it is served all the same until it is
 * too old, and never after. Ages count from the question, so whatever has changed at the source shows within those
 * bounds. That something is not there is remembered as well, and for less.
 *
 * Who finds that an answer does not fit, as a key's new secret does not until its rotation is known, may doubt it:
 * then it is asked for again, unless it is very young or was doubted just now.
 *
 * What is there and what is not are remembered apart, each up to a number of entries, those used last: who
 * guesses can fill only the latter. Questions about one id that come at once are one question.
 */
import { BoundedMap } from "./bounded-map.ts";
import type { Clock } from "./clock.ts";
import { Deadline, type StartTimer } from "./deadline.ts";

/** How long what may be believed, in milliseconds; what is not given is 0. */
export interface Ages {
  /** Served without waiting. */
  readonly fresh: number;
  /** From then on asked for again beside the request. */
  readonly refresh: number;
  /** Served where the source cannot be reached. */
  readonly most: number;
  /** That there is nothing. */
  readonly absent?: number;
  /** Before it may be doubted, and until it may be doubted again. */
  readonly doubt?: number;
}

const MAX_KNOWN = 2_000;
const MAX_ABSENT = 1_000;

/** A question is given up after this; longer than any that was ever answered. */
const ASK_MS = 3_000;

/** Takes work that is to go on after the answer; it never rejects. */
export type KeepAlive = (work: Promise<unknown>) => void;

interface CacheOptions<T> {
  readonly ages: Ages;
  readonly clock: Clock;
  readonly timer?: StartTimer;
  /** Undefined for what is not there. Rejects when it cannot be known. */
  readonly ask: (id: string) => Promise<T | undefined>;
}

interface Known<T> {
  readonly value: T;
  /** When it was asked for. */
  readonly askedMs: number;
  /** When it last was doubted. */
  readonly doubtedMs?: number;
}

interface Question<T> {
  readonly answer: Promise<T | undefined>;
  readonly askedMs: number;
}

export class LookupCache<T> {
  readonly #options: CacheOptions<T>;
  readonly #known = new BoundedMap<string, Known<T>>(MAX_KNOWN);
  /** When each was asked for. */
  readonly #absent = new BoundedMap<string, number>(MAX_ABSENT);
  readonly #questions = new Map<string, Question<T>>();

  constructor(options: CacheOptions<T>) {
    this.#options = options;
  }

  get #ages(): Ages {
    return this.#options.ages;
  }

  /** How many entries are remembered, of what is there and of what is not. */
  get sizes(): { readonly known: number; readonly absent: number } {
    return { known: this.#known.size, absent: this.#absent.size };
  }

  /** Rejects as `ask` does, when nothing young enough is remembered. */
  async find(id: string, keepAlive: KeepAlive): Promise<T | undefined> {
    const known = this.#known.get(id);
    if (known === undefined)
      return this.#isYoung(this.#absent.get(id), this.#ages.absent ?? 0)
        ? undefined
        : this.#ask(id, keepAlive);
    this.#known.set(id, known); // The last that was used.
    if (this.#isYoung(known.askedMs, this.#ages.fresh)) {
      if (!this.#isYoung(known.askedMs, this.#ages.refresh))
        void this.#ask(id, keepAlive).catch(() => {});
      return known.value;
    }
    try {
      return await this.#ask(id, keepAlive);
    } catch (error) {
      if (this.#isYoung(known.askedMs, this.#ages.most)) return known.value;
      throw error;
    }
  }

  /**
   * What the source says now, for who doubts what is remembered. Undefined where it says that there is nothing, does
   * not answer, or is not to be asked yet.
   */
  async findAgain(id: string, keepAlive: KeepAlive): Promise<T | undefined> {
    const known = this.#known.get(id);
    if (known === undefined) return undefined;
    const { askedMs, doubtedMs } = known;
    const { doubt = 0 } = this.#ages;
    const isEarly = this.#isYoung(askedMs, doubt) || this.#isYoung(doubtedMs, doubt);
    if (isEarly && !this.#questions.has(id)) return undefined;
    if (!isEarly) this.#known.set(id, { ...known, doubtedMs: this.#options.clock.nowMs() });
    return this.#ask(id, keepAlive).catch(() => undefined);
  }

  /** A clock that was set back makes nothing younger. */
  #isYoung(askedMs: number | undefined, limitMs: number): boolean {
    if (askedMs === undefined) return false;
    const ageMs = this.#options.clock.nowMs() - askedMs;
    return ageMs >= 0 && ageMs < limitMs;
  }

  #ask(id: string, keepAlive: KeepAlive): Promise<T | undefined> {
    const asked = this.#questions.get(id);
    // An isolate may end the request that has asked; nobody is to wait for that one for ever.
    if (asked !== undefined && this.#isYoung(asked.askedMs, ASK_MS)) return asked.answer;
    const askedMs = this.#options.clock.nowMs();
    const answer = this.#load(id, askedMs).finally(() => {
      if (this.#questions.get(id)?.answer === answer) this.#questions.delete(id);
    });
    this.#questions.set(id, { answer, askedMs });
    keepAlive(answer.catch(() => {}));
    return answer;
  }

  async #load(id: string, askedMs: number): Promise<T | undefined> {
    const { clock, timer, ask } = this.#options;
    const deadline = new Deadline({ clock, ...(timer !== undefined && { timer }) });
    deadline.limitTotal(ASK_MS);
    try {
      const value = await deadline.race(ask(id));
      this.#learn(id, value, askedMs);
      return value;
    } finally {
      deadline.close();
    }
  }

  #learn(id: string, value: T | undefined, askedMs: number): void {
    if ((this.#known.get(id)?.askedMs ?? 0) > askedMs) return;
    this.#known.delete(id);
    this.#absent.delete(id);
    if (value === undefined) this.#absent.set(id, askedMs);
    else this.#known.set(id, { value, askedMs });
  }
}
