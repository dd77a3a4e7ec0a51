/**
 * Where this deployment can really call: for each vendor whose key it holds, one endpoint per key.
 *
 * Several keys of one vendor are several accounts with limits of their own, so each is an endpoint, is
 * spread over and cools down for itself. An endpoint's id names it in logs and circuits; its key never
 * does.
 *
 * In development one server can stand for all vendors: every one is then found below its address, under
 * its own name, and no key is sent.
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

/** Endpoints by vendor id. @param keys Keys by vendor id. @param standInUrl Address of a development server. */
export function endpointsOf({
  keys,
  standInUrl,
}: {
  keys: Readonly<Record<string, readonly string[]>>;
  standInUrl?: string | undefined;
}): ReadonlyMap<string, Endpoints> {
  const endpoints = new Map<string, Endpoints>();
  for (const vendor of VENDORS) {
    const { id, baseUrl } = vendor;
    if (standInUrl !== undefined) {
      const url = `${standInUrl.replace(/\/+$/, "")}/${id}/v1`;
      endpoints.set(id, [{ id, vendor, baseUrl: url }]);
      continue;
    }
    const [first, ...rest] = (keys[id] ?? []).map((key, index) => ({
      id: index === 0 ? id : `${id}#${index + 1}`,
      vendor,
      baseUrl,
      key,
    }));
    if (first !== undefined) endpoints.set(id, [first, ...rest]);
  }
  return endpoints;
}
