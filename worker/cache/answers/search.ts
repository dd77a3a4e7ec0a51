/**
 * One request's way through the cache: to the shelves, to what is like it, aboard the flight of all who ask the same,
 * and back with an answer or with a place for one.
 *
 * Always: a lease that was taken is landed or left, also where whoever asked has gone meanwhile; what fails is missed
 * and holds nobody up for long.
 */
import type { Clock } from "../../lib/clock.ts";
import type { Likeness, LikenessSearch } from "../semantic/likeness.ts";
import { AnswerPlace } from "./answer-place.ts";
import type { Audits } from "./audits.ts";
import type { Counted } from "./day-counts.ts";
import type { Entries, OnShelf } from "./entries.ts";
import type { Entry } from "./entry.ts";
import type { Boarding } from "./flights.ts";
import type { CacheObject } from "./namespace-object.ts";
import type { OpenNamespace } from "./namespaces.ts";
import type { Patience } from "./patience.ts";
import type { Found, Question } from "./question.ts";
import type { Seat } from "./seat.ts";

export interface SearchOptions {
  /** The entry's, wherever it lies. */
  readonly name: string;
  readonly namespace: OpenNamespace;
  /** The namespace's object, for the request that asks. */
  readonly object: () => DurableObjectStub<CacheObject>;
  readonly entries: Entries;
  readonly seat: Seat;
  /** Undefined where the request wants the very same or nothing, or a deployment has no index of prompts. */
  readonly likeness: LikenessSearch | undefined;
  readonly audits: Audits;
  readonly patience: Patience;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** How long an answer is kept, milliseconds. */
  readonly ttlMs: number;
}

/** Of making a vector and asking for its neighbours. */
const LIKENESS_MS = 500;

export class Search {
  readonly #question: Question;
  readonly #options: SearchOptions;

  constructor(question: Question, options: SearchOptions) {
    this.#question = question;
    this.#options = options;
  }

  /** Never rejects. */
  async run(): Promise<Found> {
    const { entries, name, likeness } = this.#options;
    if (this.#question.policy.cache === "refresh") return this.#miss();
    const near = await entries.on("near", name);
    if (near !== undefined) return this.#hit(near.entry);
    return likeness === undefined ? this.#exact() : this.#semantic();
  }

  /** The far shelf and the flight at once. */
  async #exact(): Promise<Found> {
    const { entries, seat, name } = this.#options;
    const boarding = seat.board();
    const far = await entries.on("far", name);
    if (far === undefined) return this.#follow(await boarding);
    this.#question.keepAlive(this.#handOver(boarding, far));
    return this.#hit(far.entry);
  }

  /** What is like it only after the far shelf: the very same is better than what is like it. */
  async #semantic(): Promise<Found> {
    const { entries, seat, name } = this.#options;
    const far = await entries.on("far", name);
    if (far !== undefined) return this.#hit(far.entry);
    const likeness = await this.#likeness();
    const similar = likeness && ((await this.#similar(likeness)) ?? (await this.#near(likeness)));
    return similar ?? this.#follow(await seat.board(), likeness);
  }

  /** What becomes of a request that no shelf had an answer for. */
  async #follow(boarding: Boarding, likeness?: Likeness): Promise<Found> {
    const { entries, name } = this.#options;
    const brought =
      boarding.kind === "answer" ? await entries.open(name, boarding.answer) : undefined;
    if (brought !== undefined) return this.#hit(brought);
    return this.#miss(likeness, boarding.kind === "lead" ? boarding.lease : undefined);
  }

  async #likeness(): Promise<Likeness | undefined> {
    const { likeness, namespace, patience } = this.#options;
    if (likeness === undefined) return undefined;
    const { maxFalseHits: budget } = this.#question;
    const { label } = namespace.seal;
    const asked = { ...this.#question, namespace: label, trust: namespace.trust(budget), budget };
    return patience.within(LIKENESS_MS, "neighbours", likeness.of(asked));
  }

  /** What was answered to the nearest, where that may be given. */
  async #similar({ text, nearest }: Likeness): Promise<Found | undefined> {
    if (nearest?.verdict.serve !== true) return undefined;
    const { entries, audits, random } = this.#options;
    const { neighbour, verdict } = nearest;
    const found = await entries.find(neighbour.id);
    if (found === undefined) {
      this.#question.keepAlive(this.#forget(neighbour.id));
      return undefined;
    }
    const hit = this.#hit(found.entry, true);
    if (random() >= verdict.auditShare) return hit;
    const compared = { text, ...nearest, wasServed: true };
    return { ...hit, audit: (body) => audits.hold(compared, found.entry, body) };
  }

  /** What was answered to the nearest, where it may only be adapted. */
  async #near({ text, nearest }: Likeness): Promise<Found | undefined> {
    if (!this.#question.wantsNear || nearest === undefined) return undefined;
    const { neighbour } = nearest;
    const found = await this.#options.entries.find(neighbour.id);
    const said = found?.entry.said;
    if (said === undefined || said === null) return undefined;
    this.#count({ misses: 1 });
    return { kind: "near", asked: neighbour.text, said, text };
  }

  #hit({ answer, storedMs }: Entry, isSemantic = false) {
    const savedMicroUsd = answer.referenceMicroUsd;
    this.#count({ hits: 1, semantic: isSemantic ? 1 : 0, savedMicroUsd });
    const ageMs = Math.max(this.#options.clock.nowMs() - storedMs, 0);
    return { kind: "hit", answer, ageMs, isSemantic } as const;
  }

  #miss(found?: Likeness, lease?: string): Found {
    this.#count({ misses: 1 });
    const { likeness: search, ...options } = this.#options;
    const likeness = search && found && { search, found };
    const { keepAlive, policy } = this.#question;
    const { cache_tags: tags = [] } = policy;
    const place = new AnswerPlace({ ...options, tags, lease, likeness, keepAlive });
    return { kind: "miss", place };
  }

  /** Gives those who wait what a shelf had. */
  async #handOver(boarding: Promise<Boarding>, { sealed }: OnShelf): Promise<void> {
    const told = await boarding;
    if (told.kind === "lead") await this.#options.seat.land(told.lease, sealed);
  }

  /** A prompt whose answer is no more. */
  async #forget(id: string): Promise<void> {
    const { likeness, namespace } = this.#options;
    await likeness?.neighbours(namespace.seal.label).remove(id);
  }

  #count(findings: Counted): void {
    const { object, patience } = this.#options;
    const counted = patience.try("count", async () => object().count(findings));
    this.#question.keepAlive(counted);
  }
}
