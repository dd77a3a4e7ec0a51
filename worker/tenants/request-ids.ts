/**
 * A request's id says whose it is, to us alone: behind what was minted stand sixteen digits of an HMAC over it and the
 * tenant. So a tenant that names a request later can be believed without a look-up, and another tenant's id is as
 * good as one that was made up.
 */
import type { RequestIds } from "../domain/request-ids.ts";
import { hmacSha256, isSameDigest } from "../lib/digest.ts";

/** 64 bits: nobody guesses one in the time that a request is of interest. */
const SEAL_LENGTH = 16;

/** @param secret The deployment's; without one it has a single tenant, and nothing to tell apart. */
export function requestIdsUnder(secret: string | undefined): RequestIds {
  async function seal(minted: string, tenant: string): Promise<string> {
    const text = JSON.stringify(["request", tenant, minted]);
    const digest = await hmacSha256(secret ?? "one tenant", text);
    return minted + digest.slice(0, SEAL_LENGTH);
  }
  return {
    seal,
    async isOf(id, tenant) {
      const expected = await seal(id.slice(0, -SEAL_LENGTH), tenant);
      return isSameDigest(id, expected);
    },
  };
}
