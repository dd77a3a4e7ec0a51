/**
 * How `graph` is made: prompts are put into groups, outcomes are counted by group and model, and the
 * counts are smoothed along the graph of model, tasks and groups.
 *
 * For each model the values at its nodes are fitted to the counts, and an edge pulls its two ends
 * together: group and group by the prompts they share, group and task by the prompts of that task in the
 * group, task and model by a strength of its own. The minimum of a quadratic is where label propagation
 * would come to rest; with logistic counts it takes a few Newton steps. Before that, what makes a group
 * hard for everybody goes into its difficulty.
 */
import {
  graphSmoothingDefinition,
  type GraphSmoothingShape,
} from "../../router-models/families/graph-smoothing.ts";
import { componentBase, type ComponentBase } from "./component-base.ts";
import { countOutcomes, type CountedOutcomes } from "./counted-outcomes.ts";
import type { Example } from "./examples.ts";
import type { FamilyPlan, Made, Recipe } from "./family-fit.ts";
import type { FitInput } from "./fit.ts";
import { diagonal, fitPenalised } from "./penalised-logistic.ts";
import { biasesOf, centresOf, sharesOf, type Points } from "./prototypes.ts";
import { prototypeHeads, type HeadLabels } from "./row-heads.ts";

interface GraphPlan extends FamilyPlan {
  readonly settings: {
    readonly sharpness: number;
    /** Outcomes that a full edge between two groups, or a group and its task, is worth. */
    readonly smoothing: number;
  };
}

function planOf(sharpness: number, smoothing: number): GraphPlan {
  const name = `sharpness ${sharpness}, smoothing ${smoothing}`;
  return { name, epochs: 1, settings: { sharpness, smoothing } };
}

/** At most, and at least so many rows to each. */
const GROUPS = 64;
const ROWS_PER_GROUP = 16;
const WIDTH = 32;
/** Turns of the groups' difficulties and the models' means. */
const TURNS = 4;
const DIFFICULTY_PENALTY = 5;
/** Outcomes that the edge between a task and the model is worth. */
const TASK_STRENGTH = 10;
/** Keeps the model's own value finite. */
const MODEL_PENALTY = 0.1;

interface Base extends ComponentBase {
  readonly centres: Points;
}

export const GRAPH: Recipe<Base, GraphPlan> = {
  family: "graph",
  plans: [planOf(40, 8), planOf(40, 30), planOf(80, 8), planOf(20, 8)],
  prepare,
  make,
};

function prepare(examples: readonly Example[], input: FitInput): Base {
  const base = componentBase(examples, input, { width: WIDTH, evenness: 1 });
  const centres = centresOf(base.components, groupsFor(examples.length), input.seed);
  return { ...base, centres };
}

function groupsFor(rows: number): number {
  return Math.min(GROUPS, Math.ceil(rows / ROWS_PER_GROUP));
}

function make(base: Base, { settings }: GraphPlan): Made {
  const { examples, input, corpus, components, centres, labels } = base;
  const { tableRows, tasks } = input.hyperparameters.shape;
  const { sharpness, smoothing } = settings;
  const shares = sharesOf(components, centres, sharpness);
  const counts = countOutcomes(examples, shares, input.models);
  const groups = counts.prototypes;
  const difficulty = difficultiesOf(counts);
  const penalty = edgePenalty(shares, labels, smoothing);
  const shape: GraphSmoothingShape = { tableRows, tableWidth: WIDTH, abilityWidth: groups, tasks };
  const heads = prototypeHeads(shares, labels);
  difficulty.forEach((b, g) => (heads[(g * heads.length) / groups] = b));
  return {
    define: graphSmoothingDefinition(shape, corpus.standardisation),
    shape: { ...shape, hiddenWidth: groups },
    parameters: {
      table: Float32Array.from(components.table),
      "query.weight": Float32Array.from(components.surface),
      "query.bias": Float32Array.from(components.bias),
      "groups.weight": Float32Array.from({ length: WIDTH * groups }, (_, i) => {
        const [d, g] = [Math.floor(i / groups), i % groups];
        return (sharpness / WIDTH) * centres.vectors[g * WIDTH + d]!;
      }),
      "groups.bias": biasesOf(centres, sharpness),
      heads: Float32Array.from(heads),
      abilities: Float32Array.from(
        Array.from({ length: input.models }, (_, m) =>
          smoothed(counts, m, { difficulty, penalty }),
        ).flat(),
      ),
      tokenOffsets: labels.tokenOffsets,
    },
  };
}

