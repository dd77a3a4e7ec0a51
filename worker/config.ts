/**
 * The one reader of the environment: strings in, a checked and frozen configuration out.
 *
 * Every default stands with its variable, in variables.ts, so no other file says "or else". A variable that is set
 * to nothing counts as not set. Names that are not ours are not looked at. What is wrong is named together with the
 * remedy; values are not repeated, because they may be secrets.
 */
import type { CatalogModel } from "../router-models/catalog.ts";
import { ownCatalogModel } from "../router-models/own-model.ts";
import type { WebhookAddress } from "./budget/webhook.ts";
import { ownVendorOf, type OwnVendor } from "./providers/compatible-vendors.ts";
import { VENDORS } from "./providers/registry.ts";
import { keysIn, variables, type Values } from "./variables.ts";

export interface Config {
  readonly apiKey: string | undefined;
  readonly adminKey: string | undefined;
  readonly keySecret: string | undefined;
  /** The application of Cloudflare Access that operators come through. */
  readonly access: { readonly teamDomain: string; readonly audience: string } | undefined;
  /** Where ledgers are kept, if not in Durable Objects. */
  readonly redis: { readonly url: string; readonly token: string } | undefined;
  /** Keys by vendor id; vendors without one are absent. Of several, each is an account of its own. */
  readonly vendorKeys: Readonly<Record<string, readonly string[]>>;
  /** Values of the names in braces in vendors' base URLs; complete for every vendor with a key. */
  readonly vendorAddresses: Readonly<Record<string, string>>;
  readonly vendorBaseUrl: string | undefined;
  readonly ownVendors: readonly OwnVendor[];
  /** Models that COMPATIBLE_VENDORS adds to the catalogue. */
  readonly ownModels: readonly CatalogModel[];
  readonly weightsTtlMs: number;
  /** Whose rollouts of weights are followed: raw public keys; anybody's where there are none. */
  readonly weightsPublicKeys: readonly Uint8Array<ArrayBuffer>[];
  readonly maxBodyBytes: number;
  readonly standInKeys: readonly string[];
  readonly hasCircuits: boolean;
  /** Whose vectors likeness goes by. */
  readonly cacheEmbeddings: "own" | "workers-ai";
  /** A request's, all of its attempts and its stream together. */
  readonly totalTimeoutMs: number;
  /** Limits of one call; providers/dispatch.ts says what each bounds. */
  readonly timeouts: {
    readonly connectMs: number;
    readonly firstByteMs: number;
    readonly answerMs: number;
    readonly idleMs: number;
  };
  /** How long events wait for others to be in one file with them. */
  readonly eventFilesAfterMs: number;
  readonly alertWebhook: WebhookAddress | undefined;
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
      ([name, value]) =>
        Object.hasOwn(variables.shape, name) && value !== undefined && value !== "",
    )
    .map(([name, value]) => [name, typeof value === "number" ? String(value) : value]);
  const parsed = variables.safeParse(Object.fromEntries(given));
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
    adminKey: adminKeyIn(values),
    keySecret: values.SLUICE_KEY_SECRET,
    access: accessIn(values),
    redis: redisIn(values),
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
    weightsPublicKeys: Object.freeze(values.WEIGHTS_PUBLIC_KEYS),
    maxBodyBytes: values.MAX_BODY_BYTES,
    standInKeys: Object.freeze(keysIn(values.STAND_IN_KEYS)),
    hasCircuits: values.CIRCUITS === "on",
    cacheEmbeddings: values.CACHE_EMBEDDINGS,
    eventFilesAfterMs: values.EVENT_FILES_AFTER_MS,
    totalTimeoutMs: values.TOTAL_TIMEOUT_MS,
    timeouts: Object.freeze({
      connectMs: values.CONNECT_TIMEOUT_MS,
      firstByteMs: values.FIRST_BYTE_TIMEOUT_MS,
      answerMs: values.ANSWER_TIMEOUT_MS,
      idleMs: values.IDLE_TIMEOUT_MS,
    }),
    alertWebhook: webhookFor(values.ALERT_WEBHOOK_URL, values.ALERT_WEBHOOK_SECRET),
    logLevel: values.LOG_LEVEL,
  });
}

/** Throws ConfigError where the key that applications have would open /admin. */
function adminKeyIn({ SLUICE_ADMIN_KEY: adminKey, SLUICE_API_KEY: apiKey }: Values) {
  if (adminKey !== undefined && adminKey === apiKey)
    throw new ConfigError(
      "Correct the deployment's variables: SLUICE_ADMIN_KEY must differ from SLUICE_API_KEY",
    );
  return adminKey;
}

/** Throws ConfigError where half of it is set. */
function accessIn({ ACCESS_TEAM_DOMAIN: teamDomain, ACCESS_AUD: audience }: Values) {
  if (teamDomain !== undefined && audience !== undefined)
    return Object.freeze({ teamDomain, audience });
  if (teamDomain === audience) return undefined;
  throw new ConfigError(
    "Correct the deployment's variables: ACCESS_TEAM_DOMAIN and ACCESS_AUD must be set together",
  );
}

/** Throws ConfigError where half of it is set. */
function redisIn({ UPSTASH_REDIS_REST_URL: url, UPSTASH_REDIS_REST_TOKEN: token }: Values) {
  if (url !== undefined && token !== undefined) return Object.freeze({ url, token });
  if (url === token) return undefined;
  throw new ConfigError(
    "Correct the deployment's variables: UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN must be set together",
  );
}

/** Throws ConfigError for a webhook that nothing would sign. */
function webhookFor(
  url: string | undefined,
  secrets: readonly string[] | undefined,
): WebhookAddress | undefined {
  if (url === undefined) return undefined;
  if (secrets === undefined)
    throw new ConfigError(
      "Correct the deployment's variables: ALERT_WEBHOOK_SECRET must be set, because ALERT_WEBHOOK_URL is",
    );
  return Object.freeze({ url, secrets: Object.freeze(secrets) });
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
