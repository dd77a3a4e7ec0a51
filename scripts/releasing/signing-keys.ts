/**
 * The keys that rollouts are signed with: Ed25519, the private one a PKCS#8 PEM file that only its owner can read, the
 * public one the base64 of its 32 bytes, as the worker's WEIGHTS_PUBLIC_KEYS has it.
 */
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
} from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { keyIdOf, writePublicKey, type Signer } from "../../router-models/rollout.ts";

/** In place of a file: the PEM text itself. */
export const KEY_VARIABLE = "SLUICE_SIGNING_KEY";

/** Makes a pair, and writes the private key to a file that is not there yet, mode 0600. Rejects where it is. */
export async function makeKey(path: string): Promise<{ publicKey: string; keyId: string }> {
  const { privateKey } = generateKeyPairSync("ed25519");
  const pem = privateKey.export({ type: "pkcs8", format: "pem" });
  try {
    await writeFile(path, pem, { mode: 0o600, flag: "wx" });
  } catch (cause) {
    throw new Error(`The private key cannot be written to ${path}: ${messageOf(cause)}`, { cause });
  }
  const raw = rawPublicKey(privateKey);
  return { publicKey: writePublicKey(raw), keyId: await keyIdOf(raw) };
}

/**
 * Who signs: the keys in the files, else the one in the environment, else nobody.
 * Rejects, naming the place and never the key, where one is not an Ed25519 private key.
 */
export async function readSigners(
  files: readonly string[],
  environment: string | undefined,
): Promise<Signer[]> {
  const signers: Signer[] = [];
  for (const file of files) signers.push(await signerOf(file, await readPem(file)));
  if (files.length === 0 && environment !== undefined && environment !== "")
    signers.push(await signerOf(KEY_VARIABLE, environment));
  return signers;
}

async function readPem(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    throw new Error(`The signing key ${file} cannot be read: ${messageOf(cause)}`, { cause });
  }
}

async function signerOf(place: string, pem: string): Promise<Signer> {
  const key = privateKeyIn(pem);
  if (key?.asymmetricKeyType !== "ed25519")
    throw new Error(
      `${place} is no Ed25519 private key in PEM; \`npm run weights -- keygen --out FILE\` makes one.`,
    );
  const der = new Uint8Array(key.export({ type: "pkcs8", format: "der" }));
  const privateKey = await crypto.subtle.importKey("pkcs8", der, "Ed25519", false, ["sign"]);
  return { privateKey, publicKey: rawPublicKey(key) };
}

function privateKeyIn(pem: string): KeyObject | undefined {
  try {
    return createPrivateKey(pem);
  } catch {
    return undefined; // What was wrong with it may quote it.
  }
}

function rawPublicKey(privateKey: KeyObject): Uint8Array<ArrayBuffer> {
  const { x = "" } = createPublicKey(privateKey).export({ format: "jwk" });
  return new Uint8Array(Buffer.from(x, "base64url"));
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
