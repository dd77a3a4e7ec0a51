/**
 * The cache of answers, as a request sees it: what was answered before to the very same request of the same tenant,
 * or a place for what will be answered now.
 *
 *     namespace (known here, else its object) → name → shelf near by → far shelf, and at the same time the flight
 *
 * Whoever finds nothing boards the flight of all who ask the same (flights.ts): it leads, and brings what the vendor
 * says, or waits for who does. Whatever of this fails or takes too long is a miss: a cache may save a call and must
 * never cost an answer. Nothing is ever given from one tenant to another, as names and seals are the namespace's.
 *
 * What the pipeline asks for is pipeline/ports.ts; this is its shape.
 */
import type { KeepAlive } from "../../lib/lookup-cache.ts";
import { cacheKeyOf } from "../cache-key.ts";
import { bypassOf } from "../cacheable.ts";
import type { Namespaces, OpenNamespace } from "./namespaces.ts";
import type { Found, Question } from "./question.ts";
import { Search, type SearchOptions, type Step } from "./search.ts";

export interface CacheEvent {
  readonly event: "cache_failed";
  /** What could not be done. */
  readonly step: Step;
  readonly reason: string;
}

interface CacheOptions extends Omit<SearchOptions, "name" | "namespace" | "namespaces" | "fail"> {
  readonly namespaces: Pick<Namespaces, "find" | "objectOf">;
  readonly log: (event: CacheEvent) => void;
}

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
    const { request, policy, tenant, keepAlive } = question;
    if (policy.cache === "off" || bypassOf(request) !== undefined) return BYPASS;
    const namespace = await this.#namespaceOf(tenant, keepAlive);
    if (namespace === undefined) return BYPASS;
    const name = await cacheKeyOf({ ...question, namespace: namespace.seal.label });
    if (name === undefined) return BYPASS;
    return new Search(question, { ...this.#options, name, namespace, fail: this.#fail }).run();
  }

  async #namespaceOf(tenant: string, keepAlive: KeepAlive): Promise<OpenNamespace | undefined> {
    try {
      return await this.#options.namespaces.find(tenant, keepAlive);
    } catch (error) {
      this.#fail("namespace", error);
      return undefined;
    }
  }

  readonly #fail = (step: Step, error: unknown): void => {
    const reason = error instanceof Error ? `${error.name}: ${error.message}` : "not an error";
    this.#options.log({ event: "cache_failed", step, reason: reason.slice(0, MAX_REASON) });
  };
}
