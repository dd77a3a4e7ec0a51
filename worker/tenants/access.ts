/**
 * Who may call, until there are tenants: whoever knows the deployment's one key.
 *
 * Sluice spends its owner's money at other vendors, so it is never an open proxy. Without a key it
 * serves nobody but the machine it runs on, which is what `npm start` needs. "This machine" takes two
 * proofs: the request was addressed to a loopback name, and Cloudflare, if it had a hand in it, saw it
 * come from a loopback address. The first alone is a header that a stranger may write.
 *
 * A key comes as a bearer token or, as Anthropic's clients send it, in `x-api-key`; on every route.
 * Keys are compared by digest (lib/digest.ts) and never repeated in a message or a log.
 */
import { RouterError } from "../domain/errors.ts";
import { isSameSecret } from "../lib/digest.ts";

/** Resolves with the reason why a request may not pass, or with undefined. */
type AccessCheck = (request: Request) => Promise<RouterError | undefined>;

/** The check of a deployment whose SLUICE_API_KEY is `apiKey`; undefined stands for "none was set". */
export function createAccessCheck(apiKey: string | undefined): AccessCheck {
  return async function check(request) {
    if (apiKey === undefined) return isFromThisMachine(request) ? undefined : noKeyConfigured();
    const given = bearerOf(request) ?? (request.headers.get("x-api-key") || undefined);
    if (given === undefined)
      return refuse(
        "Send this deployment's key as `Authorization: Bearer <key>` or `x-api-key: <key>`",
        "missing_api_key",
      );
    if (await isSameSecret(given, apiKey)) return undefined;
    return refuse("The key that was sent is not this deployment's", "invalid_api_key");
  };
}

function bearerOf(request: Request): string | undefined {
  return /^bearer +(\S+)$/i.exec(request.headers.get("authorization") ?? "")?.[1];
}

function isFromThisMachine(request: Request): boolean {
  const from = request.headers.get("cf-connecting-ip");
  return isLoopback(new URL(request.url).hostname) && (from === null || isLoopback(from));
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

function noKeyConfigured(): RouterError {
  return refuse(
    "This deployment has no SLUICE_API_KEY and serves only the machine it runs on. " +
      "Its owner sets one with `npx wrangler secret put SLUICE_API_KEY`",
    "no_api_key_configured",
  );
}

function refuse(message: string, code: string): RouterError {
  return new RouterError("authentication_error", message, { code, param: "authorization" });
}
