/**
 * Tenants' namespaces as an isolate knows them, and the way to their objects.
 *
 * What an isolate has been told is believed for ten seconds and asked for anew beside a request after five: so long
 * a purged answer may still be given. Where an object cannot be asked there is no cache, and nothing else is amiss.
 */
import type { CacheKeeper } from "../../domain/cache-standing.ts";
import type { Clock } from "../../lib/clock.ts";
import { jsonIn } from "../../lib/json.ts";
import { LookupCache, type Ages, type KeepAlive } from "../../lib/lookup-cache.ts";
import { readTrust, type Trust } from "../trust/trust.ts";
import { namespaceSchema, type CacheObject, type Namespace } from "./namespace-object.ts";
import { sealUnder, type Seal } from "./seal.ts";

const AGES: Ages = { fresh: 10_000, refresh: 5_000, most: 10_000 };

/** A namespace, ready to read and write its entries. */
export interface OpenNamespace {
  readonly seal: Seal;
  readonly purges: number;
  /** By tag, the count at which it was last purged. */
  readonly purged: ReadonlyMap<string, number>;
  /** How far likeness can be trusted, for who has so much to lose: a share above 0 and below 1. */
  trust(budget: number): Trust;
}

interface NamespaceOptions {
  /** Asked for anew each time: a stub belongs to the request that it was made in. */
  readonly objectOf: (tenant: string) => DurableObjectStub<CacheObject>;
  readonly clock: Clock;
  readonly randomBytes: (count: number) => Uint8Array<ArrayBuffer>;
  /** Forgets the prompts of the namespace with this label, which are in an index of their own. Rejects where it cannot. */
  readonly erasePrompts: (label: string) => Promise<void>;
}

export class Namespaces implements CacheKeeper {
  readonly #options: NamespaceOptions;
  readonly #known: LookupCache<OpenNamespace>;

  constructor(options: NamespaceOptions) {
    this.#options = options;
    const { clock } = options;
    this.#known = new LookupCache({ ages: AGES, clock, ask: (tenant) => this.#ask(tenant) });
  }

  /** Rejects when the tenant's object cannot be reached. */
  async find(tenant: string, keepAlive: KeepAlive): Promise<OpenNamespace> {
    return (await this.#known.find(tenant, keepAlive))!;
  }

  /** The object of a tenant, for the request that asks. */
  objectOf(tenant: string): DurableObjectStub<CacheObject> {
    return this.#options.objectOf(tenant);
  }

  async standing(tenant: string): ReturnType<CacheKeeper["standing"]> {
    return this.objectOf(tenant).standing();
  }

  async purge(tenant: string, tags: readonly string[] | undefined): Promise<void> {
    if (tags === undefined) await this.#erasePrompts(tenant);
    await this.objectOf(tenant).purge(tags);
  }

  async erase(tenant: string): Promise<void> {
    await this.#erasePrompts(tenant);
    await this.objectOf(tenant).erase();
  }

  /** Before its secret is forgotten, and with it where they are. */
  async #erasePrompts(tenant: string): Promise<void> {
    const { seal } = await this.#ask(tenant);
    await this.#options.erasePrompts(seal.label);
  }

  async #ask(tenant: string): Promise<OpenNamespace> {
    const told: Namespace = namespaceSchema.parse(await this.objectOf(tenant).namespace());
    const { randomBytes } = this.#options;
    const { secret, purges, purged } = told;
    const seal = await sealUnder(secret, randomBytes);
    const kept = jsonIn(told.trust ?? "");
    return {
      seal,
      purges,
      purged: new Map(purged),
      trust: (budget) => readTrust(kept, { budget }),
    };
  }
}
