/**
 * The router in service: scores prompts with the bundled release, and follows the rollout that is published, while
 * requests run.
 *
 * Every isolate decides for itself. `refresh`, called after an answer has gone out, reads the rollout at most once per
 * TTL and loads at most one release: the buffers of a KV read live as long as the request that made it. A rollout is
 * followed only where a trusted key has signed it, if any is trusted, and where it is not older than one before. A
 * release goes into service only after all of it was checked: its id and hashes, its schema and its features, that it
 * loads, that its abilities can be placed, and that it answers its golden vectors. Until then, and if anything fails,
 * what serves, serves on.
 *
 * A refused release is not tried again until a rollout names it anew. A blob that is missing is: KV may show the
 * rollout first. Either way the log hears of it once. Which release answers a request is choice.ts's.
 */
import type { Catalog, CatalogModel } from "../../router-models/catalog.ts";
import type { Prompt } from "../../router-models/features/prompt.ts";
import type { Certificate } from "../../router-models/manifest.ts";
import { openRollout, type Rollout } from "../../router-models/rollout.ts";
import type { Forecast, Reading } from "../../router-models/scorer.ts";
import { choose, type Asking, type OnTrial } from "./choice.ts";
import { ReleaseShelf, wantedBy } from "./release-shelf.ts";
import { loadRelease, serve, type LoadedRelease, type ServedRelease } from "./served-release.ts";
import type { WeightsStore } from "./weights-store.ts";

/** What the host tells the log; `weights` and `from` are labels as in `x-sluice-weights`, `id` is a release's. */
export type InferenceEvent =
  | { readonly event: "weights_swapped"; readonly from: string; readonly weights: string }
  | { readonly event: "weights_loaded"; readonly weights: string }
  | { readonly event: "weights_refused"; readonly id?: string; readonly reason: string }
  | { readonly event: "weights_unreadable"; readonly reason: string }
  | { readonly event: "pin_not_served"; readonly tenant: string; readonly id: string }
  | { readonly event: "session_release_failed"; readonly reason: string };

/** Must not throw. */
export type InferenceLog = (event: InferenceEvent) => void;

export interface RouterHostOptions {
  /** Served until something newer is published. The host owns its graph from now on. */
  readonly bundled: LoadedRelease;
  readonly catalog: Catalog;
  /** Undefined where nothing can be published. */
  readonly store: WeightsStore | undefined;
  /** Raw public keys. Where there are any, only what one of them has signed is followed. */
  readonly trusted?: readonly Uint8Array<ArrayBuffer>[];
  /** Serials of trials that are over, whatever the rollout says. */
  readonly halted?: () => ReadonlySet<number>;
  readonly log: InferenceLog;
  /** Shortest time between two reads of the rollout, milliseconds >= 0. */
  readonly ttlMs: number;
}

/** A forecast, and whose it is. */
export interface HostedForecast {
  readonly forecast: Forecast;
  readonly reading: Reading;
  /** `version@sha256-12` and full id of the release that made it. */
  readonly weights: string;
  readonly release: string;
  /** That release's. */
  readonly certificate: Certificate | undefined;
  readonly trial?: OnTrial;
}

/** A refresh that has not ended by then never will: the request that carried it was cut off. */
const ABANDONED_AFTER_MS = 60_000;
/** Refusals remembered; only the newest can be pointed at, the rest is room for roll-backs. */
const MAX_REFUSALS = 32;
const NONE: ReadonlySet<number> = new Set();

export class RouterHost {
  readonly catalog: readonly CatalogModel[];
  readonly #options: RouterHostOptions;
  readonly #shelf: ReleaseShelf<ServedRelease>;
  /** The newest that was followed, and its text. */
  #rollout: Rollout | undefined;
  #text: string | undefined;
  #checkedAtMs = -Infinity;
  /** Start of the refresh under way. An object, so that a later one is told from an abandoned one. */
  #underWay: { readonly sinceMs: number } | undefined;
  readonly #refused = new Set<string>();
  /** Complaints of the last refresh, and of this one. */
  #said = new Set<string>();
  #saying = new Set<string>();
  /** Tenants of this rollout whose pin was missed. */
  readonly #missed = new Set<string>();

