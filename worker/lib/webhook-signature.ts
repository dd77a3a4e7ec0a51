/**
 * Signatures of webhooks by the Standard Webhooks scheme: HMAC-SHA256 over the message's id, the time of the attempt
 * and the body, so a receiver knows who sent it, that nothing was changed, and that it is not an old one again.
 *
 * While a secret is being replaced a message is signed by the old one and the new one, and a receiver takes
 * either. Bodies are compared as they were sent: whoever parses one before verifying it verifies something else.
 *
 * WebCrypto instead of the npm package `standardwebhooks`: that is CommonJS with a SHA-256 and a base64 of its own in
 * JavaScript, made for runtimes without either. Here both are native, and its verification compares in constant time.
 *
 * Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */

/** What is signed. */
interface SignedMessage {
  /** Must not contain a full stop, which parts the signed fields. */
  readonly id: string;
  /** Of this attempt, seconds since 1970. */
  readonly timestampS: number;
  readonly body: string;
}

/** How far a message's time may be from the receiver's, either way. */
const TOLERANCE_S = 300;

/** More than any rotation needs; each costs a digest. */
const MAX_SIGNATURES = 8;

const PREFIX = "whsec_";

/** Whether a text is `whsec_` and the base64 of 24 to 64 bytes. */
export function isWebhookSecret(text: string): boolean {
  const encoded = text.startsWith(PREFIX) ? text.slice(PREFIX.length) : "";
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(encoded))
    return false;
  const { length } = atob(encoded);
  return length >= 24 && length <= 64;
}

/** The headers that go out with a message, signed by each secret. Rejects for a secret that is none. */
export async function signWebhook(
  message: SignedMessage,
  secrets: readonly string[],
): Promise<Record<`webhook-${"id" | "timestamp" | "signature"}`, string>> {
  const content = contentOf(message);
  const signatures = await Promise.all(
    secrets.map(async (secret) => {
      const digest = await crypto.subtle.sign("HMAC", await keyOf(secret, "sign"), content);
      return `v1,${btoa(String.fromCharCode(...new Uint8Array(digest)))}`;
    }),
  );
  return {
    "webhook-id": message.id,
    "webhook-timestamp": String(message.timestampS),
    "webhook-signature": signatures.join(" "),
  };
}

/** What a receiver makes of a message: `stale` is rightly signed by its own time, which is too far from now. */
type Verdict = "genuine" | "stale" | "forged" | "incomplete";

/** Judges a message by its headers. @param body As it came, before any parsing. */
export async function verifyWebhook(
  headers: Headers,
  body: string,
  { secret, nowMs }: { secret: string; nowMs: number },
): Promise<Verdict> {
  const id = headers.get("webhook-id");
  const timestamp = headers.get("webhook-timestamp");
  const list = headers.get("webhook-signature");
  if (!id || !list || timestamp === null || !/^\d{1,12}$/.test(timestamp)) return "incomplete";
  const timestampS = Number(timestamp);
  const key = await keyOf(secret, "verify");
  const content = contentOf({ id, timestampS, body });
  const matches = await Promise.all(
    list
      .split(" ", MAX_SIGNATURES)
      .map((given) => crypto.subtle.verify("HMAC", key, digestIn(given), content)),
  );
  if (!matches.includes(true)) return "forged";
  return Math.abs(nowMs / 1_000 - timestampS) > TOLERANCE_S ? "stale" : "genuine";
}

function contentOf({ id, timestampS, body }: SignedMessage) {
  return new TextEncoder().encode(`${id}.${timestampS}.${body}`);
}

function keyOf(secret: string, use: "sign" | "verify"): Promise<CryptoKey> {
  const bytes = bytesIn(secret.slice(PREFIX.length));
  return crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, [use]);
}

/** The digest in one entry of the list; of another version, or none at all, no bytes, which match nothing. */
function digestIn(entry: string): Uint8Array<ArrayBuffer> {
  const [, encoded = ""] = /^v1,([A-Za-z0-9+/]{43}=)$/.exec(entry) ?? [];
  return bytesIn(encoded);
}

function bytesIn(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}
