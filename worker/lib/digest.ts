/**
 * The comparison of secrets, by their SHA-256.
 *
 * Comparing two strings letter by letter takes longer the more of them agree, and a patient client can
 * measure that. Two digests have one length and share no prefix with what was guessed, so their
 * comparison tells nothing; it still looks at every byte.
 */

/** Whether two secrets are the same, in a time that does not depend on where they differ. */
export async function isSameSecret(given: string, expected: string): Promise<boolean> {
  const [a, b] = await Promise.all([sha256(given), sha256(expected)]);
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= a[i]! ^ b[i]!;
  return difference === 0;
}

async function sha256(text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
}
