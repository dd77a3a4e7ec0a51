/**
 * A released head as one value, checked: nothing is loaded from files that do not belong together, that
 * read other features than this program makes, or that answer otherwise than where they were made.
 */
import { checkFile, parseJson, sha256Hex, type ReleaseFiles } from "../release.ts";
import {
  kinGoldenSchema,
  kinManifestSchema,
  type KinGolden,
  type KinManifest,
} from "./manifest.ts";
import { KIN_FEATURES } from "./tokens.ts";
import { vectorOf, type KinRunner } from "./vector.ts";

export interface KinRelease {
  /** SHA-256 of the manifest's bytes, 64 hex digits. */
  readonly id: string;
  readonly manifest: KinManifest;
  readonly golden: KinGolden;
  /** An ONNX model. */
  readonly model: Uint8Array<ArrayBuffer>;
}

/** Rejects with one line that names what is wrong. */
export async function openKinRelease(files: ReleaseFiles): Promise<KinRelease> {
  const manifest = parseJson("manifest.json", files.manifest, kinManifestSchema);
  await checkFile("model.onnx", files.model, manifest.files.model);
  await checkFile("golden.json", files.golden, manifest.files.golden);
  if (manifest.features !== KIN_FEATURES)
    throw new Error(
      `Unusable release: it reads features of version ${manifest.features}, this program makes ${KIN_FEATURES}`,
    );
  const golden = parseJson("golden.json", files.golden, kinGoldenSchema);
  const { dimensions } = manifest.shape;
  for (const { vector } of golden.vectors)
    if (vector.length !== dimensions)
      throw new Error(`Unusable release: a golden vector of ${vector.length}, not ${dimensions}`);
  return { id: await sha256Hex(files.manifest), manifest, golden, model: files.model };
}

/** What of its golden vectors `runner` does not give; undefined when the release may serve. */
export async function kinFailure(
  { manifest, golden }: KinRelease,
  runner: KinRunner,
): Promise<string | undefined> {
  for (const [v, { text, vector }] of golden.vectors.entries()) {
    const actual = await vectorOf(text, manifest.shape, runner);
    const at = actual.findIndex((x, i) => Math.abs(x - vector[i]!) > golden.tolerance);
    if (at >= 0)
      return `golden vector ${v}: number ${at} is ${actual[at]}, not ${vector[at]} (±${golden.tolerance})`;
  }
  return undefined;
}
