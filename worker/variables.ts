/**
 * Every variable of the environment by itself: what may stand there, its default and the reason for it.
 *
 * Names that are not ours (bindings, the platform's own) are not in here. What several of them mean together is
 * config.ts's. Messages name the remedy and repeat no value: it may be a secret.
 */
import { z } from "zod";
import { ownModelSchema } from "../router-models/own-model.ts";
import { readPublicKey } from "../router-models/rollout.ts";
import { jsonIn } from "./lib/json.ts";
import { isWebhookSecret } from "./lib/webhook-signature.ts";
import { compatibleVendorSchema, faultOf } from "./providers/compatible-vendors.ts";
import { VENDORS } from "./providers/registry.ts";
import { keyIdIn } from "./tenants/keys.ts";

const secretText = z
  .string()
  .regex(
    /^[\x21-\x7e]{1,1024}$/,
    "must be one word of printable ASCII; set it again without spaces",
  );

const secret = secretText.optional();

function long(text: typeof secretText, least: number) {
  return text.min(
    least,
    `must be at least ${least} characters; \`openssl rand -hex 32\` makes some`,
  );
}

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

/** Every variable that is ours, by name. */
export const variables = z.strictObject({
  /**
   * Demanded of every request once it is set; without it only this machine is served. It is looked at before
   * tenants' keys, so one of those in its place could not be revoked.
   */
  SLUICE_API_KEY: secretText
    .refine(
      (key) => keyIdIn(key) === undefined,
      "must be a key of its own and no tenant's; `openssl rand -hex 32` makes one",
    )
    .optional(),
  /** What operators send to /admin. Who has it makes keys at will, so it is none that somebody guesses. */
  SLUICE_ADMIN_KEY: long(secretText, 16).optional(),
  /** Tenants' keys are hashed with it. Without it none can be made; another one ends all that there are. */
  SLUICE_KEY_SECRET: long(secretText, 32).optional(),
  /** Together: the application of Cloudflare Access whose people may administer. */
  ACCESS_TEAM_DOMAIN: z
    .string()
    .regex(
      /^https:\/\/[a-z0-9-]{1,63}\.cloudflareaccess\.com$/,
      "must be https://<team>.cloudflareaccess.com",
    )
    .optional(),
  ACCESS_AUD: z
    .string()
    .regex(/^[0-9a-f]{64}$/, "must be the application's AUD tag, 64 hexadecimal digits")
    .optional(),
  /** Together: the Redis that keeps the ledgers, in place of Durable Objects. Its token must not cross a network in the clear. */
  UPSTASH_REDIS_REST_URL: z
    .string()
    .regex(
      /^(https:\/\/[^\s#?@]+|http:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d+)?\/?)$/,
      "must be an https URL such as https://my-database.upstash.io; http is for this machine only",
    )
    .optional(),
  UPSTASH_REDIS_REST_TOKEN: secret,
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
  /** Once set, only rollouts that one of them has signed are followed. Without it whoever can write to KV decides. */
  WEIGHTS_PUBLIC_KEYS: z
    .string()
    .transform((list, context) =>
      keysIn(list).map((text) => {
        const key = readPublicKey(text);
        if (key !== undefined) return key;
        context.addIssue(
          "must be the public key that `npm run weights -- keygen` prints, or several and commas between",
        );
        return z.NEVER;
      }),
    )
    .refine((keys) => keys.length <= 8, "must be at most 8 keys")
    .default([]),
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
  CACHE_EMBEDDINGS: z.enum(["own", "workers-ai"], "must be own or workers-ai").default("own"),
  /**
   * Events wait so long for others to be in one file with them, or until their hour is over. A month of a busy tenant's
   * are some three thousand files by that; more often is for those who cannot wait to learn.
   */
  EVENT_FILES_AFTER_MS: milliseconds(900_000),
  /** Development only, beside VENDOR_BASE_URL: made-up keys that are sent to it, each an account. */
  STAND_IN_KEYS: secret,
  /** Where alerts about budgets go; without it they are in the log alone. */
  ALERT_WEBHOOK_URL: z
    .string()
    .refine(
      isWebhookUrl,
      "must be an https URL such as https://example.com/alerts, without a user name or password; " +
        "http is for this machine alone",
    )
    .optional(),
  /** Signs them; of two each signs, so that one can replace the other. */
  ALERT_WEBHOOK_SECRET: z
    .string()
    .transform(keysIn)
    .refine(
      (secrets) => secrets.length >= 1 && secrets.length <= 2 && secrets.every(isWebhookSecret),
      "must be whsec_ and the base64 of 24 to 64 random bytes, or two of these and a comma",
    )
    .optional(),
  LOG_LEVEL: z
    .enum(["debug", "info", "warn", "error"], "must be debug, info, warn or error")
    .default("info"),
});

/** The variables' values, read. */
export type Values = z.output<typeof variables>;

/** A list of keys, each once. */
export function keysIn(list: unknown): string[] {
  return typeof list === "string" ? [...new Set(list.split(",").filter((key) => key !== ""))] : [];
}

function isWebhookUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username, password } = new URL(text);
  const isLocal = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
  const isSafe = protocol === "https:" || (protocol === "http:" && isLocal);
  return isSafe && username === "" && password === "";
}
