/**
 * The cache of answers, as a request sees it: what was answered before to the very same request of the same tenant, or
 * to one that asks the same in other words, or a place for what will be answered now.
 *
 *     namespace (known here, else its object) → name → shelf near by → far shelf ─→ flight
 *                                                                          └→ likeness (semantic/) → bound (trust/)
 *
 * Whoever finds nothing boards the flight of all who ask the same (flights.ts): it leads, and brings what the vendor
 * says, or waits for who does. Whatever of this fails or takes too long is a miss: a cache may save a call and must
 * never cost an answer. Nothing is ever given from one tenant to another, as names and seals are the namespace's.
 *
 * What the pipeline asks for is pipeline/ports.ts; this is its shape.
 */
import type { Clock } from "../../lib/clock.ts";
import type { StartTimer } from "../../lib/deadline.ts";
import type { Pause } from "../../lib/pause.ts";
import { cacheKeyOf } from "../cache-key.ts";
import { bypassOf } from "../cacheable.ts";
import type { LikenessSearch } from "../semantic/likeness.ts";
import type { Judge } from "../trust/agreement.ts";
import { Audits } from "./audits.ts";
import { Entries } from "./entries.ts";
import type { Namespaces, OpenNamespace } from "./namespaces.ts";
import { Patience, type Step } from "./patience.ts";
import type { Found, Question } from "./question.ts";
import { Search } from "./search.ts";
import { Seat } from "./seat.ts";
import type { Shelf } from "./shelf.ts";

export interface CacheEvent {
  readonly event: "cache_failed";
  /** What could not be done. */
  readonly step: Step;
  readonly reason: string;
}

interface CacheOptions {
  readonly namespaces: Pick<Namespaces, "find" | "objectOf">;
  readonly near: Shelf;
  /** Behind it; undefined where a deployment has none. */
  readonly far: Shelf | undefined;
  /** Undefined where a deployment has no index of prompts: then there are no semantic hits. */
  readonly likeness?: LikenessSearch | undefined;
  readonly judge?: Judge | undefined;
  readonly clock: Clock;
  readonly timer?: StartTimer;
  readonly pause: Pause;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly log: (event: CacheEvent) => void;
}

/** How old an answer may be where nobody says: a day. */
const DEFAULT_TTL_S = 86_400;
/** What is told of an error. */
const MAX_REASON = 200;

const BYPASS: Found = { kind: "bypass" };

export class AnswerCache {
  readonly #options: CacheOptions;

  constructor(options: CacheOptions) {
    this.#options = options;
  }

  /** Never rejects. May wait for another request that asks the same. */
  async find(question: Question): Promise<Found> {
    const { request, policy, tenant, keepAlive, signal } = question;
    if (policy.cache === "off" || bypassOf(request) !== undefined) return BYPASS;
    const { namespaces } = this.#options;
    const patience = new Patience({ ...this.#options, signal, fail: this.#fail });
    const namespace = await patience.try("namespace", () => namespaces.find(tenant, keepAlive));
    if (namespace === undefined) return BYPASS;
    const name = await cacheKeyOf({ ...question, namespace: namespace.seal.label });
    if (name === undefined) return BYPASS;
    return this.#searchFor(question, { name, namespace, patience }).run();
  }

  #searchFor(question: Question, { name, namespace, patience }: Known): Search {
    const { policy, tenant, keepAlive, maxFalseHits: budget } = question;
    const { namespaces, likeness, judge, ...tools } = this.#options;
    const ttlMs = (policy.cache_ttl_s ?? DEFAULT_TTL_S) * 1_000;
    function object(): ReturnType<Namespaces["objectOf"]> {
      return namespaces.objectOf(tenant);
    }
    const common = { ...tools, name, namespace, object, patience, keepAlive, ttlMs };
    return new Search(question, {
      ...common,
      entries: new Entries({ ...common, maxAgeMs: ttlMs }),
      seat: new Seat(common),
      likeness: policy.cache === "semantic" ? likeness : undefined,
      audits: new Audits({ object, judge, patience, budget }),
    });
  }

  readonly #fail = (step: Step, error: unknown): void => {
    const reason = error instanceof Error ? `${error.name}: ${error.message}` : "not an error";
    this.#options.log({ event: "cache_failed", step, reason: reason.slice(0, MAX_REASON) });
  };
}

interface Known {
  readonly name: string;
  readonly namespace: OpenNamespace;
  readonly patience: Patience;
}
