/** Releases are found by everything that a record or a person calls them. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import { openRelease, packRelease, weightsLabel } from "../../../router-models/release.ts";
import { Releases } from "../../../scripts/replaying/releases.ts";
import { tinyRelease } from "../../support/tiny-release.ts";

let folder: string;
const labels: string[] = [];
const ids: string[] = [];

async function writeReleaseFolder(name: string, seed: number): Promise<void> {
  const files = await tinyRelease({ seed });
  await mkdir(join(folder, name), { recursive: true });
  await writeFile(join(folder, name, "manifest.json"), files.manifest);
  await writeFile(join(folder, name, "golden.json"), files.golden);
  await writeFile(join(folder, name, "model.onnx"), files.model);
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-releases-"));
  await writeReleaseFolder("released/one", 1);
  await writeReleaseFolder("released/two", 2);
  await mkdir(join(folder, "blobs"));
  await writeFile(join(folder, "blobs", "three"), packRelease(await tinyRelease({ seed: 3 })));
  await writeFile(join(folder, "blobs", "note.txt"), "no release");
  for (const seed of [1, 2, 3]) {
    const release = await openRelease(await tinyRelease({ seed }));
    labels.push(weightsLabel(release));
    ids.push(release.id);
  }
});
afterAll(() => rm(folder, { recursive: true }));

async function releases(...places: readonly string[]): Promise<Releases> {
  const found = new Releases();
  for (const place of places) await found.add(join(folder, place));
  return found;
}

describe("Releases", () => {
  it("finds a folder's releases and blobs by id and label", async ({ expect }) => {
    const all = await releases("released", "blobs");
    expect(ids.map((id) => all.find(id)?.label)).toEqual(labels);
    expect(labels.map((label) => all.find(label)?.id)).toEqual(ids);
    expect(all.find("0".repeat(64))).toBeUndefined();
    expect((await all.find(ids[2]!)!.open()).id).toBe(ids[2]);
  });

  it("knows what a person means", async ({ expect }) => {
    const all = await releases("released");
    for (const name of [ids[0]!, labels[0]!, ids[0]!.slice(0, 8), "0.0.1", "one"])
      expect((await all.named(name)).id, name).toBe(ids[0]);
    expect((await all.named(join(folder, "blobs"))).id).toBe(ids[2]);
    expect((await all.named(join(folder, "blobs", "three"))).id).toBe(ids[2]);
  });

  it("says what is nothing, and what is several", async ({ expect }) => {
    const all = await releases("released");
    await expect(all.named("8.8.8")).rejects.toThrow(
      `No weights 8.8.8 are at hand, only ${labels[0]}`,
    );
    await expect(all.named(join(folder, "released"))).rejects.toThrow("holds several");
    await expect(all.add(join(folder, "blobs", "note.txt"))).rejects.toThrow(
      "is no release, no blob of one, and no folder of such: Not a release: ",
    );
    await expect(all.add(join(folder, "nowhere"))).rejects.toThrow("there is no such file");
  });

  it("refuses a release that was damaged since", async ({ expect }) => {
    await writeReleaseFolder("broken/own", 4);
    const broken = await releases("broken");
    await writeFile(join(folder, "broken", "own", "model.onnx"), "none");
    await expect((await broken.named("own")).open()).rejects.toThrow("model.onnx");
  });
});
