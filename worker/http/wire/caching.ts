/**
 * What `Cache-Control` and the tenant leave of a policy's wish for the cache. Both can only narrow it: no request turns
 * the cache on by a header that HTTP libraries send by themselves, and a private tenant has none.
 *
 * Of the header are read `no-store`, `no-cache` and `max-age`, in whole seconds; whatever else stands there is another
 * cache's business.
 *
 * Source: https://www.rfc-editor.org/rfc/rfc9111#section-5.2.1
 */
import type { Policy } from "../../domain/policy.ts";
import type { Tenant } from "../../domain/tenant.ts";

export function caching(
  policy: Policy,
  headers: Headers,
  { is_private: isPrivate }: Pick<Tenant, "is_private">,
): Policy {
  if (policy.cache === "off") return policy;
  const directives = (headers.get("cache-control") ?? "")
    .split(",")
    .map((directive) => directive.trim().toLowerCase());
  if (isPrivate || directives.includes("no-store")) return { ...policy, cache: "off" };
  const ages = directives.flatMap((directive) => /^max-age=(\d{1,9})$/.exec(directive)?.[1] ?? []);
  const ageS = Math.min(...ages.map(Number), policy.cache_ttl_s ?? Infinity);
  if (directives.includes("no-cache") || ageS === 0) return { ...policy, cache: "refresh" };
  return { ...policy, ...(ageS < Infinity && { cache_ttl_s: ageS }) };
}
