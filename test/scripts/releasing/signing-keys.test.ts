/** Signing keys: made once, readable by their owner alone, and never repeated in an error. */
import { generateKeyPairSync } from "node:crypto";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, onTestFinished } from "vitest";
import {
  keyIdOf,
  openRollout,
  readPublicKey,
  sealRollout,
  writePublicKey,
} from "../../../router-models/rollout.ts";
import { published } from "../../../scripts/releasing/changes.ts";
import { makeKey, readSigners } from "../../../scripts/releasing/signing-keys.ts";

const ROLLOUT = published(undefined, { id: "ab".repeat(32), version: "1.0" }, 1e12);

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "sluice-keys-"));
  onTestFinished(() => rm(path, { recursive: true }));
  return path;
}

describe("makeKey", () => {
  it("writes a private key for its owner, whose public key it answers", async ({ expect }) => {
    const path = join(await folder(), "key.pem");
    const { publicKey, keyId } = await makeKey(path);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    const raw = readPublicKey(publicKey)!;
    expect(await keyIdOf(raw)).toBe(keyId);
    for (const signers of [
      await readSigners([path], undefined),
      await readSigners([], await readFile(path, "utf8")),
    ]) {
      expect(signers.map((signer) => writePublicKey(signer.publicKey))).toEqual([publicKey]);
      expect(await openRollout(await sealRollout(ROLLOUT, signers), [raw])).toEqual(ROLLOUT);
    }
  });

  it("never writes over a file", async ({ expect }) => {
    const path = join(await folder(), "key.pem");
    await writeFile(path, "something");
    await expect(makeKey(path)).rejects.toThrow(/private key cannot be written/);
    expect(await readFile(path, "utf8")).toBe("something");
  });
});

describe("readSigners", () => {
  it("has nobody where nothing is given, and files before the environment", async ({ expect }) => {
    expect(await readSigners([], undefined)).toEqual([]);
    expect(await readSigners([], "")).toEqual([]);
    const path = join(await folder(), "key.pem");
    await makeKey(path);
    expect(await readSigners([path, path], "no key")).toHaveLength(2);
  });

  it("refuses what is no Ed25519 key, by its place and without its text", async ({ expect }) => {
    const path = join(await folder(), "key.pem");
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const pem = privateKey.export({ type: "pkcs8", format: "pem" });
    for (const text of ["secret words", pem, ""]) {
      await writeFile(path, text);
      const refusal = await readSigners([path], undefined).catch((error: unknown) => error);
      expect(String(refusal)).toContain(`${path} is no Ed25519 private key`);
      expect(String(refusal)).not.toContain("secret words");
    }
    await expect(readSigners([], "secret words")).rejects.toThrow(/^SLUICE_SIGNING_KEY is no/);
    await expect(readSigners([`${path}x`], undefined)).rejects.toThrow(/cannot be read/);
  });
});
