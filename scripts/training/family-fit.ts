/**
 * The fit of every family but `mf`: a few plans, each judged on the rows that folds leave out, the best
 * one made again from all rows.
 *
 * What is judged is the graph that would ship, in 8 bits and on the WebAssembly of the edge: a family
 * writes its forward part once, as a graph, and has no second one for training. Its logits for left-out
 * rows are what calibration is fitted on.
 */
import { answerColumns, type AnswerShape } from "../../router-models/families/answer.ts";
import {
  compileInference,
  type InferenceDefinition,
  type TableBits,
} from "../../router-models/graph/compile.ts";
import type { Manifest } from "../../router-models/manifest.ts";
import { openGraph } from "../evaluation/onnx-graph.ts";
import type { Example } from "./examples.ts";
import type { Fit, FitInput } from "./fit.ts";
import { foldsOf, meanLoss, type HeldOut } from "./folds.ts";

export type Settings = Manifest["training"]["hyperparameters"];

/** One way to make a family's router. */
export interface FamilyPlan {
  readonly name: string;
  /** Passes over the rows; 1 where the solution is in closed form. */
  readonly epochs: number;
  readonly settings: Settings;
}

/** What is said of a graph in the manifest. */
export interface FamilyShape extends AnswerShape {
  readonly tableRows: number;
  readonly tableWidth: number;
  /** Units between the prompt's vector and the answer: anchors, groups, hidden units. */
  readonly hiddenWidth: number;
}

/** A router that was made from some rows. */
export interface Made {
  readonly define: InferenceDefinition;
  readonly shape: FamilyShape;
  /** Of the graph, by name; beside them `abilities` [M, 1 + K] and `tokenOffsets` [M]. */
  readonly parameters: Readonly<Record<string, Float32Array<ArrayBuffer>>>;
}

/** How a family is made. `Base` is what all plans share on the same rows. */
export interface Recipe<Base, Plan extends FamilyPlan> {
  readonly family: Manifest["family"];
  /** In the order in which they are tried; the first always is. */
  readonly plans: readonly Plan[];
  readonly prepare: (examples: readonly Example[], input: FitInput) => Base;
  readonly make: (base: Base, plan: Plan) => Made | Promise<Made>;
}

/** As `Fit`, with all that a release needs to know of a family. */
export interface FamilyFit extends Made, Pick<Fit, "heldOut"> {
  readonly family: Manifest["family"];
  readonly plan: FamilyPlan;
  readonly tried: readonly { readonly plan: FamilyPlan; readonly loss: number }[];
}

/** Rejects when there are no examples. Deterministic for a seed as long as `hasTime` answers alike. */
export async function fitRecipe<Base, Plan extends FamilyPlan>(
  { family, plans, prepare, make }: Recipe<Base, Plan>,
  input: FitInput,
): Promise<FamilyFit> {
  const { examples, models } = input;
  if (examples.length === 0) throw new Error("Cannot train: there is no training row");
  const folds = foldsOf(examples);
  const bases = new Map<readonly Example[], Base>();
  const tried: { plan: Plan; loss: number; heldOut: HeldOut[] }[] = [];
  const total = plans.length * folds.length + 1;
  let done = 0;
  for (const plan of plans) {
    if (tried.length > 0 && !input.hasTime((folds.length + 1) / done)) break;
    const heldOut: HeldOut[] = [];
    for (const { train, test } of folds) {
      const base = bases.get(train) ?? prepare(train, input);
      bases.set(train, base);
      heldOut.push(...(await shippedLogits(await make(base, plan), test, { models })));
      input.onProgress(++done, total, plan.name);
    }
    tried.push({ plan, loss: meanLoss(heldOut), heldOut });
  }
  const best = tried.reduce((a, b) => (b.loss < a.loss ? b : a));
  bases.clear();
  const made = await make(prepare(examples, input), best.plan);
  input.onProgress(done + 1, done + 1, `${best.plan.name}, all rows`);
  return { ...made, family, plan: best.plan, tried, heldOut: best.heldOut };
}

/** Logits of all models by the graph that would ship, or that would if its tables had other bits. */
export async function shippedLogits(
  {
    define,
    shape,
    parameters,
  }: Pick<Made, "define" | "parameters"> & { readonly shape: AnswerShape },
  examples: readonly Example[],
  { models, tableBits }: { readonly models: number; readonly tableBits?: TableBits },
): Promise<HeldOut[]> {
  const graph = await openGraph(compileInference(define, parameters, tableBits).bytes);
  const width = 1 + shape.abilityWidth;
  const difficulty = answerColumns(shape).difficulty[0];
  const abilities = parameters["abilities"]!;
  const heldOut: HeldOut[] = [];
  for (const example of examples) {
    const { ids, weights, statistics } = example.features;
    const isEmpty = ids.length === 0; // As in scorer.ts.
    const answer = await graph.run({
      ids: isEmpty ? new Int32Array(1) : ids,
      weights: isEmpty ? new Float32Array(1) : weights,
      statistics,
    });
    const logits = Float32Array.from({ length: models }, (_, m) => {
      let logit = abilities[m * width]! - answer[difficulty]!;
      for (let k = 1; k < width; k++) logit += abilities[m * width + k]! * answer[k - 1]!;
      return logit;
    });
    heldOut.push({ example, logits });
  }
  await graph.release();
  return heldOut;
}
