/** What is kept of a tenant's events: the vocabulary between whoever keeps them and operators. */

export interface EventStanding {
  /** How long they are kept; undefined where there never were any. */
  readonly days?: number;
  /** Rows of the journal, which has the latest ones only. Files have the rest. */
  readonly rows: number;
  /** When the first and the last of these rows came, milliseconds since 1970. */
  readonly firstMs?: number;
  readonly lastMs?: number;
  /** Rows that are in no file yet, and files that are still to be written. */
  readonly unfiled: number;
  readonly pending: number;
  /** Rows that were forgotten before they were in a file, for want of room or of anywhere to put files. */
  readonly lost: number;
}

/** The events of all tenants. Rejects when they cannot be reached. */
export interface EventKeeper {
  standing(tenant: string): Promise<EventStanding>;
  /** Forgets all of them, files included. May be repeated. */
  erase(tenant: string): Promise<void>;
}
