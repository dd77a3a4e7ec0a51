/**
 * The one reader of the environment: strings in, a checked and frozen configuration out.
 *
 * Every default stands in the schema with its reason, so no other file says "or else". A variable that
 * is set to nothing counts as not set. Names that are not ours (bindings, the platform's own) are not
 * looked at. What is wrong is named together with the remedy; values are not repeated, because they may
 * be secrets.
 */
import { z } from "zod";
import type { CatalogModel } from "../router-models/catalog.ts";
import { ownCatalogModel, ownModelSchema } from "../router-models/own-model.ts";
import { jsonIn } from "./lib/json.ts";
import {
  compatibleVendorSchema,
  faultOf,
  ownVendorOf,
  type OwnVendor,
} from "./providers/compatible-vendors.ts";
import { VENDORS } from "./providers/registry.ts";

const secret = z
  .string()
  .regex(
    /^[\x21-\x7e]{1,1024}$/,
    "must be one word of printable ASCII; set it again without spaces",
  )
  .optional();

function milliseconds(fallback: number, least = 1) {
  return z
    .string()
    .regex(/^\d{1,9}$/, "must be a whole number of milliseconds")
    .transform(Number)
    .refine((value) => value >= least, `must be at least ${least} ms`)
    .default(fallback);
}

/** JSON text or, as wrangler's own JSON variables come, its value. */
const compatibleVendors = z
  .preprocess(
    (given) => (typeof given === "string" ? jsonIn(given) : given),
    z
      .array(
        compatibleVendorSchema
          .extend({ models: z.array(ownModelSchema).min(1).max(200) })
          .superRefine((entry, context) => {
            const [field, message] = faultOf(entry) ?? [];
            if (field !== undefined)
              context.addIssue({ code: "custom", path: [field], message, input: undefined });
          }),
        "must be a JSON array of vendors, such as " +
          '[{"id":"ollama","base_url":"http://127.0.0.1:11434/v1","models":[…]}]',
      )
      .max(32)
      .refine(
        (vendors) => new Set(vendors.map(({ id }) => id)).size === vendors.length,
        "must name each vendor once",
      ),
  )
  .default([]);

const schema = z.strictObject({
  /** Demanded of every request once it is set; without it only this machine is served. */
  SLUICE_API_KEY: secret,
  ...Object.fromEntries(VENDORS.map(({ keyName }) => [keyName, secret])),
  /** The resource's address; what Azure's portal shows as the endpoint. */
  AZURE_OPENAI_ENDPOINT: z
    .url({
      protocol: /^https$/,
      error: "must be an https URL such as https://my-resource.openai.azure.com",
    })
    .transform((url) => url.replace(/\/+$/, ""))
    .optional(),
  CLOUDFLARE_ACCOUNT_ID: z
    .string()
    .regex(/^[0-9a-f]{32}$/, "must be the account's 32 hexadecimal digits")
    .optional(),
  COMPATIBLE_VENDORS: compatibleVendors,
  /** Development only: a server that stands for every vendor, at `<url>/<vendor>/v1`. */
  VENDOR_BASE_URL: z
    .url({
      protocol: /^https?$/,
      error: "must be an http or https URL, such as http://127.0.0.1:9090",
    })
    .optional(),
  /** KV serves stale reads for 30 s anyway; reading it more often buys nothing. 0 reads every time. */
  WEIGHTS_TTL_MS: milliseconds(30_000, 0),
  /**
   * A body exists some five times over while it is read, parsed and written again, and an isolate has
   * 128 MB, most of which belongs to the router's runtime. 4 MiB hold three megapixel-sized pictures.
   */
  MAX_BODY_BYTES: z
    .string()
    .regex(/^\d{1,9}$/, "must be a whole number of bytes")
    .transform(Number)
    .refine((value) => value >= 1024, "must be at least 1024 bytes")
    .default(4 << 20),
  /** Vendors send a stream's headers when they have begun; past this they are queueing or down. */
  CONNECT_TIMEOUT_MS: milliseconds(30_000),
  /** From the headers to the first event: models that think first may say nothing for a minute. */
  FIRST_BYTE_TIMEOUT_MS: milliseconds(90_000),
  /** An unstreamed answer comes when it is complete: 12,000 tokens at 50 a second take four minutes. */
  ANSWER_TIMEOUT_MS: milliseconds(240_000),
  /** Longer than any vendor's keep-alive interval, so silence means that nobody is there. */
  IDLE_TIMEOUT_MS: milliseconds(60_000),
  /** A whole request, further attempts included: what OpenAI's own clients wait before they give up. */
  TOTAL_TIMEOUT_MS: milliseconds(600_000),
  /** "off" calls vendors whatever they have done; for those who test them. */
  CIRCUITS: z.enum(["on", "off"], "must be on or off").default("on"),
  /** Development only, beside VENDOR_BASE_URL: made-up keys that are sent to it, each an account. */
  STAND_IN_KEYS: secret,
  LOG_LEVEL: z
    .enum(["debug", "info", "warn", "error"], "must be debug, info, warn or error")
    .default("info"),
});

