/**
 * The way to a deployment's /admin: who asks, and what becomes of an answer.
 *
 * The operators' secret comes from the environment and never from the command line, which other users of the
 * machine can read. It goes over an encrypted connection or to this machine, and follows no redirect.
 */
import { z } from "zod";
import { isRecord, readJson } from "../../worker/lib/json.ts";

const TIMEOUT_MS = 30_000;
const MAX_ANSWER_BYTES = 16 << 20;

export interface Connection {
  /** The answer's body. Throws RefusedError. */
  ask(
    method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE",
    path: string,
    body?: object,
  ): Promise<unknown>;
}

/** A deployment said no, or nothing. Its message is a line for people. */
export class RefusedError extends Error {}

type Environment = Readonly<Record<string, string | undefined>>;

/** Throws an Error that says what is missing or cannot be used. */
export function connect(url: string, env: Environment): Connection {
  const base = readUrl(url);
  const headers = credentialsIn(env);
  return {
    async ask(method, path, body) {
      let response: Response;
      try {
        response = await fetch(`${base}${path}`, {
          method,
          headers: { ...headers, "content-type": "application/json" },
          redirect: "manual",
          signal: AbortSignal.timeout(TIMEOUT_MS),
          ...(body !== undefined && { body: JSON.stringify(body) }),
        });
      } catch (cause) {
        throw new RefusedError(
          `nothing answers at ${base}; "npm start" starts a worker here, --url or SLUICE_URL names another`,
          { cause },
        );
      }
      return readAnswer(response, base);
    },
  };
}

function readUrl(text: string): string {
  const parsed = z.url({ protocol: /^https?$/ }).safeParse(text);
  const url = parsed.success ? new URL(text) : undefined;
  if (url === undefined || url.username !== "" || url.search !== "" || url.hash !== "")
    throw new Error(
      `--url ${JSON.stringify(text)} must be a deployment's address, such as https://sluice.example.com`,
    );
  const isHere =
    ["localhost", "[::1]"].includes(url.hostname) || /^127(\.\d+){3}$/.test(url.hostname);
  if (url.protocol === "http:" && !isHere)
    throw new Error(
      `--url ${JSON.stringify(text)} must be https, or the secret could be read on the way`,
    );
  return url.href.replace(/\/+$/, "");
}

function credentialsIn(env: Environment): Record<string, string> {
  const key = wordIn(env, "SLUICE_ADMIN_KEY");
  const [id, secret] = [wordIn(env, "CF_ACCESS_CLIENT_ID"), wordIn(env, "CF_ACCESS_CLIENT_SECRET")];
  if ((id === undefined) !== (secret === undefined))
    throw new Error(
      "CF_ACCESS_CLIENT_ID and CF_ACCESS_CLIENT_SECRET go together; set both or neither",
    );
  if (key === undefined && id === undefined)
    throw new Error(
      "set SLUICE_ADMIN_KEY to the operators' secret, or CF_ACCESS_CLIENT_ID and CF_ACCESS_CLIENT_SECRET; " +
        "they are read from the environment only",
    );
  return {
    ...(key !== undefined && { authorization: `Bearer ${key}` }),
    ...(id !== undefined && { "cf-access-client-id": id, "cf-access-client-secret": secret! }),
  };
}

function wordIn(env: Environment, name: string): string | undefined {
  const value = env[name];
  if (value === undefined || value === "") return undefined;
  if (/^[\x21-\x7e]+$/.test(value)) return value;
  throw new Error(`${name} must be one word of printable ASCII; set it again without spaces`);
}

async function readAnswer(response: Response, base: string): Promise<unknown> {
  const { status } = response;
  const body = await readJson(response, MAX_ANSWER_BYTES);
  if (response.ok && body.ok) return body.value;
  const error = body.ok && isRecord(body.value) ? body.value["error"] : undefined;
  if (isRecord(error) && typeof error["message"] === "string")
    throw new RefusedError(`${clean(error["message"])}${traceOf(response)}`);
  const hint =
    status >= 300 && status < 400
      ? "; does Cloudflare Access stand before it? Then set CF_ACCESS_CLIENT_ID and CF_ACCESS_CLIENT_SECRET"
      : "; is --url a deployment of Sluice?";
  throw new RefusedError(`${base} answers ${status} without JSON${hint}`);
}

/** Where to look in the deployment's log for what only that says. */
function traceOf({ status, headers }: Response): string {
  const id = headers.get("x-sluice-request-id");
  return status >= 500 && id !== null ? ` (${id} in its log)` : "";
}

/** Text of others, for a terminal: without what would steer one. */
export function clean(text: string): string {
  return text.replaceAll(/\p{C}/gu, "?");
}
