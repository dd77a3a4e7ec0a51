/**
 * A request's body, from bytes on the wire to a JSON object, and from that to what a schema asks for, or
 * to the error that says what is wrong with it and where.
 */
import type { z } from "zod";
import { RouterError } from "../../domain/errors.ts";
import { isRecord, readJson } from "../../lib/json.ts";

/** The object that the body is. @param remedy For a body that is too large. Throws RouterError 400, 413 or 415. */
export async function readJsonObject(
  request: Request,
  maxBytes: number,
  remedy = "link to images instead of inlining them, or raise MAX_BODY_BYTES",
): Promise<Record<string, unknown>> {
  requireJson(request);
  const body = await readJson(request, maxBytes);
  if (!body.ok) throw body.why === "too_large" ? tooLarge(maxBytes, remedy) : notJson(body.detail);
  if (!isRecord(body.value)) throw notJson("the body is no object");
  return body.value;
}

/**
 * What the schema makes of a body, or of the part of one that stands at the path `at`. Throws RouterError
 * 400, which names the field at fault.
 */
export function readBody<T>(schema: z.ZodType<T>, body: Record<string, unknown>, at = ""): T {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const { path, message } = faultOf(parsed.error.issues[0]!);
  const param = pathOf(at, path);
  throw new RouterError("invalid_request_error", `${param}: ${message}`, {
    code: "invalid_body",
    param,
  });
}

interface Fault {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** Of a value that is none of several things, the fault of what it was most nearly: that found deepest within. */
function faultOf({ path, message, ...issue }: z.core.$ZodIssue): Fault {
  if (issue.code === "unrecognized_keys")
    return { path: [...path, issue.keys[0]!], message: "is no field that is known here" };
  const own = { path, message };
  if (issue.code !== "invalid_union") return own;
  const inner = issue.errors.flatMap(([first]) => (first === undefined ? [] : [faultOf(first)]));
  const deepest = inner.reduce((a, b) => (b.path.length > a.path.length ? b : a), {
    path: [],
    message,
  });
  return { path: [...path, ...deepest.path], message: deepest.message };
}

function requireJson({ headers }: Request): void {
  const type = (headers.get("content-type") ?? "").split(";", 1)[0]!.trim().toLowerCase();
  if (type === "application/json") return;
  const given =
    type === "" ? "no content-type" : `content-type ${JSON.stringify(type.slice(0, 100))}`;
  throw new RouterError("invalid_request_error", `Send application/json; this has ${given}`, {
    code: "unsupported_media_type",
    param: "content-type",
    status: 415,
  });
}

function tooLarge(maxBytes: number, remedy: string): RouterError {
  const message = `The body is larger than ${maxBytes} bytes; ${remedy}`;
  return new RouterError("invalid_request_error", message, { code: "body_too_large", status: 413 });
}

function notJson(detail: string): RouterError {
  return new RouterError("invalid_request_error", `The body is not valid JSON: ${detail}`, {
    code: "invalid_json",
  });
}

/** `messages[0].role`, as OpenAI writes it. */
function pathOf(at: string, path: readonly PropertyKey[]): string {
  const text = path
    .map((key) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`))
    .join("");
  return (at + text).replace(/^\./, "") || "body";
}
