/**
 * One definition of a model, compiled twice.
 *
 * `compileInference` writes the model that ships: tables in 8 bits, small parameters in float32, one prompt
 * a run. `compileTrainingStep` writes a function that a runtime without any notion of training can run:
 * state and batch in; loss and next state out. A family writes its forward part once and calls it in both
 * definitions, so what is trained is what is served. The third reading is `interpret` of the outputs that
 * `buildInference` and `buildTrainingStep` answer, in double precision.
 *
 * Bytes only: sessions, batches and initial weights are the host's (scripts/training, worker/inference).
 */
import { gradientsOf } from "./gradients.ts";
import { Graph } from "./graph.ts";
import { shaped } from "./interpret.ts";
import type { Dims, InputType, Value } from "./ir.ts";
import { liveValues } from "./live.ts";
import { lower, type Stored } from "./lower.ts";
import { gatherRows } from "./operators/layout.ts";
import { Adam, clipped, type ParameterTuning, type Trained } from "./optimizer.ts";
import { dequantize, quantizeColumns, type CodeBits } from "./quantize.ts";
import { fixedDims } from "./shapes.ts";

/** Builds the model and names what is to be computed with `g.output`. */
export type InferenceDefinition = (g: Graph) => void;

/** Builds the same model, adds label inputs, and answers the scalar loss. May name further outputs. */
export type LossDefinition = (g: Graph) => Value;

export interface InferenceModel {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** What the model computes with: tables after rounding and back, the rest as given. */
  readonly parameters: Readonly<Record<string, Float32Array>>;
}

export interface StepOptions {
  /** By parameter or table name; what is not named has factor 1 and no decay. */
  readonly tuning?: Readonly<Record<string, ParameterTuning>>;
  /** Largest global L2 norm of all gradients together; not clipped unless given. */
  readonly clipNorm?: number;
  /** Puts out `gradient_<name>` (for a table: of the rows at `rowIds`) instead of the next state. */
  readonly gradientsOnly?: boolean;
}

export interface TrainingStep {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Dims of `p`, `m_p`, `v_p` for every trained p; a step reads each and puts out `<name>_next`. */
  readonly state: Readonly<Record<string, readonly number[]>>;
  /** Everything else to feed: the batch, the labels, and the three scalars of `adamScalars`. */
  readonly feeds: Readonly<Record<string, { readonly type: InputType; readonly dims: Dims }>>;
}

export function buildInference(define: InferenceDefinition): Graph {
  const graph = new Graph("inference");
  define(graph);
  return graph;
}

/** Bits of a table's entry; in 32 it is stored as it was given. */
export type TableBits = CodeBits | 32;

/**
 * The model that ships, unless its tables are asked for in other than 8 bits, to see what rounding costs.
 * `parameters` holds every parameter and table by name, float32 and row-major.
 */
export function compileInference(
  define: InferenceDefinition,
  parameters: Readonly<Record<string, Float32Array>>,
  tableBits: TableBits = 8,
): InferenceModel {
  const { outputs } = buildInference(define);
  const live = liveValues(outputs.values());
  shaped(live, parameters); // Throws where one is missing or has another size.
  const stored: Record<string, Stored> = {};
  const shipped: Record<string, Float32Array> = {};
  for (const { source, dims } of live) {
    if (source.kind !== "parameter" && source.kind !== "table") continue;
    const data = parameters[source.name]!;
    if (source.kind === "parameter" || tableBits === 32) {
      stored[source.name] = shipped[source.name] = data;
      continue;
    }
    const quantized = quantizeColumns(data, fixedDims(dims)[1]!, tableBits);
    stored[source.name] = quantized;
    shipped[source.name] = dequantize(quantized);
  }
  return { bytes: lower(outputs, stored).bytes, parameters: shipped };
}

/** The training step as a graph: outputs `loss`, and the next state or the gradients. */
export function buildTrainingStep(define: LossDefinition, options: StepOptions = {}): Graph {
  const graph = new Graph("training");
  const loss = define(graph);
  graph.output("loss", loss);
  const trained = trainedBy(graph, loss);
  if (options.gradientsOnly) {
    for (const { name, gradient } of trained) graph.output(`gradient_${name}`, gradient);
    return graph;
  }
  const { tuning = {}, clipNorm } = options;
  for (const name of Object.keys(tuning))
    if (!trained.some((one) => one.name === name))
      throw new Error(`Cannot tune ${name}: not trained`);
  const all = trained.map(({ gradient }) => gradient);
  const gradients = clipNorm === undefined ? all : clipped(graph, all, clipNorm);
  const adam = new Adam(graph);
  trained.forEach((one, i) => adam.update({ ...one, gradient: gradients[i]! }, tuning[one.name]));
  return graph;
}

export function compileTrainingStep(
  define: LossDefinition,
  options: StepOptions = {},
): TrainingStep {
  const graph = buildTrainingStep(define, options);
  const { bytes, inputs } = lower(graph.outputs);
  const state: Record<string, readonly number[]> = {};
  for (const { source, dims } of graph.values)
    if (source.kind === "parameter" || source.kind === "table")
      for (const name of options.gradientsOnly ? [source.name] : partsOf(source.name))
        state[name] = fixedDims(dims);
  const feeds = Object.fromEntries(Object.entries(inputs).filter(([name]) => !(name in state)));
  return { bytes, state, feeds };
}

function partsOf(name: string): string[] {
  return [name, `m_${name}`, `v_${name}`];
}

/** Every parameter, and every table by its gathered rows, with its gradient; throws where there is none. */
function trainedBy(graph: Graph, loss: Value): Trained[] {
  const targets = graph.values.flatMap((value) => {
    const { source } = value;
    if (source.kind === "parameter") return [{ name: source.name, whole: value, variable: value }];
    if (source.kind !== "result" || source.operator !== gatherRows) return [];
    const [whole, rowIds] = source.inputs;
    if (whole?.source.kind !== "table") return [];
    return [{ name: whole.source.name, whole, variable: value, rowIds: rowIds! }];
  });
  const variables = targets.map(({ variable }) => variable);
  const gradients = gradientsOf(graph, loss, variables);
  return targets.map(({ variable, ...target }) => {
    const gradient = gradients.get(variable);
    if (gradient === undefined) throw new Error(`Cannot train ${target.name}: the loss ignores it`);
    return { ...target, gradient };
  });
}
