/**
 * Vendors of a deployment's own: any server that speaks OpenAI's chat completions (Ollama, vLLM, LM
 * Studio, a company's gateway), as the variable COMPATIBLE_VENDORS names them.
 *
 * A key must not travel in clear, and neither should prompts: plain http is for this machine and private
 * networks, or for an operator who writes `allow_http`. An entry that has the id of a vendor in the
 * registry has no address of its own; it adds models to that vendor, such as an account's deployments at
 * Azure.
 */
import { z } from "zod";
import { USUAL, VENDORS, type Vendor } from "./registry.ts";

const KNOWN = new Set(VENDORS.map(({ id }) => id));

/** A vendor of the deployment's own, with its key where it wants one. */
export interface OwnVendor {
  readonly vendor: Vendor;
  readonly key?: string;
}

/** One entry of the variable but for its models, whose schema is router-models/own-model.ts. */
export const compatibleVendorSchema = z.strictObject({
  id: z
    .string("must be the vendor's short name, such as ollama")
    .regex(/^[a-z0-9][a-z0-9-]{0,63}$/, "must be a short name of a-z, 0-9 and -, such as ollama"),
  name: z.string().min(1, "must be a name that people know").max(100).optional(),
  base_url: z
    .url({ protocol: /^https?$/, error: "must be a URL such as http://127.0.0.1:11434/v1" })
    .optional(),
  key: z
    .string()
    .regex(/^[\x21-\x7e]{1,1024}$/, "must be one word of printable ASCII")
    .optional(),
  allow_http: z.boolean("must be true or false").default(false),
});

type Entry = z.output<typeof compatibleVendorSchema>;

/** What is wrong with an entry as a whole: the field, and what it must be. */
export function faultOf({
  id,
  name,
  base_url: url,
  key,
  allow_http,
}: Entry): [string, string] | undefined {
  if (KNOWN.has(id)) {
    if (url === undefined && key === undefined && name === undefined) return undefined;
    return ["id", `must be another one: ${id} is a vendor that is known; give it models only`];
  }
  if (url === undefined) return ["base_url", "must be given, such as http://127.0.0.1:11434/v1"];
  const { protocol, hostname, username, password, search, hash } = new URL(url);
  if (`${username}${password}${search}${hash}` !== "")
    return ["base_url", "must have no user, password, query or fragment; `key` holds a key"];
  if (protocol === "http:" && !allow_http && !isPrivate(hostname))
    return [
      "base_url",
      "must be https: over http, keys and prompts could be read; or set allow_http",
    ];
  return undefined;
}

/** Loopback, private and link-local addresses, and names that only such networks resolve. */
function isPrivate(hostname: string): boolean {
  return (
    /^(localhost|.+\.(localhost|local|internal|lan|home\.arpa))$/.test(hostname) ||
    /^(127|10)(\.\d+){3}$|^(192\.168|169\.254)(\.\d+){2}$/.test(hostname) ||
    /^172\.(1[6-9]|2\d|3[01])(\.\d+){2}$/.test(hostname) ||
    /^\[(::1|f[cd][0-9a-f]{2}:.*|fe80:.*)\]$/.test(hostname)
  );
}

/** The vendor that a sound entry names, or undefined for one of the registry. */
export function ownVendorOf({ id, name = id, base_url: url, key }: Entry): OwnVendor | undefined {
  if (url === undefined) return undefined;
  const baseUrl = url.replace(/\/+$/, "");
  const vendor: Vendor = { ...USUAL, id, name, baseUrl };
  return { vendor, ...(key !== undefined && { key }) };
}
