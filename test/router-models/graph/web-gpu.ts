/** Whether onnxruntime-node finds a WebGPU adapter here. Node only. */
import { Graph } from "../../../router-models/graph/graph.ts";
import { lower } from "../../../router-models/graph/lower.ts";
import { openSession } from "./ort.ts";

/** Tries it with the smallest graph there is. */
export async function hasWebGpu(): Promise<boolean> {
  const graph = new Graph("inference");
  graph.output("y", graph.relu(graph.input("x", "float32", [1])));
  try {
    await (await openSession(lower(graph.outputs).bytes, "webgpu")).release();
    return true;
  } catch {
    return false;
  }
}
