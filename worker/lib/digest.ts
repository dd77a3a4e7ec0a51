/**
 * SHA-256, and the comparison of secrets that stands on it.
 *
 * Comparing two strings letter by letter takes longer the more of them agree, and a patient client can
 * measure that. Two digests have one length and share no prefix with what was guessed, so their
 * comparison tells nothing; it still looks at every byte.
 */

/** 64 lower-case hex digits. Text is hashed as UTF-8. */
export async function sha256Hex(data: string | ArrayBuffer | ArrayBufferView<ArrayBuffer>) {
  const digest = await sha256(data);
  return [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Whether two secrets are the same, in a time that does not depend on where they differ. */
export async function isSameSecret(given: string, expected: string): Promise<boolean> {
  const [a, b] = await Promise.all([sha256(given), sha256(expected)]);
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= a[i]! ^ b[i]!;
  return difference === 0;
}

async function sha256(data: string | ArrayBuffer | ArrayBufferView<ArrayBuffer>) {
  const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}
