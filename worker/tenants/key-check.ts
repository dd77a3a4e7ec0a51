/**
 * Whose key is this? The key is hashed and the hash compared with what the directory keeps under the id that
 * the key names.
 *
 * An unknown id, a wrong secret and a right one cost the same: one hash and two comparisons, with the hash of
 * nothing where there is none to compare with. The first two are refused in the same words. Only who has
 * proved the secret is told that the key was revoked or has expired.
 *
 * A secret that does not fit may be newer than what the isolate remembers, so the directory is asked once more, as
 * seldom as lib/lookup-cache.ts has it; then the two comparisons are made again.
 */
import { RouterError } from "../domain/errors.ts";
import type { Caller } from "../domain/tenant.ts";
import type { Clock } from "../lib/clock.ts";
import type { KeepAlive } from "../lib/lookup-cache.ts";
import type { KeyEntry } from "./directory-state.ts";
import { keyIdIn, type KeyDigests } from "./keys.ts";
import type { KnownTenants } from "./known-tenants.ts";

/** Resolves with the key's caller, or with the reason why it opens nothing. Rejects as KnownTenants does. */
export type KeyCheck = (key: string, keepAlive: KeepAlive) => Promise<Caller | RouterError>;

interface KeyCheckOptions {
  readonly known: Pick<KnownTenants, "key" | "keyAgain">;
  readonly digests: KeyDigests;
  readonly clock: Clock;
}

/** In the place of a secret that is not there: as long as a hash, and that of no key. */
const NOTHING: {
  readonly hash: string;
  readonly untilMs: number;
  readonly previous?: KeyEntry["previous"];
} = { hash: "-".repeat(64), untilMs: 0 };

export function createKeyCheck({ known, digests, clock }: KeyCheckOptions): KeyCheck {
  return async function check(key, keepAlive) {
    const id = keyIdIn(key);
    if (id === undefined) return invalidKey();
    const entry = await known.key(id, keepAlive);
    const given = await digests.hash(key);
    const caller = answerOf(entry, given);
    if (caller !== undefined) return caller;
    const newer = await known.keyAgain(id, keepAlive);
    return (newer && answerOf(newer, given)) ?? invalidKey();
  };

  /** Undefined where the hash is none of the key's. */
  function answerOf(entry: KeyEntry | undefined, given: string): Caller | RouterError | undefined {
    const { hash, previous = NOTHING } = entry ?? NOTHING;
    const isCurrent = digests.isSame(given, hash);
    const isPrevious = digests.isSame(given, previous.hash);
    const nowMs = clock.nowMs();
    const isGood = isCurrent || (isPrevious && nowMs < previous.untilMs);
    if (entry === undefined || !isGood) return undefined;
    return lapseOf(entry, nowMs) ?? disabled(entry.caller) ?? entry.caller;
  }
}

/** The one answer to whoever has proved nothing. */
export function invalidKey(): RouterError {
  return refuse("The key that was sent is none of this deployment's", "invalid_api_key");
}

/** An authentication error, 401. */
export function refuse(message: string, code: string): RouterError {
  return new RouterError("authentication_error", message, { code, param: "authorization" });
}

/** Why the tenant's keys are not served, or undefined. */
export function disabled({ tenant }: Pick<Caller, "tenant">): RouterError | undefined {
  if (!tenant.is_disabled) return undefined;
  const message = `The tenant ${tenant.id} is disabled; an operator can enable it`;
  return new RouterError("permission_error", message, { code: "tenant_disabled" });
}

function lapseOf({ caller: { key }, revokedMs }: KeyEntry, nowMs: number): RouterError | undefined {
  if (revokedMs !== undefined)
    return refuse(
      `The key ${key.id} has been revoked; an operator can make another`,
      "revoked_api_key",
    );
  if (key.expires_ms !== undefined && key.expires_ms <= nowMs)
    return refuse(
      `The key ${key.id} has expired; an operator can prolong it or make another`,
      "expired_api_key",
    );
  return undefined;
}
