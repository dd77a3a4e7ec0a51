/**
 * What of a tenant's earlier prompts is like a new one, and whether its answer may be given for it.
 *
 *     text → vector → nearest within the frame → guards → what the audits so far prove → serve, or learn
 *
 * A neighbour is an entry of the very same frame: everything but the last user text is equal, the model asked for and
 * the namespace among it. Of the nearest the first is taken to which no guard objects. Serving is the bound's to
 * allow (trust/); where it does not, the vendor is asked as ever, and what it says is held against the neighbour's
 * answer. So a tenant's cache learns how far likeness can be trusted from the tenant's own traffic, and begins to
 * serve by itself.
 */
import type { ChatRequest } from "../../domain/chat.ts";
import type { Neighbour, Neighbours } from "../../domain/neighbours.ts";
import type { Policy } from "../../domain/policy.ts";
import type { Clock } from "../../lib/clock.ts";
import { cacheKeyOf } from "../cache-key.ts";
import { guard } from "../guards/guard.ts";
import { LADDER } from "../trust/ladder.ts";
import { verdict, type Trust, type Verdict } from "../trust/trust.ts";
import { phraseIn } from "./phrase.ts";

/** Makes vectors; of another `id` they mean something else. */
export interface Embedder {
  readonly id: string;
  embed(text: string): Promise<Int8Array>;
  /** Whether the vector speaks for the whole text. */
  reads(text: string): boolean;
}

export interface LikenessOptions {
  readonly embedder: Embedder;
  /** The prompts of a namespace. */
  readonly neighboursOf: (namespace: string) => Neighbours;
  readonly clock: Clock;
}

/** What is asked, in whose namespace. */
export interface Asked {
  /** The namespace's label. */
  readonly namespace: string;
  readonly model: string;
  readonly request: ChatRequest;
  readonly policy: Policy;
  readonly trust: Trust;
  /** The share of semantic hits that may be wrong, above 0 and below 1. */
  readonly budget: number;
}

/** A request's place among earlier ones. */
export interface Likeness {
  readonly text: string;
  readonly frame: string;
  readonly vector: Int8Array;
  /** The nearest to which no guard objects, and what may be done with it; undefined where there is none. */
  readonly nearest: { readonly neighbour: Neighbour; readonly verdict: Verdict } | undefined;
}

/** Looked at for one to which no guard objects. */
const LOOKED_AT = 8;

export class LikenessSearch {
  readonly #options: LikenessOptions;

  constructor(options: LikenessOptions) {
    this.#options = options;
  }

  /** Undefined for a request that can have no neighbours. Rejects where the head fails. */
  async of(asked: Asked): Promise<Likeness | undefined> {
    const { embedder, clock } = this.#options;
    const phrase = phraseIn(asked.request);
    if (phrase === undefined || !embedder.reads(phrase.text)) return undefined;
    const { text, rest } = phrase;
    const { trust, budget } = asked;
    // What was kept before answers turned out to have changed is no neighbour of what comes after.
    const namespace = `${this.#nameOf(asked.namespace)}/${trust.trips}`;
    const [frame, vector] = await Promise.all([
      cacheKeyOf({ ...asked, request: rest, namespace }),
      embedder.embed(text),
    ]);
    if (frame === undefined) return undefined;
    const query = { vector, frame, nowMs: clock.nowMs(), count: LOOKED_AT, atLeast: LADDER[0]! };
    const found = await this.neighbours(asked.namespace).nearest(query);
    const neighbour =
      found === "unknown"
        ? undefined
        : found.find((other) => guard(text, other.text) === undefined);
    const nearest = neighbour && {
      neighbour,
      verdict: verdict(
        trust,
        { similarity: neighbour.similarity, cluster: neighbour.id },
        { budget },
      ),
    };
    return { text, frame, vector, nearest };
  }

  /** @param namespace Its label. */
  neighbours(namespace: string): Neighbours {
    return this.#options.neighboursOf(this.#nameOf(namespace));
  }

  /** Forgets all prompts of a namespace. Rejects where it cannot. @param namespace Its label. */
  async erase(namespace: string): Promise<void> {
    if ((await this.neighbours(namespace).erase()) === "unknown")
      throw new Error("The index of prompts did not answer");
  }

  /** Vectors of another head lie elsewhere. */
  #nameOf(namespace: string): string {
    return `${namespace}/${this.#options.embedder.id.slice(0, 16)}`;
  }
}