  /** Throws when the catalogue cannot be placed among the bundled release's abilities. */
  constructor(options: RouterHostOptions) {
    const { bundled, catalog, log } = options;
    this.catalog = catalog.models;
    this.#options = options;
    this.#shelf = new ReleaseShelf(serve(bundled, catalog.models), (error) =>
      log({ event: "session_release_failed", reason: reasonOf(error) }),
    );
  }

  /** Label of the release in service, `version@sha256-12`. */
  get weights(): string {
    return this.#shelf.inService.value.weights;
  }

  /** What a loaded release remembers of its training traffic, by its label. */
  trafficOf(weights: string): ServedRelease["reference"] {
    return this.#shelf.all().find((release) => release.weights === weights)?.reference;
  }

  /**
   * The forecast of every catalogue model by the release that is in service for whoever asks. Rejects with RouterError
   * 400 where it asks for a release that is not served.
   */
  async score(prompt: Prompt, asking?: Asking): Promise<HostedForecast> {
    const { halted = () => NONE } = this.#options;
    const { slot, trial, missed } = choose(asking, {
      rollout: this.#rollout,
      shelf: this.#shelf,
      halted: halted(),
    });
    if (missed !== undefined) this.#miss(missed);
    return slot.use(async ({ id, scorer, graph, weights, certificate }) => ({
      ...(await scorer.read(scorer.featuresOf(prompt), graph)),
      weights,
      release: id,
      certificate,
      ...(trial !== undefined && { trial }),
    }));
  }

  /**
   * Moves to what the published rollout says. Never rejects. Call it under waitUntil, once per request; returns at once
   * within the TTL or while a refresh of this isolate is under way.
   */
  async refresh(nowMs: number): Promise<void> {
    const { store, ttlMs } = this.#options;
    if (store === undefined || nowMs - this.#checkedAtMs < ttlMs) return;
    if (this.#underWay && nowMs - this.#underWay.sinceMs < ABANDONED_AFTER_MS) return;
    const own = { sinceMs: nowMs };
    this.#underWay = own;
    this.#checkedAtMs = nowMs;
    this.#saying = new Set();
    try {
      const isCurrent = () => this.#underWay === own;
      const rollout = await this.#read(store, isCurrent);
      const isWhole = rollout === undefined || (await this.#follow(rollout, { store, isCurrent }));
      if (!isWhole) this.#checkedAtMs = -Infinity; // The next request's refresh goes on.
    } catch (error) {
      this.#complain({ event: "weights_unreadable", reason: reasonOf(error) });
    } finally {
      if (this.#underWay === own) {
        this.#underWay = undefined;
        this.#said = this.#saying;
      }
    }
  }

  /** The rollout to follow, which is adopted; undefined where there is none that may be. */
  async #read(store: WeightsStore, isCurrent: () => boolean): Promise<Rollout | undefined> {
    const text = await store.readPointer();
    if (text === undefined || text === this.#text) return this.#rollout;
    let rollout: Rollout;
    try {
      rollout = await openRollout(text, this.#options.trusted ?? []);
    } catch (error) {
      this.#complain({ event: "weights_refused", reason: reasonOf(error) });
      return undefined;
    }
    if (!isCurrent()) return undefined;
    const { serial } = rollout;
    const newest = this.#rollout?.serial ?? 0;
    if (serial < newest) {
      const reason = `Refused rollout: serial ${serial} is older than ${newest}, which was followed before`;
      this.#complain({ event: "weights_refused", reason });
      return undefined;
    }
    this.#rollout = rollout;
    this.#text = text;
    this.#missed.clear();
    return rollout;
  }

  /** Loads the first release that a rollout wants and can be had. @returns Whether nothing more is to be tried now. */
  async #follow(
    rollout: Rollout,
    { store, isCurrent }: { store: WeightsStore; isCurrent: () => boolean },
  ): Promise<boolean> {
    const wanted = wantedBy(rollout).map(({ id }) => id);
    const { previous } = rollout;
    const kept = [...wanted, ...(previous === undefined ? [] : [previous.id])];
    this.#settle(rollout, kept);
    const missing = wanted.filter((id) => !this.#shelf.get(id) && !this.#isRefused(id, rollout));
    for (const [i, id] of missing.entries()) {
      if (!this.#shelf.makeRoomFor(id, kept)) return true;
      const blob = await store.readBlob(id);
      if (!isCurrent()) return true;
      if (blob === undefined) {
        this.#complain({ event: "weights_refused", id, reason: "it is missing" });
        continue;
      }
      const release = await this.#load(blob, { id, rollout });
      if (release !== undefined && !isCurrent()) {
        await release.release();
        return true;
      }
      if (release !== undefined) {
        this.#shelf.put(release);
        if (id !== rollout.serving.id)
          this.#options.log({ event: "weights_loaded", weights: release.weights });
        this.#settle(rollout, kept);
      }
      return i === missing.length - 1;
    }
    return true;
  }

  async #load(
    blob: Uint8Array<ArrayBuffer>,
    { id, rollout }: { id: string; rollout: Rollout },
  ): Promise<ServedRelease | undefined> {
    try {
      return await loadRelease(blob, { id, catalog: this.catalog });
    } catch (error) {
      if (this.#refused.size >= MAX_REFUSALS) this.#refused.delete([...this.#refused][0]!);
      this.#refused.add(nameIn(rollout, id));
      this.#complain({ event: "weights_refused", id, reason: reasonOf(error) });
      return undefined;
    }
  }

  /** Serves what should be, where it is loaded, and lets go of what is not wanted any more. */
  #settle({ serving }: Rollout, kept: readonly string[]): void {
    const from = this.weights;
    this.#shelf.putInService(serving.id);
    this.#shelf.keepOnly(kept);
    if (this.weights !== from)
      this.#options.log({ event: "weights_swapped", from, weights: this.weights });
  }

  #isRefused(id: string, rollout: Rollout): boolean {
    return this.#refused.has(nameIn(rollout, id));
  }

  #miss(missed: { readonly tenant: string; readonly id: string }): void {
    if (this.#missed.has(missed.tenant)) return;
    this.#missed.add(missed.tenant);
    this.#options.log({ event: "pin_not_served", ...missed });
  }

  /** Says it once; the same trouble at every TTL would drown the log. */
  #complain(event: InferenceEvent): void {
    const complaint = JSON.stringify(event);
    const isNew = !this.#said.has(complaint) && !this.#saying.has(complaint);
    this.#saying.add(complaint);
    if (isNew) this.#options.log(event);
  }
}

function nameIn({ serial }: Rollout, id: string): string {
  return `${serial} ${id}`;
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
