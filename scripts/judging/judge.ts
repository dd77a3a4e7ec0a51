/**
 * A judge that is asked over HTTP: a Sluice endpoint, so that the call takes the same way as any other,
 * with the vendor's key, limits and fallbacks of that deployment.
 *
 * Money is held before a call and settled after it, so a cap is not overrun by the calls under way. What
 * is held is the most that the call can cost at list price; what is settled is what the service says it
 * cost, or else usage at list price.
 */
import type OpenAI from "openai";
import type { CatalogModel } from "../../router-models/catalog.ts";
import {
  GRADE_FORMAT,
  judgeMessages,
  readGrade,
  type Judged,
} from "../../router-models/families/judge.ts";

/** Room for a model that thinks before it grades, in tokens. */
const MAX_OUTPUT_TOKENS = 2_000;
/** A reply without a grade is asked for once more. */
const TRIES = 2;

/** The next call could cost more than is left. */
export class OverBudget extends Error {
  override readonly name = "OverBudget";
}

/** Keeps what was spent and what is held, in USD. */
export class Purse {
  readonly maxUsd: number;
  #spentUsd = 0;
  #heldUsd = 0;

  constructor(maxUsd: number) {
    this.maxUsd = maxUsd;
  }

  get spentUsd(): number {
    return this.#spentUsd;
  }

  /** Throws OverBudget where the most that a call can cost is not there. */
  hold(mostUsd: number): void {
    if (this.#spentUsd + this.#heldUsd + mostUsd > this.maxUsd)
      throw new OverBudget(`the next call may cost up to ${mostUsd.toFixed(4)} USD`);
    this.#heldUsd += mostUsd;
  }

  settle(heldUsd: number, costUsd: number): void {
    this.#heldUsd -= heldUsd;
    this.#spentUsd += costUsd;
  }
}

export class Judge {
  readonly #client: OpenAI;
  readonly #model: CatalogModel;
  readonly #purse: Purse;

  constructor(client: OpenAI, model: CatalogModel, purse: Purse) {
    this.#client = client;
    this.#model = model;
    this.#purse = purse;
  }

  /** 1 to 5, or undefined where it twice gave none. Rejects with OverBudget, or as the client does. */
  async grade(judged: Judged): Promise<number | undefined> {
    for (let tried = 0; tried < TRIES; tried++) {
      const grade = readGrade(await this.#ask(judged));
      if (grade !== undefined) return grade;
    }
    return undefined;
  }

  async #ask(judged: Judged): Promise<string> {
    const messages = judgeMessages(judged);
    const mostUsd = this.#mostUsd(messages.reduce((sum, { content }) => sum + content.length, 0));
    this.#purse.hold(mostUsd);
    let costUsd = 0;
    try {
      const { data, response } = await this.#client.chat.completions
        .create({
          model: this.#model.id,
          messages,
          max_completion_tokens: MAX_OUTPUT_TOKENS,
          ...(this.#model.capabilities.includes("json") && { response_format: GRADE_FORMAT }),
        })
        .withResponse();
      costUsd = this.#costUsd(response.headers, data.usage) ?? mostUsd;
      return data.choices[0]?.message.content ?? "";
    } finally {
      this.#purse.settle(mostUsd, costUsd);
    }
  }

  /** A token is at least a character, or a byte of one that takes up to three. */
  #mostUsd(chars: number): number {
    const { inputUsdPerMTok, outputUsdPerMTok } = this.#model.price;
    return (3 * chars * inputUsdPerMTok + MAX_OUTPUT_TOKENS * outputUsdPerMTok) / 1e6;
  }

  #costUsd(headers: Headers, usage: OpenAI.CompletionUsage | undefined): number | undefined {
    const stated = Number(headers.get("x-sluice-cost-usd") ?? NaN);
    if (Number.isFinite(stated)) return stated;
    if (usage === undefined) return undefined;
    const { inputUsdPerMTok, outputUsdPerMTok } = this.#model.price;
    const { prompt_tokens: input, completion_tokens: output } = usage;
    return (input * inputUsdPerMTok + output * outputUsdPerMTok) / 1e6;
  }
}
