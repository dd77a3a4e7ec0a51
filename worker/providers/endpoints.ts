/**
 * Where this deployment can really call: for each vendor whose key it holds, one endpoint per key.
 *
 * Several keys of one vendor are several accounts with limits of their own, so each is an endpoint, is
 * spread over and cools down for itself. An endpoint's id names it in logs and circuits; its key never
 * does.
 *
 * In development one server can stand for all vendors: every one is then found below its address, under
 * its own name, and no real key is sent, only made-up ones where there shall be several.
 */
import { VENDORS, type Vendor } from "./registry.ts";

export interface Endpoint {
  /** `openai`, and `openai#2` for the vendor's second key. */
  readonly id: string;
  readonly vendor: Vendor;
  readonly baseUrl: string;
  /** Absent only where a development server stands for the vendor. */
  readonly key?: string;
}

/** The endpoints of one vendor, in the order in which its keys were given. */
export type Endpoints = readonly [Endpoint, ...Endpoint[]];

/** Endpoints by vendor id. @param keys Keys by vendor id. @param standInUrl Address of a development server. @param standInKeys Sent to it for every vendor. */
export function endpointsOf({
  keys,
  standInUrl,
  standInKeys = [],
}: {
  keys: Readonly<Record<string, readonly string[]>>;
  standInUrl?: string | undefined;
  standInKeys?: readonly string[];
}): ReadonlyMap<string, Endpoints> {
  const endpoints = new Map<string, Endpoints>();
  for (const vendor of VENDORS) {
    const { id } = vendor;
    const isStandIn = standInUrl !== undefined;
    const baseUrl = isStandIn ? `${standInUrl.replace(/\/+$/, "")}/${id}/v1` : vendor.baseUrl;
    if (isStandIn && standInKeys.length === 0) {
      endpoints.set(id, [{ id, vendor, baseUrl }]);
      continue;
    }
    const [first, ...rest] = ((isStandIn ? standInKeys : keys[id]) ?? []).map((key, index) => ({
      id: index === 0 ? id : `${id}#${index + 1}`,
      vendor,
      baseUrl,
      key,
    }));
    if (first !== undefined) endpoints.set(id, [first, ...rest]);
  }
  return endpoints;
}
