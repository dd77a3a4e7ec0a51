/** Key pairs for tests that sign rollouts. */
import type { Signer } from "../../router-models/rollout.ts";

export async function madeUpSigner(): Promise<Signer> {
  const pair = await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"]);
  if (!("privateKey" in pair)) throw new Error("Ed25519 has two keys");
  const { x = "" } = await crypto.subtle.exportKey("jwk", pair.publicKey);
  const raw = atob(x.replaceAll("-", "+").replaceAll("_", "/"));
  return {
    privateKey: pair.privateKey,
    publicKey: Uint8Array.from(raw, (char) => char.charCodeAt(0)),
  };
}
