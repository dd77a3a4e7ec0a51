/**
 * One request's way through the cache: to the shelves, aboard the flight of all who ask the same, and back with an
 * answer or with a place for one.
 *
 * Always: a lease that was taken is landed or left, also where whoever asked has gone meanwhile; an entry that does
 * not open, is too old or was purged is as good as none.
 */
import type { KeptAnswer } from "../../domain/kept-answer.ts";
import type { Clock } from "../../lib/clock.ts";
import { Deadline, type StartTimer } from "../../lib/deadline.ts";
import type { Pause } from "../../lib/pause.ts";
import { isKeepable } from "../cacheable.ts";
import { entryIn, isGood, textOf, type Entry } from "./entry.ts";
import { LEASE_MS, WAIT_MS, type Boarding, type Outcome } from "./flights.ts";
import type { Findings } from "./namespace-object.ts";
import type { Namespaces, OpenNamespace } from "./namespaces.ts";
import type { Found, Place, Question } from "./question.ts";
import type { Shelf } from "./shelf.ts";

/** What may fail without harm. */
export type Step = "namespace" | "near" | "far" | "flight" | "count";

export interface SearchOptions {
  /** The entry's, wherever it lies. */
  readonly name: string;
  readonly namespace: OpenNamespace;
  readonly namespaces: Pick<Namespaces, "objectOf">;
  readonly near: Shelf;
  /** Behind it; undefined where a deployment has none. */
  readonly far: Shelf | undefined;
  readonly clock: Clock;
  readonly timer?: StartTimer;
  readonly pause: Pause;
  /** Is told of what failed. Must not throw. */
  readonly fail: (step: Step, error: unknown) => void;
}

/** What this request leads, if anything, and whether that is over. */
interface Flown {
  readonly lease: string | undefined;
  readonly ended: AbortController;
}

interface OnShelf {
  readonly entry: Entry;
  readonly sealed: Uint8Array;
}

/** How old an answer may be where nobody says: a day. */
const DEFAULT_TTL_S = 86_400;
/** A shelf that has said nothing by then has nothing. */
const SHELF_MS = 1_000;
/** The least that shelves keep something for. */
const MIN_SHELF_S = 60;
/** An object that has said nothing so long after it should have is given up. */
const GRACE_MS = 5_000;
/** Between two renewals of a lease. */
const RENEW_MS = LEASE_MS / 3;

export class Search {
  readonly #question: Question;
  readonly #options: SearchOptions;

  constructor(question: Question, options: SearchOptions) {
    this.#question = question;
    this.#options = options;
  }

  /** Never rejects. */
  async run(): Promise<Found> {
    if (this.#question.policy.cache === "refresh") return this.#miss();
    const near = await this.#read("near");
    if (near !== undefined) return this.#hit(near.entry);
    const boarding = this.#board();
    const far = await this.#read("far");
    if (far !== undefined) {
      this.#question.keepAlive(this.#handOver(boarding, far));
      return this.#hit(far.entry);
    }
    return this.#follow(await boarding);
  }

  /** What becomes of a request that no shelf had an answer for. */
  async #follow(boarding: Boarding): Promise<Found> {
    if (boarding.kind !== "answer")
      return this.#miss(boarding.kind === "lead" ? boarding.lease : undefined);
    const entry = await this.#open(boarding.answer);
    return entry === undefined ? this.#miss() : this.#hit(entry);
  }

  #hit({ answer, storedMs }: Entry): Found {
    this.#count({ hits: 1, misses: 0, savedMicroUsd: answer.referenceMicroUsd });
    return { kind: "hit", answer, ageMs: Math.max(this.#options.clock.nowMs() - storedMs, 0) };
  }

  /** @param lease Of the flight that this request leads, where it leads one. */
  #miss(lease?: string): Found {
    this.#count({ hits: 0, misses: 1, savedMicroUsd: 0 });
    const flight = { lease, ended: new AbortController() };
    if (lease !== undefined) this.#question.keepAlive(this.#renew(lease, flight.ended.signal));
    const place: Place = {
      keep: (answer, body) => this.#end(flight, () => this.#store(answer, body)),
      leave: () => this.#end(flight, async () => "failed"),
    };
    return { kind: "miss", place };
  }

