/**
 * Which releases are in service, for whom: the one small text in KV that isolates follow, and how it is signed.
 *
 * A rollout names what serves, what served before, at most one candidate on trial for a share of the requests, and the
 * releases that single tenants are pinned to. Its serial grows with every change, so an older rollout that comes late
 * is known as one. It travels in an envelope as text: what is signed are that text's very bytes behind a prefix of
 * their own, so nothing has to be brought into a canonical form, and no signature of something else is one of a
 * rollout. Releases are named by the digest of their manifest, so who has signed a rollout has signed every byte that
 * it puts into service.
 *
 * A trial has the serial of the rollout that began it, and keeps it through all that happens beside it: what is held
 * against serial 7 is not forgotten because a tenant was pinned in rollout 8.
 *
 * What this leaves out: whether a rollout is newer than the last one is for its reader to say, who alone knows that.
 *
 * Sources: RFC 8032 (Ed25519), Web Cryptography (the same in workerd and Node).
 */
import { z } from "zod";
import { POINTER_KEY, sha256Hex } from "./release.ts";

const releaseSchema = z.strictObject({
  /** SHA-256 of the manifest. */
  id: z.string().regex(/^[0-9a-f]{64}$/, "must be 64 lower-case hex digits"),
  version: z.string().regex(/^[0-9A-Za-z.-]{1,32}$/),
});

const share = z.number().min(0).max(1);
const tenant = z.string().regex(/^[a-z0-9][a-z0-9_-]{0,62}$/);
const serial = z.int().positive();

export const rolloutSchema = z.strictObject({
  format: z.literal(1),
  /** Grows by one with every change. */
  serial,
  /** ISO 8601, UTC. */
  at: z.iso.datetime(),
  serving: releaseSchema,
  /** What served before, to go back to. */
  previous: releaseSchema.optional(),
  trial: releaseSchema
    .extend({
      /** Of the rollout that began it. */
      serial,
      /** Of all requests, of tenants that are not named. */
      share,
      /** 0 takes a tenant out of the trial. */
      tenants: z.record(tenant, share).optional(),
    })
    .optional(),
  pins: z.record(tenant, releaseSchema).optional(),
});

export type Rollout = z.output<typeof rolloutSchema>;
export type Trial = NonNullable<Rollout["trial"]>;
/** A release as a rollout names it. */
export type NamedRelease = z.output<typeof releaseSchema>;

/** Far more than any rollout needs, and little to read. */
const MAX_STATEMENT_CHARS = 64 * 1024;
const MAX_SIGNATURES = 8;

/** base64 of 64 bytes, in the one way that there is to write them. */
const signatureText = z.string().regex(/^[A-Za-z0-9+/]{85}[AQgw]==$/);
/** The same of 32 bytes. */
const PUBLIC_KEY = /^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/;

const envelopeSchema = z.strictObject({
  /** JSON; printable ASCII, so that it has one form in bytes. */
  statement: z
    .string()
    .max(MAX_STATEMENT_CHARS)
    .regex(/^[\x20-\x7e]+$/),
  signatures: z
    .array(z.strictObject({ key: z.string().regex(/^[0-9a-f]{16}$/), signature: signatureText }))
    .max(MAX_SIGNATURES),
});

type Bytes = Uint8Array<ArrayBuffer>;
type Signature = z.output<typeof envelopeSchema>["signatures"][number];

/** A public key as configurations have it: base64 of its 32 raw bytes. Undefined where the text is none. */
export function readPublicKey(text: string): Bytes | undefined {
  return PUBLIC_KEY.test(text) ? bytesOf(text) : undefined;
}

/** The reverse of `readPublicKey`. */
export function writePublicKey(key: Bytes): string {
  return base64Of(key);
}

/** What names a key in an envelope: the first 16 hexadecimal digits of the SHA-256 of its raw bytes. */
export async function keyIdOf(key: Bytes): Promise<string> {
  return (await sha256Hex(key)).slice(0, 16);
}

/**
 * Reads what lies under POINTER_KEY. Rejects with the reason in one line unless one of the keys that are trusted has
 * signed it; without any, whoever can write there is believed.
 * @param trusted Raw public keys, 32 bytes each.
 */
export async function openRollout(text: string, trusted: readonly Bytes[]): Promise<Rollout> {
  const { statement, signatures } = parsed(text, envelopeSchema);
  if (trusted.length > 0) await requireSignature(statement, { signatures, trusted });
  return parsed(statement, rolloutSchema);
}

/** Who signs: a key pair, Ed25519. */
export interface Signer {
  readonly privateKey: CryptoKey;
  /** Raw, 32 bytes. */
  readonly publicKey: Bytes;
}

/** The text to lie under POINTER_KEY, signed by all of the signers. Throws where the rollout is none. */
export async function sealRollout(
  rollout: Rollout,
  signers: readonly Signer[] = [],
): Promise<string> {
  const statement = JSON.stringify(rolloutSchema.parse(rollout));
  const signatures: Signature[] = [];
  for (const { privateKey, publicKey } of signers) {
    const signed = await crypto.subtle.sign("Ed25519", privateKey, signedBytes(statement));
    const signature = base64Of(new Uint8Array(signed));
    signatures.push({ key: await keyIdOf(publicKey), signature });
  }
  return JSON.stringify({ statement, signatures });
}

/** Ids of the keys that are said to have signed it, whether or not they have; none where it is no rollout. */
export function signersIn(text: string): string[] {
  try {
    return parsed(text, envelopeSchema).signatures.map(({ key }) => key);
  } catch {
    return [];
  }
}

async function requireSignature(
  statement: string,
  { signatures, trusted }: { signatures: readonly Signature[]; trusted: readonly Bytes[] },
): Promise<void> {
  if (signatures.length === 0) throw new Error("Refused rollout: nobody has signed it");
  const keys = new Map<string, Bytes>();
  for (const key of trusted) keys.set(await keyIdOf(key), key);
  const known = signatures.filter(({ key }) => keys.has(key));
  const ids = signatures.map(({ key }) => key).join(", ");
  if (known.length === 0)
    throw new Error(`Refused rollout: it is signed by ${ids}, which is no key that is trusted`);
  for (const { key, signature } of known)
    if (await isValid(statement, { key: keys.get(key)!, signature })) return;
  throw new Error(`Refused rollout: its signature by ${ids} is wrong`);
}

async function isValid(
  statement: string,
  { key, signature }: { key: Bytes; signature: string },
): Promise<boolean> {
  const own = await crypto.subtle.importKey("raw", key, "Ed25519", false, ["verify"]);
  return crypto.subtle.verify("Ed25519", own, bytesOf(signature), signedBytes(statement));
}

/** The prefix is no beginning of any JSON text. */
function signedBytes(statement: string): Bytes {
  return new Uint8Array(new TextEncoder().encode(`sluice rollout 1\n${statement}`));
}

function base64Of(bytes: Bytes): string {
  return btoa(String.fromCharCode(...bytes));
}

function bytesOf(base64: string): Bytes {
  return Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
}

function parsed<T>(text: string, schema: z.ZodType<T>): T {
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw new Error(`Refused rollout: ${POINTER_KEY} is malformed; publish again`, { cause });
  }
}
