/**
 * A trained table as the three files of a release: int8 graph, golden vectors, manifest.
 *
 * Codes have 4 bits and are stored as bytes: a bundle is compressed, and half of each byte is then free. What
 * that costs is measured on the held-out triples and stands among the metrics. Golden vectors come from
 * the graph that ships, in the runtime of the edge.
 */
import { compileInference, type TableBits } from "../../router-models/graph/compile.ts";
import { kinInference, type KinShape } from "../../router-models/kin/head.ts";
import type { KinGolden, KinManifest } from "../../router-models/kin/manifest.ts";
import { KIN_FEATURES } from "../../router-models/kin/tokens.ts";
import { vectorOf, type KinRunner } from "../../router-models/kin/vector.ts";
import { sha256Hex, type ReleaseFiles } from "../../router-models/release.ts";
import { GOLDEN_PROMPTS } from "../training/golden-prompts.ts";
import { openKinGraph } from "./kin-graph.ts";

export const TABLE_BITS: TableBits = 4;

export type KinDraft = Omit<KinManifest, "files" | "format" | "kind" | "features">;

/** Rejects where the graph does not load. */
export async function kinReleaseFiles(
  model: Uint8Array<ArrayBuffer>,
  draft: KinDraft,
): Promise<{ files: ReleaseFiles; manifest: KinManifest }> {
  const graph = await openKinGraph(model);
  const golden = encode(await goldenOf(draft.shape, graph.runner));
  await graph.release();
  const { name, version, shape, training, metrics } = draft;
  const manifest: KinManifest = {
    format: 1,
    kind: "kin",
    name,
    version,
    features: KIN_FEATURES,
    shape,
    files: { model: await fileOf(model), golden: await fileOf(golden) },
    training,
    metrics,
  };
  return { files: { model, golden, manifest: encode(manifest, 1) }, manifest };
}

/** The model that ships, unless its table is asked for in other than 4 bits. @param table [rows, dimensions]. */
export function compileKin(
  shape: KinShape,
  table: Float32Array,
  bits: TableBits = TABLE_BITS,
): Uint8Array<ArrayBuffer> {
  return compileInference(kinInference(shape), { table }, bits).bytes;
}

async function goldenOf(shape: KinShape, runner: KinRunner): Promise<KinGolden> {
  const vectors: KinGolden["vectors"] = [];
  for (const text of GOLDEN_PROMPTS)
    vectors.push({ text, vector: [...(await vectorOf(text, shape, runner))] });
  return { tolerance: 1, vectors };
}

async function fileOf(bytes: Uint8Array<ArrayBuffer>): Promise<{ sha256: string; bytes: number }> {
  return { sha256: await sha256Hex(bytes), bytes: bytes.length };
}

function encode(value: unknown, indent = 0): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${JSON.stringify(value, undefined, indent)}\n`);
}
