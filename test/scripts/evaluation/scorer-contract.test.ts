/** The contract of those who run a router's graph, for onnxruntime-web in Node, as `score` and `eval` run it. */
import { openGraph } from "../../../scripts/evaluation/onnx-graph.ts";
import { scorerContract } from "../../contract/scorer-contract.ts";

scorerContract({ name: "onnxruntime-web in Node", open: ({ model }) => openGraph(model) });
