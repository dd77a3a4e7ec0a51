/**
 * Where the answer goes that a request is about to get: onto the shelves, to those who wait for it, into the index of
 * prompts, and beside what its nearest neighbour was answered.
 *
 * Always: those who wait are told, by the first of `keep` and `leave` that is called.
 */
import type { KeptAnswer } from "../../domain/kept-answer.ts";
import type { Clock } from "../../lib/clock.ts";
import type { KeepAlive } from "../../lib/lookup-cache.ts";
import { isKeepable } from "../cacheable.ts";
import type { Likeness, LikenessSearch } from "../semantic/likeness.ts";
import { textOf } from "../trust/agreement.ts";
import type { Audits } from "./audits.ts";
import type { Entries } from "./entries.ts";
import type { Entry } from "./entry.ts";
import type { Outcome } from "./flights.ts";
import type { OpenNamespace } from "./namespaces.ts";
import type { Place } from "./question.ts";
import type { Seat } from "./seat.ts";

interface PlaceOptions {
  /** The entry's. */
  readonly name: string;
  readonly namespace: OpenNamespace;
  readonly entries: Entries;
  readonly tags: readonly string[];
  /** How long it is kept, milliseconds. */
  readonly ttlMs: number;
  /** And under which lease, where this request leads others. */
  readonly seat: Seat;
  readonly lease: string | undefined;
  /** Undefined where the prompt goes into no index. */
  readonly likeness: { readonly search: LikenessSearch; readonly found: Likeness } | undefined;
  readonly audits: Audits;
  readonly clock: Clock;
  readonly keepAlive: KeepAlive;
}

export class AnswerPlace implements Place {
  readonly #options: PlaceOptions;
  readonly #ended = new AbortController();

  constructor(options: PlaceOptions) {
    this.#options = options;
    const { seat, lease, keepAlive } = options;
    if (lease !== undefined) keepAlive(seat.renew(lease, this.#ended.signal));
  }

  keep(answer: KeptAnswer, body: Record<string, unknown>): void {
    this.#end(async () => (isKeepable(body) ? this.#store(answer, body) : "not_for_others"));
  }

  leave(): void {
    this.#end(async () => "failed");
  }

  #end(outcome: () => Promise<Outcome>): void {
    if (this.#ended.signal.aborted) return;
    this.#ended.abort();
    const { seat, lease, keepAlive } = this.#options;
    keepAlive(
      outcome().then((landing) => (lease === undefined ? undefined : seat.land(lease, landing))),
    );
  }

  async #store(answer: KeptAnswer, body: Record<string, unknown>): Promise<Outcome> {
    const { name, namespace, entries, tags, ttlMs, clock, likeness, keepAlive } = this.#options;
    const storedMs = clock.nowMs();
    const expiresMs = storedMs + ttlMs;
    const said = textOf(body) ?? null;
    const { purges } = namespace;
    const entry: Entry = { version: 1, answer, said, tags: [...tags], purges, storedMs, expiresMs };
    const sealed = await entries.put(name, entry);
    if (sealed === undefined) return "not_for_others";
    if (likeness !== undefined && said !== null) {
      keepAlive(this.#index(likeness, expiresMs));
      keepAlive(this.#compare(likeness.found, body));
    }
    return sealed;
  }

  async #index({ search, found }: NonNullable<PlaceOptions["likeness"]>, expiresMs: number) {
    const { name: id, namespace } = this.#options;
    const { frame, vector, text } = found;
    const prompts = search.neighbours(namespace.seal.label);
    await prompts.insert({ id, frame, vector, text, epoch: namespace.purges, expiresMs });
  }

  /** What the neighbour was answered, had it been given. */
  async #compare({ text, nearest }: Likeness, body: Record<string, unknown>): Promise<void> {
    if (nearest === undefined) return;
    const { entries, audits } = this.#options;
    const kept = await entries.find(nearest.neighbour.id);
    if (kept !== undefined)
      await audits.hold({ text, ...nearest, wasServed: false }, kept.entry, body);
  }
}
