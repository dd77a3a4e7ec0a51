/**
 * Keeps trained folds between runs, so that an evaluation of hours can be broken off and taken up again.
 *
 * A fold is one file, named by a hash of all that its weights depend on: the family, the rows' files, the
 * prices, the settings, the version of the features, the seed, and the cache's own format. A change of any of them
 * asks for another file, so nothing has to be cleared. The file is written beside its place and moved there, so
 * half a file is never found; one that is broken all the same (the release's own hashes tell) is trained
 * again, and the caller told. Changes to the training code itself are not seen: clear the folder then.
 */
import { createHash } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { FEATURE_VERSION } from "../../router-models/features/extract.ts";
import { openRelease, type Release, type ReleaseFiles } from "../../router-models/release.ts";
import type { FamilyName } from "../training/families.ts";
import { PLANS } from "../training/fit.ts";
import { SETTINGS } from "../training/settings.ts";
import type { PriceSources } from "./costs.ts";

const FORMAT = 2;

const fileSchema = z.strictObject({
  manifest: z.base64(),
  golden: z.base64(),
  model: z.base64(),
});

/** What a fold's weights depend on beside the code. */
export interface FoldKey {
  readonly family: FamilyName;
  /** What was trained on: hashes of files, or anything else that tells folds apart. In any order. */
  readonly data: readonly string[];
  readonly prices: PriceSources;
  readonly seed: number;
}

/** Name of the fold's file. */
export function foldFile({ family, data, prices, seed }: FoldKey): string {
  const plan = PLANS[0];
  const text = JSON.stringify({
    FORMAT,
    FEATURE_VERSION,
    SETTINGS,
    plan,
    family,
    data: data.toSorted(),
    prices,
    seed,
  });
  return `fold-${createHash("sha256").update(text).digest("hex").slice(0, 16)}.json`;
}

/** The fold from the folder, or trained and put there. Without a folder it is only trained. */
export async function cachedFold(
  folder: string | undefined,
  key: FoldKey,
  { train, onNote }: { train: () => Promise<ReleaseFiles>; onNote: (note: string) => void },
): Promise<Release> {
  if (folder === undefined) return openRelease(await train());
  const path = join(folder, foldFile(key));
  const kept = await readFold(path, onNote);
  if (kept !== undefined) return kept;
  await mkdir(folder, { recursive: true }); // Where that fails, better before the training.
  const files = await train();
  const beside = `${path}.${process.pid}.part`;
  await writeFile(
    beside,
    JSON.stringify({
      manifest: Buffer.from(files.manifest).toString("base64"),
      golden: Buffer.from(files.golden).toString("base64"),
      model: Buffer.from(files.model).toString("base64"),
    }),
  );
  await rename(beside, path);
  return openRelease(files);
}

async function readFold(
  path: string,
  onNote: (note: string) => void,
): Promise<Release | undefined> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch {
    return undefined; // Not there yet.
  }
  try {
    const { manifest, golden, model } = fileSchema.parse(JSON.parse(text));
    return await openRelease({
      manifest: bytesOf(manifest),
      golden: bytesOf(golden),
      model: bytesOf(model),
    });
  } catch {
    onNote(`${path}: broken, so it is trained again`);
    return undefined;
  }
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(base64, "base64"));
}
