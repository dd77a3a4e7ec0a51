/**
 * A key, from its random bytes to what is kept of it.
 *
 *     slc_ 12 characters of the id _ 32 characters of the secret
 *
 * The id says where to look and is public; the secret has 160 random bits. Both are written in 32 letters and
 * digits of which none looks like another, and `_` is none of them, so a key is read in one way only and five
 * bits are a character without a remainder. What is kept is HMAC-SHA256 of the whole key under the
 * deployment's SLUICE_KEY_SECRET: who steals the directory alone cannot even test a guess.
 */
import { hmacSha256, isSameDigest } from "../lib/digest.ts";

const ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789";
const ID_LENGTH = 12;
const SECRET_LENGTH = 32;

/** Random bytes that one key takes. */
export const KEY_BYTES = ID_LENGTH + SECRET_LENGTH;

const FORM = new RegExp(`^slc_([${ALPHABET}]{${ID_LENGTH}})_[${ALPHABET}]{${SECRET_LENGTH}}$`);

/** How a key is hashed and hashes are compared; tests count both. */
export interface KeyDigests {
  hash(key: string): Promise<string>;
  isSame(a: string, b: string): boolean;
}

/** By the deployment's SLUICE_KEY_SECRET. */
export function digestsUnder(keySecret: string): KeyDigests {
  return { hash: (key) => hmacSha256(keySecret, key), isSame: isSameDigest };
}

/**
 * A new key. @param random KEY_BYTES fit for secrets. @param id Of a key that gets a new secret; made up when
 * left out.
 */
export function mintKey(random: Uint8Array, id?: string): { id: string; key: string } {
  if (random.length < KEY_BYTES) throw new RangeError(`A key takes ${KEY_BYTES} random bytes`);
  const letters = Array.from(random, (byte) => ALPHABET[byte % ALPHABET.length]).join("");
  const tail = id === undefined ? letters.slice(0, ID_LENGTH) : id.slice("key_".length);
  return {
    id: `key_${tail}`,
    key: `slc_${tail}_${letters.slice(ID_LENGTH, KEY_BYTES)}`,
  };
}

/** The id of the key that a text has the form of, or undefined. */
export function keyIdIn(text: string): string | undefined {
  const tail = FORM.exec(text)?.[1];
  return tail === undefined ? undefined : `key_${tail}`;
}

/** The last four characters. */
export function hintOf(key: string): string {
  return key.slice(-4);
}
