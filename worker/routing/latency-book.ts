/**
 * What one isolate has learnt of every model's latency: the only state that routing keeps.
 *
 * A call is entered when it begins, which is when its conditions are known, and again when it has ended
 * well. A call that fails, or that nobody waits for, is simply not heard of again: nothing is held for it.
 * Load is therefore the recent rate of calls and not their number in flight. Time is an argument.
 *
 * Each isolate has a book of its own, so a fresh one starts from the catalogue.
 */
import type { CatalogModel } from "../../router-models/catalog.ts";
import { BoundedMap } from "../lib/bounded-map.ts";
import {
  forecastLatency,
  learnLatency,
  type CallConditions,
  type CallTimes,
  type LatencyForecast,
  type LatencyState,
} from "./latency.ts";

type Model = Pick<CatalogModel, "id" | "latency">;

/** Tokens of a call: the prompt's, and those expected of one answer. */
export type ExpectedTokens = Pick<CallConditions, "inputTokens" | "outputTokens">;

/** A call that has begun. */
export interface BegunCall {
  readonly model: Model;
  readonly conditions: CallConditions;
}

/** Time in which a call's part in the load falls to 37 %. */
const LOAD_MS = 10_000;
/** Models kept. More than any catalogue has had so far. */
const MAX_MODELS = 256;

interface Page {
  readonly state: LatencyState | undefined;
  /** Calls begun lately, the older the less. */
  readonly calls: number;
  readonly calledMs: number;
}

export class LatencyBook {
  readonly #pages = new BoundedMap<string, Page>(MAX_MODELS);

  /** What a call would take if it began now. */
  forecast(model: Model, tokens: ExpectedTokens, nowMs: number): LatencyForecast {
    const page = this.#pages.get(model.id);
    const recentCalls = recentOf(page, nowMs);
    return forecastLatency(model.latency, page?.state, { ...tokens, recentCalls, nowMs });
  }

  /** Enters a call that begins now, and answers what `learn` wants when it has ended. */
  begin(model: Model, tokens: ExpectedTokens, nowMs: number): BegunCall {
    const page = this.#pages.get(model.id);
    const recentCalls = recentOf(page, nowMs);
    this.#pages.set(model.id, { state: page?.state, calls: recentCalls + 1, calledMs: nowMs });
    return { model, conditions: { ...tokens, recentCalls, nowMs } };
  }

  /** Learns from a call that ended well. */
  learn({ model, conditions }: BegunCall, times: CallTimes): void {
    const { nowMs } = conditions;
    const page = this.#pages.get(model.id) ?? { state: undefined, calls: 0, calledMs: nowMs };
    const state = learnLatency(model.latency, page.state, { conditions, times });
    this.#pages.set(model.id, { ...page, state });
  }
}

function recentOf(page: Page | undefined, nowMs: number): number {
  if (page === undefined) return 0;
  return page.calls * Math.exp(Math.min(page.calledMs - nowMs, 0) / LOAD_MS);
}
