/**
 * The router in service: scores prompts with the bundled release, and moves to newer published ones
 * while requests run.
 *
 * Every isolate decides for itself. `refresh`, called after an answer has gone out, reads the pointer
 * at most once per TTL and swaps at most once: the buffers of a KV read live as long as the request
 * that made it. A release goes into service only after all of it was checked: its id and hashes, its
 * schema and feature version, that it loads, that its abilities can be placed, and that it answers its
 * golden vectors. Until then, and if anything fails, the old one serves on.
 *
 * A refused release is not tried again until it is published again. A blob that is missing is: KV may
 * show the pointer first. Either way the log hears of it once.
 */
import type { Catalog, CatalogModel } from "../../router-models/catalog.ts";
import { certificateAt } from "../../router-models/certificate.ts";
import { promptOfText, type Prompt } from "../../router-models/features/prompt.ts";
import type { Certificate } from "../../router-models/manifest.ts";
import { placeCatalog } from "../../router-models/placement.ts";
import {
  canary,
  openRelease,
  pointerSchema,
  unpackRelease,
  weightsLabel,
  type Release,
  type WeightsPointer,
} from "../../router-models/release.ts";
import { Scorer, type Forecast, type Reading } from "../../router-models/scorer.ts";
import { OnnxGraph } from "./onnx-graph.ts";
import { openSession } from "./runtime.ts";
import { Slot, type Releasable } from "./slot.ts";
import type { WeightsStore } from "./weights-store.ts";

/** What the host tells the log; `weights` and `from` are labels as in `x-sluice-weights`. */
export type InferenceEvent =
  | { readonly event: "weights_swapped"; readonly from: string; readonly weights: string }
  | { readonly event: "weights_refused"; readonly id: string; readonly reason: string }
  | { readonly event: "weights_unreadable"; readonly reason: string }
  | { readonly event: "session_release_failed"; readonly reason: string };

/** Must not throw. */
export type InferenceLog = (event: InferenceEvent) => void;

/** A release and the graph that runs it; whoever holds the pair releases the graph. */
export interface LoadedRelease {
  readonly release: Release;
  readonly graph: OnnxGraph;
}

export interface RouterHostOptions {
  /** Served until something newer is published. The host owns its graph from now on. */
  readonly bundled: LoadedRelease;
  readonly catalog: Catalog;
  /** Undefined where nothing can be published. */
  readonly store: WeightsStore | undefined;
  readonly log: InferenceLog;
  /** Shortest time between two reads of the pointer, milliseconds >= 0. */
  readonly ttlMs: number;
}

interface Serving extends Releasable {
  readonly id: string;
  readonly weights: string;
  readonly scorer: Scorer;
  readonly graph: OnnxGraph;
  /** Undefined where the release has none at the catalogue's prices. */
  readonly certificate: Certificate | undefined;
}

/** A refresh that has not ended by then never will: the request that carried it was cut off. */
const ABANDONED_AFTER_MS = 60_000;
/** Refusals remembered; only the newest can be pointed at, the rest is room for roll-backs. */
const MAX_REFUSALS = 32;

export class RouterHost {
  readonly catalog: readonly CatalogModel[];
  readonly #slot: Slot<Serving>;
  readonly #store: WeightsStore | undefined;
  readonly #log: InferenceLog;
  readonly #ttlMs: number;
  #checkedAtMs = -Infinity;
  /** Start of the refresh under way. An object, so that a later one is told from an abandoned one. */
  #underWay: { readonly sinceMs: number } | undefined;
  readonly #refused = new Set<string>();
  #lastComplaint = "";

