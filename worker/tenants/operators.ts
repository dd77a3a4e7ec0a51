/**
 * Who may administer: whoever has SLUICE_ADMIN_KEY, or whom Cloudflare Access has let in where the deployment
 * stands behind it. Neither a tenant's key nor SLUICE_API_KEY opens /admin, and the admin key opens nothing else.
 *
 * Access signs a token for every request that it lets pass. It is believed only with a signature by one of
 * the team's keys, for this application, by this team, and in its time; that it is there proves nothing.
 *
 * Sources: https://developers.cloudflare.com/cloudflare-one/access-controls/applications/http-apps/authorization-cookie/
 * (validating-json, application-token).
 */
import {
  createRemoteJWKSet,
  customFetch,
  errors,
  jwtVerify,
  type FetchImplementation,
  type JWTVerifyGetKey,
} from "jose";
import { z } from "zod";
import type { Operator } from "../domain/directory.ts";
import { RouterError } from "../domain/errors.ts";
import type { Clock } from "../lib/clock.ts";
import { isSameSecret } from "../lib/digest.ts";
import { keyOf } from "./sent-key.ts";

/** Resolves with who asks, or with the reason why they may not. */
type OperatorCheck = (request: Request) => Promise<Operator | RouterError>;

/** The application of Cloudflare Access that stands before this deployment. */
export interface AccessApplication {
  /** `https://<team>.cloudflareaccess.com` */
  readonly teamDomain: string;
  /** The application's AUD tag. */
  readonly audience: string;
}

interface OperatorOptions {
  /** SLUICE_ADMIN_KEY, where it is set. */
  readonly adminKey: string | undefined;
  readonly access?: AccessApplication | undefined;
  readonly clock: Clock;
  /** Gets the team's public keys; the platform's own fetch when left out. */
  readonly fetchKeys?: FetchImplementation;
}

/** People are named by their e-mail address, service tokens by their client id. */
const claimsSchema = z.union([
  z.object({ email: z.string().min(1).max(320) }).transform(({ email }) => email),
  z.object({ common_name: z.string().min(1).max(320) }).transform((claims) => claims.common_name),
]);

export function createOperatorCheck(options: OperatorOptions): OperatorCheck {
  const { adminKey, access } = options;
  const nameIn = access && createTokenReader(access, options);
  return async function check(request) {
    if (adminKey === undefined && access === undefined) return noAdminKey();
    const token = request.headers.get("cf-access-jwt-assertion");
    const name = token !== null && nameIn !== undefined ? await nameIn(token) : undefined;
    if (typeof name === "string") return { kind: "access", name };
    const given = keyOf(request);
    if (adminKey !== undefined && given !== undefined && (await isSameSecret(given, adminKey)))
      return { kind: "key" };
    return name ?? invalidAdminKey();
  };
}

/** Reads who a token is for; undefined for one that proves nothing, an error where that cannot be found out. */
function createTokenReader(
  { teamDomain, audience }: AccessApplication,
  { clock, fetchKeys }: OperatorOptions,
): (token: string) => Promise<string | RouterError | undefined> {
  const keys = createRemoteJWKSet(new URL("/cdn-cgi/access/certs", teamDomain), {
    ...(fetchKeys !== undefined && { [customFetch]: fetchKeys }),
  });
  async function keyFor(...token: Parameters<JWTVerifyGetKey>): Promise<CryptoKey> {
    try {
      return await keys(...token);
    } catch (cause) {
      if (cause instanceof errors.JWKSNoMatchingKey) throw cause;
      throw accessUnreachable(cause);
    }
  }
  return async (token) => {
    try {
      const { payload } = await jwtVerify(token, keyFor, {
        issuer: teamDomain,
        audience,
        algorithms: ["RS256"],
        requiredClaims: ["exp"],
        currentDate: new Date(clock.nowMs()),
      });
      return claimsSchema.safeParse(payload).data;
    } catch (error) {
      return error instanceof RouterError ? error : undefined;
    }
  };
}

function invalidAdminKey(): RouterError {
  return new RouterError(
    "authentication_error",
    "Send the admin key as `Authorization: Bearer <key>` or `x-api-key: <key>`; no other key opens this",
    { code: "invalid_admin_key", param: "authorization" },
  );
}

function noAdminKey(): RouterError {
  return new RouterError(
    "permission_error",
    "This deployment has no admin key. Its owner sets one with `npx wrangler secret put SLUICE_ADMIN_KEY`",
    { code: "no_admin_key_configured" },
  );
}

function accessUnreachable(cause: unknown): RouterError {
  return new RouterError("server_error", "Cloudflare Access's keys cannot be read; try again", {
    code: "access_unreachable",
    status: 503,
    isRetryable: true,
    cause,
  });
}
