/**
 * Where this deployment can really call: for each vendor whose key it holds, one endpoint per key; for
 * Workers AI the binding, where there is one and no token; and the vendors of the deployment's own.
 *
 * Several keys of one vendor are several accounts with limits of their own, so each is an endpoint, is
 * spread over and cools down for itself. An endpoint's id names it in logs and circuits; its key never
 * does.
 *
 * In development one server can stand for all vendors of the registry: every one is then found below its
 * address, under its own name, and no real key is sent, only made-up ones where there shall be several.
 */
import type { OwnVendor } from "./compatible-vendors.ts";
import { VENDORS, type Vendor } from "./registry.ts";

export interface Endpoint {
  /** `openai`, and `openai#2` for the vendor's second key. */
  readonly id: string;
  readonly vendor: Vendor;
  readonly baseUrl: string;
  /** Absent where a development server stands for the vendor, a binding leads to it, or it wants none. */
  readonly key?: string;
  /** How bytes get there, where that is not by `fetch`. Rejects where they do not. */
  readonly send?: (url: string, init: RequestInit) => Promise<Response>;
}

/** The endpoints of one vendor, in the order in which its keys were given. */
export type Endpoints = readonly [Endpoint, ...Endpoint[]];

interface EndpointSources {
  /** Keys by vendor id. */
  readonly keys: Readonly<Record<string, readonly string[]>>;
  /** Values of the names in braces in vendors' base URLs. */
  readonly addresses?: Readonly<Record<string, string>>;
  /** Address of a development server. */
  readonly standInUrl?: string | undefined;
  /** Sent to it for every vendor. */
  readonly standInKeys?: readonly string[];
  readonly ownVendors?: readonly OwnVendor[];
  /** Leads to Workers AI. */
  readonly aiBinding?: Endpoint["send"] | undefined;
}

/** Endpoints by vendor id. */
export function endpointsOf(sources: EndpointSources): ReadonlyMap<string, Endpoints> {
  const endpoints = new Map<string, Endpoints>();
  for (const vendor of VENDORS) {
    const [first, ...rest] = ofVendor(vendor, sources);
    if (first !== undefined) endpoints.set(vendor.id, [first, ...rest]);
  }
  for (const { vendor, key } of sources.ownVendors ?? []) {
    const { id, baseUrl } = vendor;
    endpoints.set(id, [{ id, vendor, baseUrl, ...(key !== undefined && { key }) }]);
  }
  return endpoints;
}

function ofVendor(
  vendor: Vendor,
  { keys, addresses = {}, standInUrl, standInKeys = [], aiBinding }: EndpointSources,
): Endpoint[] {
  const { id } = vendor;
  if (standInUrl !== undefined) {
    const baseUrl = `${standInUrl.replace(/\/+$/, "")}/${id}/v1`;
    return standInKeys.length > 0
      ? keyed({ id, vendor, baseUrl }, standInKeys)
      : [{ id, vendor, baseUrl }];
  }
  const baseUrl = vendor.baseUrl.replace(/\{(\w+)\}/g, (_, name: string) => addresses[name] ?? "");
  const own = keyed({ id, vendor, baseUrl }, keys[id] ?? []);
  if (own.length > 0 || id !== "workers-ai" || aiBinding === undefined) return own;
  return [{ id, vendor, baseUrl, send: aiBinding }];
}

function keyed(endpoint: Endpoint, keys: readonly string[]): Endpoint[] {
  return keys.map((key, index) => ({
    ...endpoint,
    id: index === 0 ? endpoint.id : `${endpoint.id}#${index + 1}`,
    key,
  }));
}
