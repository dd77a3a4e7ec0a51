/**
 * Digests of texts, and the comparison of secrets by them.
 *
 * Comparing two strings letter by letter takes longer the more of them agree, and a patient client can
 * measure that. Two digests have one length and share no prefix with what was guessed, so their
 * comparison tells nothing; it still looks at every character.
 *
 * Sources: https://www.rfc-editor.org/rfc/rfc2104 (HMAC).
 */

/** Whether two secrets are the same, in a time that does not depend on where they differ. */
export async function isSameSecret(given: string, expected: string): Promise<boolean> {
  const [a, b] = await Promise.all([sha256(given), sha256(expected)]);
  return isSameDigest(a, b);
}

/** Whether two digests are the same text. */
export function isSameDigest(a: string, b: string): boolean {
  let difference = a.length ^ b.length;
  for (let i = 0; i < a.length; i++) difference |= a.charCodeAt(i) ^ b.charCodeAt(i);
  return difference === 0;
}

/** HMAC-SHA256 of a text under a secret, as 64 hexadecimal digits. */
export async function hmacSha256(secret: string, text: string): Promise<string> {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", utf8(secret), algorithm, false, ["sign"]);
  return hex(await crypto.subtle.sign("HMAC", key, utf8(text)));
}

/** SHA-256 of a text, as 64 hexadecimal digits. */
export async function sha256(text: string): Promise<string> {
  return hex(await crypto.subtle.digest("SHA-256", utf8(text)));
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function hex(digest: ArrayBuffer): string {
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
