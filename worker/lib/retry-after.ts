/**
 * How long whoever was called asks us to wait: `retry-after-ms` (OpenAI's), or `retry-after` in seconds or as an
 * HTTP date. What is none of these counts as unsaid.
 *
 * Source: RFC 9110, section 10.2.3
 */

/** Who asks for more than an hour means a quota, and it is worth asking anew by then. */
const MAX_MS = 3_600_000;

/** Milliseconds from `nowMs`, 0..1 h, or undefined. */
export function readRetryAfterMs(headers: Headers, nowMs: number): number | undefined {
  const inMs = decimal(headers.get("retry-after-ms"));
  if (inMs !== undefined) return Math.min(inMs, MAX_MS);
  const text = headers.get("retry-after");
  if (text === null) return undefined;
  const seconds = decimal(text);
  if (seconds !== undefined) return Math.min(seconds * 1000, MAX_MS);
  // Date.parse accepts much that is no HTTP date; those all begin with a day's name.
  const date = /^[A-Z][a-z]{2,8}, /.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.min(Math.max(date - nowMs, 0), MAX_MS);
}

function decimal(text: string | null): number | undefined {
  return text !== null && /^\d{1,15}(\.\d{1,9})?$/.test(text.trim()) ? Number(text) : undefined;
}