/** b of each group: what its outcomes have in common, whoever answered. */
function difficultiesOf({ prototypes, models, trials, successes }: CountedOutcomes): Float64Array {
  const difficulty = new Float64Array(prototypes);
  const mean = new Float64Array(models);
  function fitOne(cells: readonly { at: number; offset: number }[], penalty: number): number {
    const counted = cells
      .filter(({ at }) => trials[at]! > 0)
      .map(({ at, offset }) => ({
        trials: trials[at]!,
        successes: successes[at]!,
        offset,
        design: [1],
      }));
    return fitPenalised(counted, diagonal([penalty]), [0])[0]!;
  }
  for (let turn = 0; turn < TURNS; turn++) {
    for (let m = 0; m < models; m++) {
      const cells = Array.from(difficulty, (b, g) => ({ at: g * models + m, offset: -b }));
      mean[m] = fitOne(cells, MODEL_PENALTY);
    }
    for (let g = 0; g < prototypes; g++) {
      const cells = Array.from(mean, (offset, m) => ({ at: g * models + m, offset }));
      difficulty[g] = -fitOne(cells, DIFFICULTY_PENALTY);
    }
  }
  return difficulty;
}

/** The penalty over all nodes, in the order groups, tasks, model. `shares` is [rows, groups]. */
export function edgePenalty(
  shares: Float32Array,
  labels: Pick<HeadLabels, "task" | "tasks">,
  smoothing: number,
): Float64Array {
  const rows = labels.task.length;
  const groups = shares.length / rows;
  const n = groups + labels.tasks + 1;
  const shared = new Float64Array(n * n);
  const size = new Float64Array(groups);
  for (let r = 0; r < rows; r++) {
    const own = shares.subarray(r * groups, (r + 1) * groups);
    const task = labels.task[r]!;
    own.forEach((share, g) => {
      if (share < 1e-3) return;
      size[g]! += share;
      if (task >= 0) shared[g * n + groups + task]! += share;
      for (let h = 0; h < g; h++) shared[g * n + h]! += share * own[h]!;
    });
  }
  const penalty = diagonal(Array.from({ length: n }, () => 1e-3));
  penalty[n * n - 1]! += MODEL_PENALTY;
  for (let g = 0; g < groups; g++) {
    for (let h = 0; h < g; h++) {
      const scale = Math.sqrt(Math.max(size[g]! * size[h]!, 1e-9));
      addEdge(penalty, [g, h], (smoothing * shared[g * n + h]!) / scale);
    }
    for (let t = 0; t < labels.tasks; t++) {
      const share = shared[g * n + groups + t]! / Math.max(size[g]!, 1e-9);
      addEdge(penalty, [g, groups + t], smoothing * share);
    }
    addEdge(penalty, [g, n - 1], 1); // A group without any task hangs on the model itself.
  }
  for (let t = 0; t < labels.tasks; t++) addEdge(penalty, [groups + t, n - 1], TASK_STRENGTH);
  return penalty;
}

/** Adds an edge that is worth so many outcomes of a model that is right half the time. */
function addEdge(penalty: Float64Array, [i, j]: readonly [number, number], outcomes: number): void {
  const n = Math.sqrt(penalty.length);
  const strength = outcomes / 4; // The curvature of one outcome's loss is p (1 − p).
  penalty[i * n + i]! += strength;
  penalty[j * n + j]! += strength;
  penalty[i * n + j]! -= strength;
  penalty[j * n + i]! -= strength;
}

/** [μ_m, θ_m]: the model's own value, and what each group has beyond it. */
export function smoothed(
  { prototypes, models, trials, successes }: CountedOutcomes,
  m: number,
  { difficulty, penalty }: { difficulty: Float64Array; penalty: Float64Array },
): number[] {
  const n = Math.sqrt(penalty.length);
  const cells = Array.from({ length: prototypes }, (_, g) => {
    const design = new Float64Array(n);
    design[g] = 1;
    const at = g * models + m;
    return { trials: trials[at]!, successes: successes[at]!, offset: -difficulty[g]!, design };
  });
  const values = fitPenalised(cells, penalty, new Float64Array(n));
  const own = values[n - 1]!;
  return [own, ...values.subarray(0, prototypes)].map((x, i) => (i === 0 ? x : x - own));
}
