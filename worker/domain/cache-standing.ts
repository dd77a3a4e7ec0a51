/** What a tenant's cache has done for it: the vocabulary between whoever keeps it and operators. */

/** Of one day in UTC, or of all days that are still counted. */
export interface CacheCounts {
  /** Requests that were answered from the cache. */
  readonly hits: number;
  /** Those of them that had asked in other words. */
  readonly semantic: number;
  /** Requests that looked there and found nothing. */
  readonly misses: number;
  /** What the hits would have cost at the reference model, micro-dollars. */
  readonly savedMicroUsd: number;
  /** Answers of neighbours that were held against a vendor's, and those of them that were wrong. */
  readonly audits: number;
  readonly wrong: number;
}

export interface CacheStanding {
  /** Since when there are entries: first use, or the last purge of everything. Milliseconds since 1970. */
  readonly sinceMs?: number;
  /** Whether semantic hits are served, the most of them that can be wrong as far as is known, and how often drift ended them. */
  readonly likeness: {
    readonly state: "learning" | "on" | "off";
    readonly mostWrong: number;
    readonly trips: number;
  };
  readonly total: CacheCounts;
  /** By date, such as 2026-11-23, the latest first; days without any are left out. */
  readonly days: readonly (CacheCounts & { readonly date: string })[];
}

/** The caches of all tenants. Rejects when they cannot be reached. */
export interface CacheKeeper {
  standing(tenant: string): Promise<CacheStanding>;
  /** Ends all entries, or those that have any of the tags. Every isolate knows within ten seconds. */
  purge(tenant: string, tags: readonly string[] | undefined): Promise<void>;
  /** Forgets the tenant: its entries end, and its counts are gone. */
  erase(tenant: string): Promise<void>;
}
