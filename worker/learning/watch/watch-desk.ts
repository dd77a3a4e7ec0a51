/**
 * What an isolate knows of the watch: which trials have ended, how far models' scores are to be shifted, how careful
 * to be.
 *
 * It asks at most every ten seconds, beside a request, and answers from memory in between; nobody waits. An isolate
 * that has just begun knows of nothing, and one that cannot ask goes on with what it was told. Whoever asks is handed
 * events for the log that nobody else gets.
 *
 * Shifts and what another has learnt of the same models may say the same thing twice. So of two that point the same way
 * the larger counts, and of two that do not, their sum.
 */
import type { Lesson, Lessons } from "../../domain/lessons.ts";
import type { WatchNews } from "../../domain/observation.ts";
import type { Clock } from "../../lib/clock.ts";
import type { Traffic } from "../detectors/watch.ts";
import type { WatchEvent } from "./alarms.ts";
import { watchReportSchema } from "./watch-object.ts";

export const ASK_MS = 10_000;

export type DeskEvent =
  | WatchEvent
  | { readonly event: "watch_unreachable"; readonly reason: string };

/** The object that watches, as far as it is asked here. */
interface WatchStub {
  report(): Promise<unknown>;
  teach(weights: string, traffic: Traffic): Promise<void>;
  metrics(): Promise<string>;
}

interface DeskOptions {
  /** Asked for anew each time: a stub belongs to the request that it was made in. */
  readonly object: () => WatchStub;
  readonly clock: Clock;
  /** What a release's training traffic was like, by its label; undefined where that is not known here. */
  readonly trafficOf?: ((weights: string) => Traffic | undefined) | undefined;
  /** Who else has learnt something. */
  readonly others?: Lessons | undefined;
  /** Must not throw. */
  readonly log: (event: DeskEvent) => void;
}

const NO_NEWS: WatchNews = { halted: [], shifts: {}, caution: 0 };

export class WatchDesk implements Lessons {
  readonly #options: DeskOptions;
  #news = NO_NEWS;
  #halted: ReadonlySet<number> = new Set();
  #askedMs = Number.NEGATIVE_INFINITY;

  constructor(options: DeskOptions) {
    this.#options = options;
  }

  /** Serials of trials that have ended. */
  halted(): ReadonlySet<number> {
    return this.#halted;
  }

  of(asked: Parameters<Lessons["of"]>[0]): Lesson {
    const learnt = this.#options.others?.of(asked);
    const lifts = new Map(learnt?.lifts);
    for (const [model, shift] of Object.entries(this.#news.shifts))
      lifts.set(model, together(shift, lifts.get(model) ?? 0));
    return { lifts, caution: Math.max(this.#news.caution, learnt?.caution ?? 0) };
  }

  /** Prometheus's text. Rejects when the watch cannot be reached. */
  async metrics(): Promise<string> {
    return this.#options.object().metrics();
  }

  /** Asks for news unless it has just done so. Never rejects. */
  async refresh(): Promise<void> {
    const { clock, object, log } = this.#options;
    const nowMs = clock.nowMs();
    if (nowMs - this.#askedMs < ASK_MS) return;
    this.#askedMs = nowMs;
    try {
      const { news, events, wants } = watchReportSchema.parse(await object().report());
      this.#news = news;
      this.#halted = new Set(news.halted.map(({ serial }) => serial));
      for (const event of events) log(event);
      if (wants !== undefined) await this.#teach(wants);
    } catch (error) {
      const reason = error instanceof Error ? error.message : "not an error";
      log({ event: "watch_unreachable", reason });
    }
  }

  async #teach(weights: string): Promise<void> {
    const traffic = this.#options.trafficOf?.(weights);
    if (traffic !== undefined) await this.#options.object().teach(weights, traffic);
  }
}

function together(a: number, b: number): number {
  if (a * b <= 0) return a + b;
  return Math.abs(a) >= Math.abs(b) ? a : b;
}
