/** Key pairs for tests that sign rollouts. */
import type { Signer } from "../../router-models/rollout.ts";

export async function madeUpSigner(): Promise<Signer> {
  const pair = await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"]);
  if (!("privateKey" in pair)) throw new Error("Ed25519 has two keys");
  const raw = await crypto.subtle.exportKey("raw", pair.publicKey);
  if (!(raw instanceof ArrayBuffer)) throw new Error("A raw key is bytes");
  return { privateKey: pair.privateKey, publicKey: new Uint8Array(raw) };
}
