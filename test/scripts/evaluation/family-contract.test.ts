/** The contract of those who run a family's graph, for onnxruntime-web in Node, as `score` and `eval` run it. */
import { openGraph } from "../../../scripts/evaluation/onnx-graph.ts";
import { familyContract } from "../../contract/family-contract.ts";

familyContract({
  name: "onnxruntime-web in Node",
  open: (_, { bytes }) => openGraph(bytes),
});
