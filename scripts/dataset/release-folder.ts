/**
 * Reads a release from the folder that `npm run train` wrote. What is in the files is checked by whoever
 * opens them (router-models/release.ts).
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { ReleaseFiles } from "../../router-models/release.ts";

/** Rejects with the folder and the file where one cannot be read. */
export async function readReleaseFolder(folder: string): Promise<ReleaseFiles> {
  async function read(name: string): Promise<Uint8Array<ArrayBuffer>> {
    try {
      return new Uint8Array(await readFile(join(folder, name)));
    } catch (cause) {
      throw new Error(`${folder} is not a release: it has no ${name} that can be read`, { cause });
    }
  }
  // One after the other, so that the same file is named each time where several are missing.
  const manifest = await read("manifest.json");
  const golden = await read("golden.json");
  return { manifest, golden, model: await read("model.onnx") };
}
