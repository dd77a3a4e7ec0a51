/**
 * The vendors that this deployment can really call: those whose key it holds.
 *
 * In development one server can stand for all of them: every vendor is then found below its address,
 * under its own name, and no key is sent.
 */
import { VENDORS, type Vendor } from "./registry.ts";

export interface Endpoint {
  readonly vendor: Vendor;
  readonly baseUrl: string;
  /** Absent only where a development server stands for the vendor. */
  readonly key?: string;
}

/** Endpoints by vendor id. @param keys Keys by vendor id. @param standInUrl Address of a development server. */
export function endpointsOf({
  keys,
  standInUrl,
}: {
  keys: Readonly<Record<string, string>>;
  standInUrl?: string | undefined;
}): ReadonlyMap<string, Endpoint> {
  const endpoints = new Map<string, Endpoint>();
  for (const vendor of VENDORS) {
    const key = keys[vendor.id];
    if (standInUrl !== undefined)
      endpoints.set(vendor.id, {
        vendor,
        baseUrl: `${standInUrl.replace(/\/+$/, "")}/${vendor.id}/v1`,
      });
    else if (key !== undefined) endpoints.set(vendor.id, { vendor, baseUrl: vendor.baseUrl, key });
  }
  return endpoints;
}