  /** Throws when the catalogue cannot be placed among the bundled release's abilities. */
  constructor({ bundled, catalog, store, log, ttlMs }: RouterHostOptions) {
    this.catalog = catalog.models;
    this.#slot = new Slot(serve(bundled, catalog.models), (error) =>
      log({ event: "session_release_failed", reason: reasonOf(error) }),
    );
    this.#store = store;
    this.#log = log;
    this.#ttlMs = ttlMs;
  }

  /** Label of the release in service, `version@sha256-12`. */
  get weights(): string {
    return this.#slot.current.weights;
  }

  /** The forecast of every catalogue model, with label and certificate of the release that made it. */
  score(prompt: Prompt): Promise<{
    forecast: Forecast;
    reading: Reading;
    weights: string;
    certificate: Certificate | undefined;
  }> {
    return this.#slot.use(async ({ scorer, graph, weights, certificate }) => ({
      ...(await scorer.read(scorer.featuresOf(prompt), graph)),
      weights,
      certificate,
    }));
  }

  /**
   * Moves to the published release if it is another one. Never rejects. Call it under waitUntil, once
   * per request; returns at once within the TTL or while a refresh of this isolate is under way.
   */
  async refresh(nowMs: number): Promise<void> {
    const store = this.#store;
    if (store === undefined || nowMs - this.#checkedAtMs < this.#ttlMs) return;
    if (this.#underWay && nowMs - this.#underWay.sinceMs < ABANDONED_AFTER_MS) return;
    const own = { sinceMs: nowMs };
    this.#underWay = own;
    this.#checkedAtMs = nowMs;
    try {
      await this.#follow(store, () => this.#underWay === own);
    } catch (error) {
      this.#complain({ event: "weights_unreadable", reason: reasonOf(error) });
    } finally {
      if (this.#underWay === own) this.#underWay = undefined;
    }
  }

  async #follow(store: WeightsStore, isCurrent: () => boolean): Promise<void> {
    const text = await store.readPointer();
    if (text === undefined) return;
    const pointer = parsePointer(text);
    if (pointer.id === this.#slot.current.id) {
      this.#lastComplaint = "";
      return;
    }
    const publication = `${pointer.id} ${pointer.publishedAt}`;
    if (this.#refused.has(publication)) return;
    const blob = await store.readBlob(pointer.id);
    if (blob === undefined)
      return this.#complain({ event: "weights_refused", id: pointer.id, reason: "it is missing" });
    let next: Serving;
    try {
      next = await load(blob, pointer, this.catalog);
    } catch (error) {
      this.#refuse(publication);
      return this.#complain({
        event: "weights_refused",
        id: pointer.id,
        reason: reasonOf(error),
      });
    }
    if (!isCurrent()) return next.release();
    const from = this.weights;
    this.#slot.replace(next);
    this.#lastComplaint = "";
    this.#log({ event: "weights_swapped", from, weights: next.weights });
  }

  #refuse(publication: string): void {
    if (this.#refused.size >= MAX_REFUSALS) this.#refused.delete([...this.#refused][0]!);
    this.#refused.add(publication);
  }

  /** Says it once; the same trouble at every TTL would drown the log. */
  #complain(event: InferenceEvent): void {
    const complaint = JSON.stringify(event);
    if (complaint === this.#lastComplaint) return;
    this.#lastComplaint = complaint;
    this.#log(event);
  }
}

function parsePointer(text: string): WeightsPointer {
  try {
    return pointerSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new Error("the pointer weights/current is malformed; publish again", { cause });
  }
}

/** Everything that a release must pass before it serves. Rejects with the reason, holding nothing. */
async function load(
  blob: Uint8Array<ArrayBuffer>,
  { id }: WeightsPointer,
  catalog: readonly CatalogModel[],
): Promise<Serving> {
  const release = await openRelease(unpackRelease(blob), id);
  const session = await openSession(release.model);
  const graph = new OnnxGraph(session);
  try {
    const { failure } = await canary(release, graph);
    if (failure !== undefined) throw new Error(`Wrong answer: ${failure}`);
    const serving = serve({ release, graph }, catalog);
    await checkPlacement(serving, release);
    return serving;
  } catch (error) {
    await graph.release();
    throw error;
  }
}

/** The golden vectors know only the models of the training data; what is served is the catalogue. */
async function checkPlacement({ scorer, graph }: Serving, { golden }: Release): Promise<void> {
  const { models } = await scorer.score(promptOfText(golden.vectors[0]!.prompt), graph);
  for (const { id, score, standing, outputTokensP90 } of models)
    if (!Number.isFinite(score + standing + outputTokensP90))
      throw new Error(`Wrong answer: ${id} has no place, its score is ${score}`);
}

function serve({ release, graph }: LoadedRelease, catalog: readonly CatalogModel[]): Serving {
  return {
    id: release.id,
    weights: weightsLabel(release),
    scorer: new Scorer(release.manifest, placeCatalog(release.manifest, catalog)),
    graph,
    certificate: certificateAt(release.manifest.certificate, catalog),
    release: () => graph.release(),
  };
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
