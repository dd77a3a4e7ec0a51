/** Reading and writing rollouts: who may build on what, and two operators at once. */
import { describe, it, vi } from "vitest";
import { blobKey, openRelease, packRelease, POINTER_KEY } from "../../../router-models/release.ts";
import { openRollout, sealRollout } from "../../../router-models/rollout.ts";
import { published } from "../../../scripts/releasing/changes.ts";
import { findRelease } from "../../../scripts/releasing/find-release.ts";
import {
  listReleases,
  readBlob,
  readPresent,
  readRolloutText,
  writeBlob,
  writeRollout,
} from "../../../scripts/releasing/rollout-storage.ts";
import { madeUpSigner } from "../../support/made-up-signer.ts";
import { tinyRelease } from "../../support/tiny-release.ts";
import { memoryKv } from "../memory-kv.ts";

const RELEASE = { id: "ab".repeat(32), version: "1.0" };
const FIRST = published(undefined, RELEASE, 1e12);
const NOBODY = { signers: [], adopts: false };

describe("a rollout in KV", () => {
  it("is written over what was read, and over nothing else", async ({ expect }) => {
    const kv = memoryKv();
    const before = await readPresent(NOBODY, kv);
    expect(before).toEqual({ text: undefined, rollout: undefined });
    const text = await writeRollout({ before, rollout: FIRST }, NOBODY, kv);
    expect(await readRolloutText(kv)).toBe(text);
    const second = published(FIRST, RELEASE, 2e12);
    await expect(writeRollout({ before, rollout: second }, NOBODY, kv)).rejects.toThrow(
      /Somebody else has changed the rollout meanwhile; nothing was written/,
    );
    expect(await readRolloutText(kv)).toBe(text);
    expect(await readPresent(NOBODY, kv)).toEqual({ text, rollout: FIRST });
  });

  it("that another writes over at the same time is an error", async ({ expect }) => {
    const kv = memoryKv();
    const before = await readPresent(NOBODY, kv);
    const other = await sealRollout(published(undefined, RELEASE, 3e12));
    kv.afterPut = () => kv.values.set(POINTER_KEY, new TextEncoder().encode(other));
    await expect(writeRollout({ before, rollout: FIRST }, NOBODY, kv)).rejects.toThrow(
      /somebody else wrote at the same time/,
    );
  });

  it("may be shown late by what is eventual, and by nothing else", async ({ expect }) => {
    const said = vi.spyOn(console, "error").mockReturnValue();
    for (const isEventual of [true, false]) {
      const kv = memoryKv(isEventual);
      const before = await readPresent(NOBODY, kv);
      kv.afterPut = () => kv.values.clear();
      const written = writeRollout({ before, rollout: FIRST }, NOBODY, kv);
      const blob = writeBlob(RELEASE.id, new Uint8Array(9), kv);
      if (isEventual) {
        await Promise.all([written, blob]);
        expect(said.mock.calls.flat().join()).toMatch(/does not show .* yet/);
      } else {
        await expect(written).rejects.toThrow(/another rollout is there now/);
        await expect(blob).rejects.toThrow(/is not what was written there/);
      }
    }
  });

  it("is signed over what the same key has signed, or what a person adopts", async ({ expect }) => {
    const kv = memoryKv();
    const [own, other] = [await madeUpSigner(), await madeUpSigner()];
    const signed = { signers: [own], adopts: false };
    const before = await readPresent(NOBODY, kv);
    await writeRollout({ before, rollout: FIRST }, NOBODY, kv);
    await expect(readPresent(signed, kv)).rejects.toThrow(
      /nobody has signed it\nNothing was written.*--adopt/s,
    );
    const adopted = await readPresent({ ...signed, adopts: true }, kv);
    const text = await writeRollout({ before: adopted, rollout: FIRST }, signed, kv);
    expect(await openRollout(text, [own.publicKey])).toEqual(FIRST);
    for (const adopts of [false, true])
      await expect(readPresent({ signers: [], adopts }, kv)).rejects.toThrow(
        /The present rollout is signed, so the next one must be/,
      );
    await expect(readPresent({ signers: [other], adopts: false }, kv)).rejects.toThrow(
      /no key that is trusted/,
    );
    const both = { signers: [other, own], adopts: false };
    expect((await readPresent(both, kv)).rollout).toEqual(FIRST);
  });

  it("that is none is replaced where a person says so", async ({ expect }) => {
    const kv = memoryKv();
    kv.values.set(POINTER_KEY, new TextEncoder().encode("{}"));
    await expect(readPresent(NOBODY, kv)).rejects.toThrow(/is malformed.*--adopt/s);
    const present = await readPresent({ signers: [], adopts: true }, kv);
    expect(present).toEqual({ text: "{}", rollout: undefined });
  });
});

describe("a release in KV", () => {
  it("is found by the beginning of its id, byte for byte", async ({ expect }) => {
    const kv = memoryKv();
    const blob = Uint8Array.from({ length: 1_000 }, (_, i) => (i * 7) % 256);
    expect(await readBlob(RELEASE.id, kv)).toBeUndefined();
    await writeBlob(RELEASE.id, blob, kv);
    kv.values.set(blobKey("other"), blob);
    expect(await readBlob(RELEASE.id, kv)).toEqual(blob);
    expect(await listReleases("", kv)).toEqual([RELEASE.id]);
    expect(await listReleases("abac", kv)).toEqual([]);
  });

  it("is named by version, label or id, if it is one and can be opened", async ({ expect }) => {
    const kv = memoryKv();
    const files = await tinyRelease({ seed: 2 });
    const { id } = await openRelease(files);
    await writeBlob(id, packRelease(files), kv);
    for (const name of [id, id.slice(0, 12), `0.0.2@${id.slice(0, 12)}`])
      expect(await findRelease(name, FIRST, kv)).toEqual({ id, version: "0.0.2" });
    for (const name of ["1.0", "1.0@abababababab", RELEASE.id])
      expect(await findRelease(name, FIRST, kv)).toEqual(RELEASE);
    for (const name of ["0.0.2", "abab", "f".repeat(64), "../x"])
      await expect(findRelease(name, FIRST, kv)).rejects.toThrow(
        /is no release in KV. The rollout names 1.0@abababababab/,
      );
    const twins = { ...FIRST, previous: { id: "cd".repeat(32), version: "1.0" } };
    await expect(findRelease("1.0", twins, kv)).rejects.toThrow(/is more than one release/);
    const damaged = "e".repeat(64);
    await writeBlob(damaged, packRelease(files), kv);
    await expect(findRelease(damaged, FIRST, kv)).rejects.toThrow(/Damaged release/);
  });
});