export interface Config {
  readonly apiKey: string | undefined;
  /** Keys by vendor id; vendors without one are absent. Of several, each is an account of its own. */
  readonly vendorKeys: Readonly<Record<string, readonly string[]>>;
  /** Values of the names in braces in vendors' base URLs; complete for every vendor with a key. */
  readonly vendorAddresses: Readonly<Record<string, string>>;
  readonly vendorBaseUrl: string | undefined;
  readonly ownVendors: readonly OwnVendor[];
  /** Models that COMPATIBLE_VENDORS adds to the catalogue. */
  readonly ownModels: readonly CatalogModel[];
  readonly weightsTtlMs: number;
  readonly maxBodyBytes: number;
  readonly standInKeys: readonly string[];
  readonly hasCircuits: boolean;
  /** A request's, all of its attempts and its stream together. */
  readonly totalTimeoutMs: number;
  /** Limits of one call; providers/dispatch.ts says what each bounds. */
  readonly timeouts: {
    readonly connectMs: number;
    readonly firstByteMs: number;
    readonly answerMs: number;
    readonly idleMs: number;
  };
  readonly logLevel: "debug" | "info" | "warn" | "error";
}

/** Thrown for an environment that cannot be served; lists each variable with what to do. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

/** Reads the environment. Throws ConfigError. */
export function readConfig(env: object): Config {
  const given = Object.entries(env)
    .filter(
      ([name, value]) => Object.hasOwn(schema.shape, name) && value !== undefined && value !== "",
    )
    .map(([name, value]) => [name, typeof value === "number" ? String(value) : value]);
  const parsed = schema.safeParse(Object.fromEntries(given));
  if (!parsed.success) {
    const lines = parsed.error.issues.map(({ path, message }) => `${path.join(".")} ${message}`);
    throw new ConfigError(`Correct the deployment's variables: ${lines.join("; ")}`);
  }
  const values = parsed.data;
  const secrets = new Map<string, unknown>(Object.entries(values));
  const vendorKeys: Record<string, readonly string[]> = {};
  for (const { id, keyName } of VENDORS) {
    const keys = keysIn(secrets.get(keyName));
    if (keys.length > 0) vendorKeys[id] = Object.freeze(keys);
  }
  return Object.freeze({
    apiKey: values.SLUICE_API_KEY,
    vendorKeys: Object.freeze(vendorKeys),
    vendorAddresses: addressesFor(vendorKeys, secrets),
    vendorBaseUrl: values.VENDOR_BASE_URL,
    ownVendors: Object.freeze(values.COMPATIBLE_VENDORS.flatMap((own) => ownVendorOf(own) ?? [])),
    ownModels: Object.freeze(
      values.COMPATIBLE_VENDORS.flatMap(({ id, models }) =>
        models.map((model) => ownCatalogModel(id, model)),
      ),
    ),
    weightsTtlMs: values.WEIGHTS_TTL_MS,
    maxBodyBytes: values.MAX_BODY_BYTES,
    standInKeys: Object.freeze(keysIn(values.STAND_IN_KEYS)),
    hasCircuits: values.CIRCUITS === "on",
    totalTimeoutMs: values.TOTAL_TIMEOUT_MS,
    timeouts: Object.freeze({
      connectMs: values.CONNECT_TIMEOUT_MS,
      firstByteMs: values.FIRST_BYTE_TIMEOUT_MS,
      answerMs: values.ANSWER_TIMEOUT_MS,
      idleMs: values.IDLE_TIMEOUT_MS,
    }),
    logLevel: values.LOG_LEVEL,
  });
}

/** A list of keys, each once. */
function keysIn(list: unknown): string[] {
  return typeof list === "string" ? [...new Set(list.split(",").filter((key) => key !== ""))] : [];
}

/** Throws ConfigError for a vendor that has a key and no address. */
function addressesFor(
  vendorKeys: Config["vendorKeys"],
  values: ReadonlyMap<string, unknown>,
): Readonly<Record<string, string>> {
  const addresses: Record<string, string> = {};
  for (const { id, keyName, baseUrl } of VENDORS) {
    if (vendorKeys[id] === undefined) continue;
    for (const [, name = ""] of baseUrl.matchAll(/\{(\w+)\}/g)) {
      const value = values.get(name);
      if (typeof value !== "string")
        throw new ConfigError(
          `Correct the deployment's variables: ${name} must be set, because ${keyName} is`,
        );
      addresses[name] = value;
    }
  }
  return Object.freeze(addresses);
}
