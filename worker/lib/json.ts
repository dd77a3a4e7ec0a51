/**
 * Reads a body that a stranger sent: never more bytes than allowed, never anything but JSON.
 *
 * A declared length above the limit is refused before a byte is read. A length can lie or be absent, so
 * the bytes are counted as they come, and reading stops with the first one too many. Refusals are
 * values: who called decides what a refusal means.
 */

/** What came of reading a body. `too_large` names the limit's breach, `not_json` the rest. */
type JsonBody =
  | { readonly ok: true; readonly value: unknown; readonly text: string }
  | { readonly ok: false; readonly why: "too_large" | "not_json"; readonly detail: string };

/** The part of a Request or Response that is read here. */
interface Message {
  readonly headers: Headers;
  readonly body: ReadableStream<Uint8Array> | null;
}

/**
 * Reads and parses a whole body of at most `limitBytes`. Rejects only when the stream itself fails.
 * @param onRead Called whenever some of it has come.
 */
export async function readJson(
  message: Message,
  limitBytes: number,
  onRead?: () => void,
): Promise<JsonBody> {
  const declared = Number(message.headers.get("content-length") ?? 0);
  if (declared > limitBytes) {
    await message.body?.cancel();
    return tooLarge(limitBytes);
  }
  const { bytes, isTruncated } = await readBytes(message.body, limitBytes, onRead);
  return isTruncated ? tooLarge(limitBytes) : parseJson(bytes);
}

/** The first `limitBytes` of a body; what is left is cancelled. */
export async function readBytes(
  body: ReadableStream<Uint8Array> | null,
  limitBytes: number,
  onRead?: () => void,
): Promise<{ bytes: Uint8Array; isTruncated: boolean }> {
  if (body === null) return { bytes: new Uint8Array(), isTruncated: false };
  const reader = body.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
    onRead?.();
    chunks.push(chunk.value);
    length += chunk.value.length;
    if (length > limitBytes) {
      await reader.cancel();
      return { bytes: concat(chunks, limitBytes), isTruncated: true };
    }
  }
  return { bytes: concat(chunks, length), isTruncated: false };
}

/** UTF-8 JSON text to a value. Invalid UTF-8 is no JSON. */
export function parseJson(bytes: Uint8Array): JsonBody {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes);
    return { ok: true, value: JSON.parse(text), text };
  } catch (error) {
    const isSyntax = error instanceof SyntaxError;
    return { ok: false, why: "not_json", detail: isSyntax ? error.message : "invalid UTF-8" };
  }
}

/** A whole number from 0 on, or undefined. */
export function countOf(value: unknown): number | undefined {
  return Number.isSafeInteger(value) && Number(value) >= 0 ? Number(value) : undefined;
}

/** The value of a JSON text, or undefined. */
export function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Whether a parsed value is an object, neither null nor an array. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function tooLarge(limitBytes: number): JsonBody {
  return { ok: false, why: "too_large", detail: `more than ${limitBytes} bytes` };
}

function concat(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk.subarray(0, length - at), at);
    at += Math.min(chunk.length, length - at);
  }
  return whole;
}
