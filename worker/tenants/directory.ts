/**
 * The directory as the rest of the Worker sees it: the Durable Object, and keys made on this side of it. A
 * secret exists only here, in the answer to whoever had it made; what crosses over is its hash.
 *
 * What comes back is read by schemas where it decides about a request, because isolate and object may be of
 * different versions during a rollout.
 */
import type { Directory, IssuedKey, KeyRecord } from "../domain/directory.ts";
import { RouterError } from "../domain/errors.ts";
import type { DirectoryObject } from "./directory-object.ts";
import {
  keyEntrySchema,
  standingSchema,
  type KeyEntry,
  type SecretMark,
  type Standing,
} from "./directory-state.ts";
import { hintOf, KEY_BYTES, mintKey, type KeyDigests } from "./keys.ts";

/** What the check of a request asks. Rejects when the directory cannot be reached or read. */
export interface Lookups {
  lookup(keyId: string): Promise<KeyEntry | undefined>;
  standing(tenantId: string): Promise<Standing | undefined>;
  hasTenants(): Promise<boolean>;
}

interface DirectoryOptions {
  /** Asked for anew each time: a stub belongs to the request that it was made in. */
  readonly object: () => DurableObjectStub<DirectoryObject>;
  /** Undefined without SLUICE_KEY_SECRET; then keys cannot be made. */
  readonly digests: Pick<KeyDigests, "hash"> | undefined;
  /** Random bytes fit for secrets. */
  readonly randomBytes: (count: number) => Uint8Array;
}

/** The directory behind a Durable Object. Making a key throws RouterError 503 without SLUICE_KEY_SECRET. */
export function createDirectory(options: DirectoryOptions): Directory & Lookups {
  const { object } = options;
  async function mint(id?: string): Promise<SecretMark & { id: string; key: string }> {
    if (options.digests === undefined) throw noKeySecret();
    const minted = mintKey(options.randomBytes(KEY_BYTES), id);
    return {
      ...minted,
      hash: await options.digests.hash(minted.key),
      hint: hintOf(minted.key),
    };
  }
  return {
    organisations: async () => object().organisations(),
    putOrganisation: async (organisation) => object().putOrganisation(organisation),
    removeOrganisation: async (id) => object().removeOrganisation(id),
    tenants: async () => object().tenants(),
    tenant: async (id) => object().tenant(id),
    createTenant: async (tenant) => object().createTenant(tenant),
    putTenant: async (tenant, expected) => object().putTenant(tenant, expected),
    removeTenant: async (id) => object().removeTenant(id),
    keys: async (tenant) => object().keys(tenant),
    key: async (id) => object().key(id),
    async createKey(tenant, terms) {
      const { key, ...mark } = await mint();
      return issued(await object().createKey({ ...mark, tenant, terms }), key);
    },
    changeKey: async (id, terms, expected) => object().changeKey(id, terms, expected),
    async rotateKey(id, graceMs) {
      const { key, hash, hint } = await mint(id);
      return issued(await object().rotateKey(id, { hash, hint }, graceMs), key);
    },
    revokeKey: async (id) => object().revokeKey(id),
    lookup: async (keyId) => keyEntrySchema.optional().parse(await object().lookup(keyId)),
    standing: async (id) => standingSchema.optional().parse(await object().standing(id)),
    hasTenants: async () => object().hasTenants(),
  };
}

function issued(record: KeyRecord | undefined, secret: string): IssuedKey | undefined {
  return record && { record, secret };
}

function noKeySecret(): RouterError {
  return new RouterError(
    "server_error",
    "This deployment cannot make keys: it has no secret to hash them with. Its owner sets one of 32 random " +
      "characters at least with `npx wrangler secret put SLUICE_KEY_SECRET`",
    { code: "no_key_secret", status: 503 },
  );
}
