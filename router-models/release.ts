/**
 * A released router as one value, and as one blob that KV can hold.
 *
 * On disk a release is three files that name one another (manifest.ts). A pointer and three values
 * could be read half old and half new, so they travel as one blob, stored under the release's own id:
 * whoever knows the id can check every byte. Publishing writes the blob first and moves the pointer
 * afterwards; a reader sees the old release or the new one, never a mixture.
 *
 *     "SLUICE01" | u32 manifest bytes | u32 golden bytes | u32 model bytes | the three files
 *
 * Lengths are little-endian and must add up to the blob's length exactly. Nothing in a blob is trusted:
 * whatever does not fit is refused with the reason, before anything is loaded from it.
 *
 * Bytes that check out can still be wrong for this program, or compute something else here than where
 * they were made. So a release is opened only with features of our version, which have the hash that it
 * names where it names one, and `canary` asks the loaded graph for its golden vectors before it may serve.
 */
import type { z } from "zod";
import { FEATURE_VERSION } from "./features/extract.ts";
import { featureBytes } from "./features/feature-bytes.ts";
import { promptOfText } from "./features/prompt.ts";
import { STATISTICS } from "./features/statistics.ts";
import { goldenSchema, manifestSchema, type Golden, type Manifest } from "./manifest.ts";
import { trainedPanel } from "./placement.ts";
import { Scorer, type Forecast, type GraphRunner } from "./scorer.ts";

/** KV's limit for one value. */
export const MAX_BLOB_BYTES = 25 * 1024 * 1024;
/** Manifest and golden vectors are parsed as JSON; far more than any release needs. */
const MAX_JSON_BYTES = 4 * 1024 * 1024;
const MAGIC = new TextEncoder().encode("SLUICE01");
const HEADER_BYTES = MAGIC.length + 3 * 4;

type Bytes = Uint8Array<ArrayBuffer>;

/** The three files, byte for byte. */
export interface ReleaseFiles {
  readonly manifest: Bytes;
  readonly golden: Bytes;
  readonly model: Bytes;
}

export interface Release {
  /** SHA-256 of the manifest's bytes, 64 hex digits. */
  readonly id: string;
  readonly manifest: Manifest;
  readonly golden: Golden;
  /** An ONNX model. */
  readonly model: Bytes;
}

/** KV key of the rollout (rollout.ts), which says what serves. */
export const POINTER_KEY = "weights/current";

/** KV key of a release's blob. */
export function blobKey(id: string): string {
  return `weights/${id}`;
}

/** One blob of the three files. Throws where it would exceed MAX_BLOB_BYTES. */
export function packRelease({ manifest, golden, model }: ReleaseFiles): Bytes {
  const size = HEADER_BYTES + manifest.length + golden.length + model.length;
  if (size > MAX_BLOB_BYTES)
    throw new Error(`Cannot pack a release of ${size} bytes: KV holds ${MAX_BLOB_BYTES}`);
  const blob = new Uint8Array(size);
  const view = new DataView(blob.buffer);
  blob.set(MAGIC);
  let at = HEADER_BYTES;
  [manifest, golden, model].forEach((file, i) => {
    view.setUint32(MAGIC.length + 4 * i, file.length, true);
    blob.set(file, at);
    at += file.length;
  });
  return blob;
}

/** The three files as views into `blob`. Throws where it is not a whole release blob. */
export function unpackRelease(blob: Bytes): ReleaseFiles {
  if (blob.length > MAX_BLOB_BYTES)
    throw new Error(`Not a release: ${blob.length} bytes, more than ${MAX_BLOB_BYTES}`);
  if (blob.length < HEADER_BYTES || MAGIC.some((byte, i) => blob[i] !== byte))
    throw new Error("Not a release: it does not begin as one");
  const view = new DataView(blob.buffer, blob.byteOffset, blob.byteLength);
  const lengths = [0, 4, 8].map((offset) => view.getUint32(MAGIC.length + offset, true));
  const [manifest = 0, golden = 0, model = 0] = lengths;
  const size = HEADER_BYTES + manifest + golden + model;
  if (size !== blob.length)
    throw new Error(`Damaged release: ${blob.length} bytes, its header promises ${size}`);
  const goldenAt = HEADER_BYTES + manifest;
  return {
    manifest: blob.subarray(HEADER_BYTES, goldenAt),
    golden: blob.subarray(goldenAt, goldenAt + golden),
    model: blob.subarray(goldenAt + golden),
  };
}

/**
 * Checks the files against one another and against this program. Rejects with one line that names what
 * is wrong; with `expectedId`, also where the files are another release than that.
 */
export async function openRelease(files: ReleaseFiles, expectedId?: string): Promise<Release> {
  const id = await sha256Hex(files.manifest);
  if (expectedId !== undefined && id !== expectedId)
    throw new Error(`Damaged release: its manifest has SHA-256 ${id}, not ${expectedId}`);
  const manifest = parseJson("manifest.json", files.manifest, manifestSchema);
  await checkFile("model.onnx", files.model, manifest.files.model);
  await checkFile("golden.json", files.golden, manifest.files.golden);
  checkFeatures(manifest);
  checkWidths(manifest);
  const golden = parseJson("golden.json", files.golden, goldenSchema);
  await checkFeatureHash(manifest, golden);
  return { id, manifest, golden, model: files.model };
}