  #end({ lease, ended }: Flown, outcome: () => Promise<Outcome>): void {
    if (ended.signal.aborted) return;
    ended.abort();
    this.#question.keepAlive(outcome().then((landing) => this.#land(lease, landing)));
  }

  /** Puts an answer onto the shelves, where it may be kept, and resolves with what those who wait may have. */
  async #store(answer: KeptAnswer, body: Record<string, unknown>): Promise<Outcome> {
    const { clock, namespace, name } = this.#options;
    const { cache_ttl_s: ttlS = DEFAULT_TTL_S, cache_tags: tags = [] } = this.#question.policy;
    const storedMs = clock.nowMs();
    const expiresMs = storedMs + ttlS * 1_000;
    const { purges } = namespace;
    const text = isKeepable(body)
      ? textOf({ version: 1, answer, tags, purges, storedMs, expiresMs })
      : undefined;
    if (text === undefined) return "not_for_others";
    const sealed = await namespace.seal.close(name, text);
    // Beside one another: who waits shall not wait for a shelf.
    for (const shelf of ["near", "far"] as const)
      this.#question.keepAlive(this.#put(shelf, sealed, expiresMs));
    return sealed;
  }

  async #read(shelf: "near" | "far"): Promise<OnShelf | undefined> {
    const { [shelf]: from, name } = this.#options;
    const sealed = await this.#within(SHELF_MS, shelf, from?.get(name));
    const entry = sealed && (await this.#open(sealed));
    if (entry === undefined || sealed === undefined) return undefined;
    if (shelf === "far") this.#question.keepAlive(this.#put("near", sealed, entry.expiresMs));
    return { entry, sealed };
  }

  async #put(shelf: "near" | "far", sealed: Uint8Array, expiresMs: number): Promise<void> {
    const { [shelf]: onto, name, clock, fail } = this.#options;
    const leftS = Math.ceil((expiresMs - clock.nowMs()) / 1_000);
    try {
      await onto?.put(name, sealed, Math.max(leftS, MIN_SHELF_S));
    } catch (error) {
      fail(shelf, error);
    }
  }

  async #open(sealed: Uint8Array): Promise<Entry | undefined> {
    const { namespace, name, clock } = this.#options;
    const text = await namespace.seal.open(name, sealed);
    const entry = text === undefined ? undefined : entryIn(text);
    if (entry === undefined) return undefined;
    const { cache_ttl_s: ttlS = DEFAULT_TTL_S } = this.#question.policy;
    const { purged } = namespace;
    const asked = { nowMs: clock.nowMs(), maxAgeMs: ttlS * 1_000, purged };
    return isGood(entry, asked) ? entry : undefined;
  }

  /** Never rejects, and waits no longer than whoever asks. */
  async #board(): Promise<Boarding> {
    const { name } = this.#options;
    const boarding = (async (): Promise<Boarding> => this.#object().board(name))();
    const told = await this.#within(WAIT_MS + GRACE_MS, "flight", boarding);
    if (told !== undefined) return told;
    // A lease that comes too late would make others wait for nobody.
    this.#question.keepAlive(
      boarding.then(
        (late) => (late.kind === "lead" ? this.#land(late.lease, "failed") : undefined),
        () => {},
      ),
    );
    return { kind: "alone" };
  }

  /** Gives those who wait what a shelf had. */
  async #handOver(boarding: Promise<Boarding>, { sealed }: OnShelf): Promise<void> {
    const told = await boarding;
    if (told.kind === "lead") await this.#land(told.lease, sealed);
  }

  async #land(lease: string | undefined, outcome: Outcome): Promise<void> {
    if (lease === undefined) return;
    const { name, fail } = this.#options;
    try {
      await this.#object().land(name, lease, outcome);
    } catch (error) {
      fail("flight", error);
    }
  }

  async #renew(lease: string, ended: AbortSignal): Promise<void> {
    const { name, pause, fail } = this.#options;
    try {
      do await pause(RENEW_MS, ended);
      while (!ended.aborted && (await this.#object().renew(name, lease)));
    } catch (error) {
      fail("flight", error);
    }
  }

  #count(findings: Findings): void {
    const { fail } = this.#options;
    const counted = (async () => this.#object().count(findings))();
    this.#question.keepAlive(counted.catch((error: unknown) => fail("count", error)));
  }

  #object(): ReturnType<Namespaces["objectOf"]> {
    return this.#options.namespaces.objectOf(this.#question.tenant);
  }

  /** What somebody says within a time, and before the client leaves; undefined where they do not. */
  async #within<T>(
    limitMs: number,
    step: Step,
    work: Promise<T> | undefined,
  ): Promise<T | undefined> {
    if (work === undefined) return undefined;
    const { clock, timer, fail } = this.#options;
    const { signal } = this.#question;
    const deadline = new Deadline({ parent: signal, clock, ...(timer !== undefined && { timer }) });
    deadline.limitTotal(limitMs);
    try {
      return await deadline.race(work);
    } catch (error) {
      if (!signal.aborted) fail(step, error);
      return undefined;
    } finally {
      deadline.close();
    }
  }
}
