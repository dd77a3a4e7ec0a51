/**
 * What a log's decisions are made again with, found and opened as records ask for it: a catalogue and releases. Whoever
 * opened it closes it.
 */
import { digestOfCatalog } from "../../router-models/catalog-digest.ts";
import type { CatalogModel } from "../../router-models/catalog.ts";
import type { DecisionRecord } from "../../worker/domain/event.ts";
import type { FoundRelease, Releases } from "./releases.ts";
import type { Workshop } from "./replay.ts";
import { openScoring, type Scoring } from "./scoring.ts";

type Opened = Awaited<ReturnType<typeof openScoring>>;

export class Shop implements Workshop {
  readonly catalog: readonly CatalogModel[];
  readonly catalogDigest: string;
  readonly #releases: Releases;
  readonly #opened = new Map<string, Promise<Opened>>();

  private constructor(catalog: readonly CatalogModel[], digest: string, releases: Releases) {
    this.catalog = catalog;
    this.catalogDigest = digest;
    this.#releases = releases;
  }

  static async of(catalog: readonly CatalogModel[], releases: Releases): Promise<Shop> {
    return new Shop(catalog, await digestOfCatalog(catalog), releases);
  }

  /** The release that a record names; undefined where it is not at hand. Rejects where it is unsound. */
  async scoringOf({
    release,
    weights,
  }: Pick<DecisionRecord, "release" | "weights">): Promise<Scoring | undefined> {
    const found = this.#releases.find(release) ?? this.#releases.find(weights);
    return found && (await this.#open(found));
  }

  /** What a person calls so. Rejects where that is nothing, several, or unsound. */
  async named(name: string): Promise<Scoring> {
    return this.#open(await this.#releases.named(name));
  }

  async close(): Promise<void> {
    for (const opened of await Promise.allSettled(this.#opened.values()))
      if (opened.status === "fulfilled") await opened.value.close();
  }

  async #open(found: FoundRelease): Promise<Scoring> {
    const opened =
      this.#opened.get(found.id) ??
      found.open().then((release) => openScoring(release, this.catalog));
    this.#opened.set(found.id, opened);
    return (await opened).scoring;
  }
}
