/**
 * Who may call: whoever has a tenant's key, or the deployment's own.
 *
 * Sluice spends its owner's money at other vendors, so it is never an open proxy. Without a key it serves
 * only while there is none: no SLUICE_API_KEY, no tenant, and a request from the machine that it runs on,
 * which is what `npm start` needs. "This machine" takes three proofs: the request was addressed to a loopback
 * name, Cloudflare, if it had a hand in it, saw it come from a loopback address, and no proxy says that it passes
 * it on. The first alone is a header that a stranger, or a proxy on this machine, may write; that it is asked for
 * keeps out pages whose own name was bent to this machine's address.
 *
 * SLUICE_API_KEY is the key `deployment` of the tenant `default`. Where the directory has such a tenant, its
 * budgets, limits and policy hold. Keys are never repeated in a message or a log.
 */
import { RouterError } from "../domain/errors.ts";
import { keyTermsSchema, tenantSchema, type Caller } from "../domain/tenant.ts";
import { isSameSecret } from "../lib/digest.ts";
import type { KeepAlive } from "../lib/lookup-cache.ts";
import { standingOf, type Standing } from "./directory-state.ts";
import { disabled, invalidKey, refuse, type KeyCheck } from "./key-check.ts";
import { keyIdIn } from "./keys.ts";
import type { KnownTenants } from "./known-tenants.ts";
import { keyOf } from "./sent-key.ts";

/** Resolves with whom a request comes from, or with the reason why it may not pass. */
type AccessCheck = (request: Request, keepAlive: KeepAlive) => Promise<Caller | RouterError>;

interface AccessOptions {
  /** SLUICE_API_KEY, where it is set. */
  readonly apiKey: string | undefined;
  /** Undefined where the deployment keeps no tenants. */
  readonly tenants?:
    | {
        readonly known: Pick<KnownTenants, "standing" | "hasTenants">;
        /** Undefined without SLUICE_KEY_SECRET: then no key can be checked, nor was one made. */
        readonly checkKey: KeyCheck | undefined;
      }
    | undefined;
}

/** The tenant of whoever calls without a tenant's key. */
const DEFAULT = standingOf(tenantSchema.parse({ id: "default" }), undefined);

const ALL_TERMS = keyTermsSchema.parse({});

export function createAccessCheck(options: AccessOptions): AccessCheck {
  return async function check(request, keepAlive) {
    try {
      return await answer(request, options, keepAlive);
    } catch (cause) {
      return unreachable(cause);
    }
  };
}

async function answer(
  request: Request,
  options: AccessOptions,
  keepAlive: KeepAlive,
): Promise<Caller | RouterError> {
  const { apiKey, tenants } = options;
  const given = keyOf(request);
  if (given !== undefined) {
    if (apiKey !== undefined && (await isSameSecret(given, apiKey)))
      return deployment(options, keepAlive);
    if (tenants?.checkKey !== undefined && keyIdIn(given) !== undefined)
      return tenants.checkKey(given, keepAlive);
  }
  if (await isClosed(options, keepAlive)) return given === undefined ? missingKey() : invalidKey();
  return isFromThisMachine(request) ? callerOf("local", DEFAULT) : noKeyConfigured();
}

/** Whether somebody has a key, so that nobody comes in without one. */
async function isClosed(
  { apiKey, tenants }: AccessOptions,
  keepAlive: KeepAlive,
): Promise<boolean> {
  if (apiKey !== undefined) return true;
  return tenants !== undefined && tenants.known.hasTenants(keepAlive);
}

async function deployment(
  { tenants }: AccessOptions,
  keepAlive: KeepAlive,
): Promise<Caller | RouterError> {
  const standing = await tenants?.known.standing(DEFAULT.tenant.id, keepAlive);
  const caller = callerOf("deployment", standing ?? DEFAULT);
  return disabled(caller) ?? caller;
}

function callerOf(keyId: "deployment" | "local", standing: Standing): Caller {
  return { ...standing, key: { ...ALL_TERMS, id: keyId } };
}

/** What proxies and tunnels add; whom they stand before may be anybody. */
const PASSED_ON = ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip"];

function isFromThisMachine({ url, headers }: Request): boolean {
  const from = headers.get("cf-connecting-ip");
  const isDirect = !PASSED_ON.some((name) => headers.has(name));
  return isDirect && isLoopback(new URL(url).hostname) && (from === null || isLoopback(from));
}

/** 127.0.0.0/8 and ::1, the latter as URLs and as headers write it, and the name for both. */
function isLoopback(host: string): boolean {
  return (
    host === "localhost" ||
    host === "[::1]" ||
    host === "::1" ||
    /^(::ffff:)?127(\.\d{1,3}){3}$/.test(host)
  );
}

function missingKey(): RouterError {
  return refuse(
    "Send a key as `Authorization: Bearer <key>` or `x-api-key: <key>`",
    "missing_api_key",
  );
}

function noKeyConfigured(): RouterError {
  return refuse(
    "This deployment has neither SLUICE_API_KEY nor tenants and serves only the machine it runs on. " +
      "Its owner sets a key with `npx wrangler secret put SLUICE_API_KEY`",
    "no_api_key_configured",
  );
}

function unreachable(cause: unknown): RouterError {
  return new RouterError("server_error", "Keys cannot be checked at the moment; try again", {
    code: "tenants_unreachable",
    status: 503,
    isRetryable: true,
    retryAfterMs: 1_000,
    cause,
  });
}
