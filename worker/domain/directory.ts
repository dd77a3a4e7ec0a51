/**
 * The list of organisations, tenants and keys, as operators change it. What a request needs of it, a key looked
 * up and checked, is tenants/key-check.ts.
 *
 * Every "no" that can be foreseen is a value: undefined for what does not exist, a word for what cannot be.
 */
import type { KeyTerms, Organisation, Tenant } from "./tenant.ts";

/** A key as operators see it: everything but its secret. Times are milliseconds since 1970. */
export interface KeyRecord {
  /** `key_` and twelve letters or digits; part of the secret, and public. */
  readonly id: string;
  readonly tenant: string;
  readonly terms: KeyTerms;
  /** The secret's last four characters, for people who compare. */
  readonly hint: string;
  readonly createdMs: number;
  /** When its secret was last made anew. */
  readonly rotatedMs?: number;
  /** Until when the secret before that is good. */
  readonly graceUntilMs?: number;
  readonly revokedMs?: number;
}

/** A new secret, on the one occasion on which it can be seen. */
export interface IssuedKey {
  readonly record: KeyRecord;
  /** `slc_…` */
  readonly secret: string;
}

/** Who administers, for the log: whoever has the admin key, or whom Cloudflare Access let in, by e-mail or token's name. */
export type Operator =
  | { readonly kind: "key" }
  | { readonly kind: "access"; readonly name: string };

/** Strongly consistent: what was changed is what is read next. Rejects when it cannot be reached. */
export interface Directory {
  organisations(): Promise<readonly Organisation[]>;
  /** Makes or replaces it. */
  putOrganisation(organisation: Organisation): Promise<void>;
  removeOrganisation(id: string): Promise<"removed" | "unknown" | "in_use">;
  tenants(): Promise<readonly Tenant[]>;
  tenant(id: string): Promise<Tenant | undefined>;
  /** An organisation that it names must exist. */
  createTenant(tenant: Tenant): Promise<"saved" | "exists" | "unknown_organisation">;
  /** Makes or replaces it, where `expected` is given only if that is what is there. */
  putTenant(
    tenant: Tenant,
    expected?: Tenant,
  ): Promise<"saved" | "unknown_organisation" | "changed_meanwhile">;
  /** With all of its keys. */
  removeTenant(id: string): Promise<"removed" | "unknown">;
  /** Of one tenant, revoked ones too; undefined for an unknown tenant. */
  keys(tenant: string): Promise<readonly KeyRecord[] | undefined>;
  key(id: string): Promise<KeyRecord | undefined>;
  /** Undefined for an unknown tenant. */
  createKey(tenant: string, terms: KeyTerms): Promise<IssuedKey | undefined>;
  /** Only if its terms are those expected, where any are. */
  changeKey(
    id: string,
    terms: KeyTerms,
    expected?: KeyTerms,
  ): Promise<KeyRecord | "changed_meanwhile" | undefined>;
  /** A new secret under the same id; the old one is good for `graceMs` more. Undefined also for a revoked key. */
  rotateKey(id: string, graceMs: number): Promise<IssuedKey | undefined>;
  /** For good. Repeating it changes nothing. */
  revokeKey(id: string): Promise<KeyRecord | undefined>;
}
