/**
 * What the operators' routes share: the id in a path, a body, the line of log that every change leaves, and the
 * errors for what is not there.
 *
 * A body must be declared as JSON even where `{}` says it all. Cloudflare Access knows operators by a cookie,
 * and a foreign page can make a browser send a POST along with it, but none that declares JSON.
 */
import type { z } from "zod";
import type { Directory } from "../../../domain/directory.ts";
import { RouterError } from "../../../domain/errors.ts";
import { idSchema } from "../../../domain/tenant.ts";
import { ledgerUnreachable } from "../../../pipeline/show-budget.ts";
import type { HttpContext } from "../../context.ts";
import { readBody, readJsonObject } from "../../wire/json-body.ts";

/** Sixteen budgets and a hundred models fit in several times over. */
const MAX_BYTES = 1 << 16;

/** As tenants/ mints them. */
const KEY_ID = /^key_[A-Za-z0-9]{12}$/;

/** Throws RouterError 501 where the deployment keeps no tenants. */
export function directoryIn({ var: { deps } }: HttpContext): Directory {
  if (deps.directory !== undefined) return deps.directory;
  throw new RouterError(
    "server_error",
    "This deployment keeps no tenants; the binding DIRECTORY in wrangler.toml is where they would be",
    { code: "no_directory", status: 501 },
  );
}

type Kind = "organisation" | "tenant" | "key";

/** The id in the path. Throws RouterError 404 for one that nothing can have. */
export function idIn(context: HttpContext, kind: Kind): string {
  const id = context.req.param("id") ?? "";
  if (kind === "key") {
    if (!KEY_ID.test(id)) throw unknown(kind, id);
    return id;
  }
  const checked = idSchema.safeParse(id);
  if (!checked.success) throw unknown(kind, id, `; an id ${checked.error.issues[0]!.message}`);
  return id;
}

/** The body, as the schema has it. Throws RouterError 400, 413 or 415. */
export async function bodyOf<T>(
  { req, var: { deps } }: HttpContext,
  schema: z.ZodType<T>,
): Promise<T> {
  const maxBytes = Math.min(MAX_BYTES, deps.maxBodyBytes);
  return readBody(schema, await readJsonObject(req.raw, maxBytes, "an operator's fits into that"));
}

/** Writes the line that says who changed what. */
export function logChange(
  { var: { deps, tag, operator } }: HttpContext,
  what: string,
  id: string,
): void {
  deps.pipeline.log.write("info", "admin_change", {
    request_id: tag.id,
    operator: operator.kind === "key" ? "admin_key" : operator.name,
    what,
    id,
  });
}

/** Tries of a change against others who make theirs at the same time. */
const MAX_TRIES = 5;

/**
 * Reads, changes and saves, from the beginning where somebody else has saved in between, so that nobody's change is
 * lost. Throws RouterError 409 where somebody always has.
 */
export async function untilSaved<T>(change: () => Promise<T | "changed_meanwhile">): Promise<T> {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const outcome = await change();
    if (outcome !== "changed_meanwhile") return outcome;
  }
  throw conflict("Others are changing it at the same time; try again", "changed_meanwhile");
}

/** All requests that the gate, `key:` or `tenant:` and an id, stands before are turned away, isolates that know better or not. */
interface Gate {
  readonly organisation: string;
  readonly gate: string;
  /** What is so already, for whoever cannot have it at once. */
  readonly already: string;
}

/**
 * Isolates go on with a key that they have just checked; the ledger, which all of them ask, does not. Throws
 * RouterError 501 where no ledger is kept, 503 where it does not answer.
 */
export async function shutOut(
  { var: { deps } }: HttpContext,
  { organisation, gate, already }: Gate,
): Promise<void> {
  if (deps.admin.shut === undefined)
    throw new RouterError(
      "server_error",
      `${already}, and served nowhere within a minute; at once would take the binding LEDGER`,
      { code: "no_ledger", status: 501 },
    );
  await deps.admin.shut(organisation, gate).catch((cause: unknown) => {
    throw ledgerUnreachable(cause);
  });
}

/** 404, with where to look. */
export function unknown(kind: Kind, id: string, hint = ""): RouterError {
  const list = kind === "key" ? "GET /admin/tenants/<tenant>/keys" : `GET /admin/${kind}s`;
  return new RouterError(
    "not_found_error",
    `There is no ${kind} ${JSON.stringify(id.slice(0, 100))}${hint}; ${list} lists what there is`,
    { code: `unknown_${kind}`, param: "id" },
  );
}

/** 409: what is there stands in the way. */
export function conflict(message: string, code: string): RouterError {
  return new RouterError("invalid_request_error", message, { code, param: "id", status: 409 });
}

/** Throws RouterError 400 for a body that is about another than the path. */
export function requireSame(id: string, given: string | undefined): void {
  if (given === undefined || given === id) return;
  throw new RouterError(
    "invalid_request_error",
    `id: the path is about "${id}" and the body about "${given}"; an id cannot be changed`,
    { code: "invalid_body", param: "id" },
  );
}
