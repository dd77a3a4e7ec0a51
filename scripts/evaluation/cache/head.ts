/**
 * A released similarity head as one of the similarities: the same graph, on the same WebAssembly, as at the edge.
 */
import { openKinRelease } from "../../../router-models/kin/release.ts";
import { vectorOf } from "../../../router-models/kin/vector.ts";
import { readReleaseFolder } from "../../dataset/release-folder.ts";
import { openKinGraph } from "../../kinship/kin-graph.ts";
import { DEFAULT } from "./contenders.ts";
import { vectorCosine, type Similarity } from "./similarity.ts";

/** Reads as long as the process lives. Rejects where the folder holds no head that may serve. */
export async function openHead(folder: string): Promise<Similarity> {
  const { model, manifest } = await openKinRelease(await readReleaseFolder(folder));
  const { runner } = await openKinGraph(model);
  return vectorCosine(DEFAULT.similarity, (text) => vectorOf(text, manifest.shape, runner));
}
