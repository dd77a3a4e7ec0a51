/**
 * What the simulated vendor charges, call by call: the other side of the service's ledger. A line names the request
 * by the id that the caller sent (`X-Client-Request-Id`), and is priced as price lists are read: each kind of token at
 * its rate, rounded up to the micro-dollar.
 *
 * A whole answer is charged as its usage says. One that the caller leaves, or that a fault tears, is charged the
 * prompt and what was written of it; thinking comes before the first word, and is charged in full with that. A call
 * that was refused or came to nothing is on no line.
 *
 * Sums stand for all lines since the last reset; of the lines themselves only the latest are kept.
 */
import { costMicroUsd, ratesFor } from "../../worker/domain/money.ts";
import type { Billed } from "./completion.ts";
import type { RequestState } from "./request-log.ts";

/** Some 30 MB of lines. */
const KEPT = 100_000;

/** `left`: by the caller, before the end. `fault`: the vendor's own, in the middle of the answer. */
type BillEnding = "whole" | "left" | "fault";

export interface BillLine {
  /** As the caller sent it; "" where it sent none. */
  readonly requestId: string;
  readonly vendor: string;
  /** `vendor/model`, as the catalogue has it. */
  readonly model: string;
  readonly ending: BillEnding;
  readonly inputTokens: number;
  /** Those of `inputTokens` that were written to the cache. */
  readonly cacheWriteTokens: number;
  readonly outputTokens: number;
  readonly microUsd: number;
}

type Price = Parameters<typeof ratesFor>[0];

/** Micro-dollars for these tokens. Nothing is ever read from this vendor's cache. */
export function owedMicroUsd(
  { promptTokens, cacheWriteTokens, completionTokens }: Omit<Billed, "reasoningTokens">,
  price: Price,
): number {
  const { inputUsdPerMTok, cacheWriteUsdPerMTok, outputUsdPerMTok } = ratesFor(price, promptTokens);
  return (
    costMicroUsd(promptTokens - cacheWriteTokens, inputUsdPerMTok) +
    costMicroUsd(cacheWriteTokens, cacheWriteUsdPerMTok ?? inputUsdPerMTok) +
    costMicroUsd(completionTokens, outputUsdPerMTok)
  );
}

/** A call that has ended. */
interface EndedCall {
  readonly headers: Readonly<Record<string, unknown>>;
  readonly model: { readonly id: string; readonly price: Price };
  readonly state: RequestState;
  /** Of the whole answer. */
  readonly billed: Billed;
  /** Output tokens that were made until it ended. */
  readonly madeTokens: number;
}

/** The line for a call, or undefined where it is charged nothing. */
export function lineFor(call: EndedCall): BillLine | undefined {
  const { headers, model, state, billed, madeTokens } = call;
  if (state === "failed" && madeTokens === 0) return undefined;
  const isWhole = state === "finished";
  const requestId = headers["x-client-request-id"];
  const completionTokens = isWhole ? billed.completionTokens : madeTokens;
  return {
    requestId: typeof requestId === "string" ? requestId : "",
    vendor: model.id.slice(0, model.id.indexOf("/")),
    model: model.id,
    ending: isWhole ? "whole" : state === "failed" ? "fault" : "left",
    inputTokens: billed.promptTokens,
    cacheWriteTokens: billed.cacheWriteTokens,
    outputTokens: completionTokens,
    microUsd: owedMicroUsd({ ...billed, completionTokens }, model.price),
  };
}

interface Totals {
  readonly microUsd: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Lines by how their calls ended. */
  readonly whole: number;
  readonly left: number;
  readonly fault: number;
}

const NOTHING: Totals = {
  microUsd: 0,
  inputTokens: 0,
  outputTokens: 0,
  whole: 0,
  left: 0,
  fault: 0,
};

export class Bill {
  readonly #kept: number;
  /** By number, the oldest first. */
  readonly #lines = new Map<number, BillLine>();
  #count = 0;
  #open = 0;
  #totals = NOTHING;

  /** @param kept How many of the last lines are remembered. */
  constructor(kept = KEPT) {
    this.#kept = kept;
  }

  /** Calls that have not ended. While there are any, the bill is not final. */
  get open(): number {
    return this.#open;
  }

  get totals(): Totals {
    return this.#totals;
  }

  /** Lines that are in the totals and no longer in `lines`. */
  get forgotten(): number {
    return this.#count - this.#lines.size;
  }

  get lines(): readonly BillLine[] {
    return [...this.#lines.values()];
  }

  /** Notes that a call has begun; what is returned ends it, with its line where it is charged. */
  begin(): (line: BillLine | undefined) => void {
    this.#open += 1;
    return (line) => {
      this.#open -= 1;
      if (line !== undefined) this.#add(line);
    };
  }

  /** Forgets all lines; calls under way stay open. */
  clear(): void {
    this.#lines.clear();
    this.#count = 0;
    this.#totals = NOTHING;
  }

  /** All of it for a reader: sums, and the lines by request. @param requestId Only the lines of this one. */
  view(requestId?: string | null): object {
    const { open, totals, forgotten } = this;
    const wanted = this.lines.filter((line) => (requestId ?? line.requestId) === line.requestId);
    const requests = [...Map.groupBy(wanted, (line) => line.requestId)].map(([id, lines]) => [
      id,
      { microUsd: lines.reduce((sum, { microUsd }) => sum + microUsd, 0), lines },
    ]);
    return { open, totals, forgotten, requests: Object.fromEntries(requests) };
  }

  #add(line: BillLine): void {
    const { microUsd, inputTokens, outputTokens } = this.#totals;
    this.#totals = {
      ...this.#totals,
      microUsd: microUsd + line.microUsd,
      inputTokens: inputTokens + line.inputTokens,
      outputTokens: outputTokens + line.outputTokens,
      [line.ending]: this.#totals[line.ending] + 1,
    };
    this.#lines.set(this.#count, line);
    this.#count += 1;
    this.#lines.delete(this.#count - 1 - this.#kept);
  }
}
