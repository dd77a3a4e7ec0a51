/**
 * What is kept of a tenant lies sealed wherever it lies: AES-256-GCM under a key that is made from its namespace's
 * secret, with the entry's name sealed in, so that no entry can stand in for another.
 *
 * The secret is in the namespace's object alone. Who reads a shelf, or a copy of one, reads nothing; and a namespace
 * that is purged forgets its secret, which ends all of its entries at once, wherever copies of them still are.
 *
 * Source: https://csrc.nist.gov/pubs/sp/800/38/d/final
 */
import { hmacSha256 } from "../../lib/digest.ts";

const IV_BYTES = 12;

/** Of one namespace. */
export interface Seal {
  /** What its entries' names are made of; tells nothing of the secret. */
  readonly label: string;
  close(name: string, text: string): Promise<Uint8Array>;
  /** Undefined for what was not sealed here under that name. */
  open(name: string, sealed: Uint8Array): Promise<string | undefined>;
}

/** @param secret As namespaces have it: 64 hexadecimal digits. */
export async function sealUnder(
  secret: string,
  randomBytes: (count: number) => Uint8Array<ArrayBuffer>,
): Promise<Seal> {
  const [label, digest] = await Promise.all([
    hmacSha256(secret, "names"),
    hmacSha256(secret, "entries"),
  ]);
  const bytes = Uint8Array.from(digest.match(/../g) ?? [], (pair) => parseInt(pair, 16));
  const key = await crypto.subtle.importKey("raw", bytes, "AES-GCM", false, ["encrypt", "decrypt"]);
  return {
    label,
    async close(name, text) {
      const iv = randomBytes(IV_BYTES);
      const plain = new TextEncoder().encode(text);
      const closed = new Uint8Array(await crypto.subtle.encrypt(under(iv, name), key, plain));
      const sealed = new Uint8Array(IV_BYTES + closed.length);
      sealed.set(iv);
      sealed.set(closed, IV_BYTES);
      return sealed;
    },
    async open(name, sealed) {
      try {
        const [iv, closed] = [sealed.slice(0, IV_BYTES), sealed.slice(IV_BYTES)];
        return new TextDecoder().decode(await crypto.subtle.decrypt(under(iv, name), key, closed));
      } catch {
        return undefined;
      }
    },
  };
}

function under(iv: Uint8Array<ArrayBuffer>, name: string) {
  return { name: "AES-GCM", iv, additionalData: new TextEncoder().encode(name) };
}