/** `version@` and the first twelve digits of the id, as `x-sluice-weights` carries it. */
export function weightsLabel({ id, manifest }: Pick<Release, "id" | "manifest">): string {
  return `${manifest.version}@${id.slice(0, 12)}`;
}

export interface CanaryResult {
  /** Largest difference of a score or difficulty from its golden value, up to the failure if any. */
  readonly worst: number;
  /** The first answer out of tolerance, or not a number; undefined when the release may serve. */
  readonly failure?: string;
}

/** Asks `graph` for every golden vector of the release. Rejects only when the graph itself fails. */
export async function canary(release: Release, graph: GraphRunner): Promise<CanaryResult> {
  const { manifest, golden } = release;
  const scorer = new Scorer(manifest, trainedPanel(manifest));
  let worst = 0;
  for (const [v, vector] of golden.vectors.entries()) {
    const forecast = await scorer.score(promptOfText(vector.prompt), graph);
    for (const { what, actual, expected } of comparisons(golden.models, vector, forecast)) {
      const difference = Math.abs(actual - expected);
      if (!(difference <= golden.tolerance)) {
        const failure = `golden vector ${v}: ${what} is ${actual}, not ${expected} (±${golden.tolerance})`;
        return { worst: Math.max(worst, difference), failure };
      }
      worst = Math.max(worst, difference);
    }
  }
  return { worst };
}

interface Comparison {
  readonly what: string;
  readonly actual: number;
  readonly expected: number;
}

function comparisons(
  models: readonly string[],
  vector: Golden["vectors"][number],
  forecast: Forecast,
): Comparison[] {
  const scoreOf = new Map(forecast.models.map(({ id, score }) => [id, score]));
  return [
    { what: "difficulty", actual: forecast.difficulty, expected: vector.difficulty },
    ...models.map((id, m) => ({
      what: `the score of ${id}`,
      actual: scoreOf.get(id) ?? NaN,
      expected: vector.scores[m] ?? NaN,
    })),
  ];
}

/** SHA-256 as 64 lower-case hex digits. */
export async function sha256Hex(bytes: Bytes): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Rejects, with the file's name, where the bytes are not those that a manifest promises. */
export async function checkFile(
  name: string,
  bytes: Bytes,
  expected: { sha256: string; bytes: number },
): Promise<void> {
  if (bytes.length !== expected.bytes)
    throw new Error(`Damaged release: ${name} has ${bytes.length} bytes, not ${expected.bytes}`);
  const actual = await sha256Hex(bytes);
  if (actual !== expected.sha256)
    throw new Error(`Damaged release: ${name} has SHA-256 ${actual}, not ${expected.sha256}`);
}

function checkFeatures({ features }: Manifest): void {
  if (features.version !== FEATURE_VERSION)
    throw new Error(
      `Unusable release: it reads features of version ${features.version}, this program makes ${FEATURE_VERSION}`,
    );
  if (features.statistics !== STATISTICS.length)
    throw new Error(
      `Unusable release: it reads ${features.statistics} statistics, this program makes ${STATISTICS.length}`,
    );
  if (!Number.isInteger(Math.log2(features.tableRows)))
    throw new Error(`Unusable release: ${features.tableRows} table rows are not a power of two`);
}

/** The version is what somebody said; the hash is what the features are. */
async function checkFeatureHash({ features }: Manifest, golden: Golden): Promise<void> {
  if (features.hash === undefined) return;
  const prompts = golden.vectors.map(({ prompt }) => prompt);
  const own = await sha256Hex(featureBytes(prompts, features.tableRows));
  if (own !== features.hash)
    throw new Error(
      `Unusable release: it reads features with hash ${features.hash}, this program makes ${own}`,
    );
}

/** Every vector must be as long as the shape says: a short one would be read as something else. */
function checkWidths({ shape, models, placement }: Manifest): void {
  const width = 1 + shape.abilityWidth;
  const { mean, covariance, demand, anchors } = placement;
  const lengths: [string, number, number][] = [
    ["placement.mean", mean.length, width],
    ["placement.covariance", covariance.length, width * width],
    ["placement.demand", demand.length, width],
    ...Object.entries(anchors).map(([name, { gradient }]): [string, number, number] => [
      `the gradient of anchor ${name}`,
      gradient.length,
      width,
    ]),
    ...Object.entries(models).map(([id, { ability }]): [string, number, number] => [
      `the ability of ${id}`,
      ability.length,
      width,
    ]),
  ];
  for (const [what, actual, expected] of lengths)
    if (actual !== expected)
      throw new Error(`Unusable release: ${what} has ${actual} numbers, not ${expected}`);
}

/** A file of a release, held against its schema. Throws one line with the file's name and the entry at fault. */
export function parseJson<T>(name: string, bytes: Bytes, schema: z.ZodType<T>): T {
  if (bytes.length > MAX_JSON_BYTES)
    throw new Error(
      `Unusable release: ${name} has ${bytes.length} bytes, at most ${MAX_JSON_BYTES}`,
    );
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes));
  } catch (cause) {
    throw new Error(`Unusable release: ${name} is not JSON`, { cause });
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0]!;
  throw new Error(`Unusable release: ${name}: ${path.join(".") || "it"}: ${message}`);
}
