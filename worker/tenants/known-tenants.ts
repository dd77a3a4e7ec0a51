/**
 * What an isolate knows of the directory: keys, the tenant `default`, and whether there is any tenant at all.
 * A key that is revoked, and terms that are changed, show everywhere within half a minute; while the directory cannot
 * be reached what was known is believed for a minute and not longer.
 */
import type { Clock } from "../lib/clock.ts";
import type { StartTimer } from "../lib/deadline.ts";
import { LookupCache, type Ages, type KeepAlive } from "../lib/lookup-cache.ts";
import type { KeyEntry, Standing } from "./directory-state.ts";
import type { Lookups } from "./directory.ts";

/** Of all that is known of the directory, in milliseconds. */
export const AGES: Ages = {
  fresh: 30_000,
  refresh: 20_000,
  most: 60_000,
  absent: 5_000,
  doubt: 2_000,
};

interface KnownOptions {
  readonly directory: Lookups;
  readonly clock: Clock;
  readonly timer?: StartTimer;
}

/** Everything rejects when the directory has not been reached for too long. */
export class KnownTenants {
  readonly #keys: LookupCache<KeyEntry>;
  /** That a tenant is not there is worth remembering as long as that it is, so it is a value too. */
  readonly #standings: LookupCache<{ readonly standing: Standing | undefined }>;
  readonly #some: LookupCache<true>;
  #hasTenants = false;

  constructor({ directory, ...time }: KnownOptions) {
    const known = { ...time, ages: AGES };
    this.#keys = new LookupCache({ ...known, ask: (id) => directory.lookup(id) });
    this.#standings = new LookupCache({
      ...known,
      ask: async (id) => ({ standing: await directory.standing(id) }),
    });
    this.#some = new LookupCache({
      ...known,
      ask: async () => (await directory.hasTenants()) || undefined,
    });
  }

  async key(id: string, keepAlive: KeepAlive): Promise<KeyEntry | undefined> {
    const entry = await this.#keys.find(id, keepAlive);
    if (entry !== undefined) this.#hasTenants = true;
    return entry;
  }

  /** The directory's word on a key that did not fit what is known of it; undefined where there is nothing newer. */
  keyAgain(id: string, keepAlive: KeepAlive): Promise<KeyEntry | undefined> {
    return this.#keys.findAgain(id, keepAlive);
  }

  async standing(tenantId: string, keepAlive: KeepAlive): Promise<Standing | undefined> {
    return (await this.#standings.find(tenantId, keepAlive))?.standing;
  }

  /** Once it has been so it stays so, for as long as the isolate lives. */
  async hasTenants(keepAlive: KeepAlive): Promise<boolean> {
    if (!this.#hasTenants) this.#hasTenants = (await this.#some.find("any", keepAlive)) === true;
    return this.#hasTenants;
  }
}
