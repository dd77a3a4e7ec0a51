/**
 * Adam with decoupled weight decay, appended to a graph: state and gradient in, next state out.
 *
 * The state of a parameter p is p itself and two moments, `m_p` and `v_p`. The bias corrections are folded
 * into the fed scalars, so that one graph serves every step:
 * rate · m̂ / (√v̂ + ε) = rate·c₂/c₁ · m / (√v + ε·c₂), with c₁ = 1 − β₁ᵗ and c₂ = √(1 − β₂ᵗ).
 *
 * Of a table only the rows that the batch uses are read, differentiated and written ("lazy" Adam): other
 * rows keep their moments and are not decayed. The row ids are distinct, so ScatterND cannot collide.
 *
 * Sources: Kingma & Ba 1412.6980; Loshchilov & Hutter 1711.05101 (AdamW); Pascanu et al. 1211.5063 (clipping).
 */
import type { Graph } from "./graph.ts";
import type { Value } from "./ir.ts";
import { gatherRows, scatterRows } from "./operators/layout.ts";

const BETA1 = 0.9;
const BETA2 = 0.999;
const EPSILON = 1e-8; // Kingma & Ba's.

export interface ParameterTuning {
  /** Factor on the learning rate; 1 unless given. */
  readonly rateFactor?: number;
  /** Decoupled weight decay: each step takes rate · weightDecay · p off p; 0 unless given. */
  readonly weightDecay?: number;
  /**
   * Added to √v: 0 unless given. Adam moves a rarely used table row as far as a common one; a damping
   * above the usual √v moves each in proportion to its gradient, so that rare rows stay near their start.
   */
  readonly damping?: number;
}

/** One thing to train. For a table, the gradient is that of the rows at `rowIds`. */
export interface Trained {
  readonly name: string;
  readonly whole: Value;
  readonly gradient: Value;
  readonly rowIds?: Value;
}

/** The scalars to feed at `step` (the first is 1) for a learning rate. */
export function adamScalars(
  rate: number,
  step: number,
): { rate: number; epsilon: number; decayRate: number } {
  const c1 = 1 - BETA1 ** step;
  const c2 = Math.sqrt(1 - BETA2 ** step);
  return { rate: (rate * c2) / c1, epsilon: EPSILON * c2, decayRate: rate };
}

export class Adam {
  readonly #graph: Graph;
  readonly #rate: Value;
  readonly #epsilon: Value;
  readonly #decayRate: Value;

  constructor(graph: Graph) {
    this.#graph = graph;
    this.#rate = graph.input("rate", "float32", []);
    this.#epsilon = graph.input("epsilon", "float32", []);
    this.#decayRate = graph.input("decayRate", "float32", []);
  }

  /** Adds the moments of one trained tensor as inputs and its next state as outputs. */
  update({ name, whole, gradient, rowIds }: Trained, tuning: ParameterTuning = {}): void {
    const graph = this.#graph;
    const old = {
      [name]: whole,
      [`m_${name}`]: graph.input(`m_${name}`, "float32", whole.dims),
      [`v_${name}`]: graph.input(`v_${name}`, "float32", whole.dims),
    };
    const used = Object.values(old).map((value) =>
      rowIds === undefined ? value : graph.apply(gatherRows, value, rowIds),
    );
    const next = this.#next(used, gradient, tuning);
    Object.entries(old).forEach(([part, value], i) => {
      const updated = next[i]!;
      graph.output(
        `${part}_next`,
        rowIds === undefined ? updated : graph.apply(scatterRows, value, rowIds, updated),
      );
    });
  }

  #next(
    [p, m, v]: readonly Value[],
    gradient: Value,
    { rateFactor = 1, weightDecay = 0, damping = 0 }: ParameterTuning,
  ): readonly Value[] {
    const graph = this.#graph;
    const nextM = this.#mix(m!, gradient, BETA1);
    const nextV = this.#mix(v!, graph.square(gradient), BETA2);
    const epsilon = damping === 0 ? this.#epsilon : graph.addScalar(this.#epsilon, damping);
    const root = graph.add(graph.sqrt(nextV), epsilon);
    const rate = graph.scale(this.#rate, rateFactor);
    const moved = graph.sub(p!, graph.div(graph.mul(nextM, rate), root));
    if (weightDecay === 0) return [moved, nextM, nextV];
    const share = graph.scale(this.#decayRate, rateFactor * weightDecay);
    return [graph.sub(moved, graph.mul(p!, share)), nextM, nextV];
  }

  /** keep · old + (1 − keep) · fresh. */
  #mix(old: Value, fresh: Value, keep: number): Value {
    return this.#graph.add(this.#graph.scale(old, keep), this.#graph.scale(fresh, 1 - keep));
  }
}

/** Scales all gradients by one factor so that their global L2 norm is at most `largestNorm`. */
export function clipped(graph: Graph, gradients: readonly Value[], largestNorm: number): Value[] {
  const squares = gradients.map((gradient) => graph.sum(graph.square(gradient), "all"));
  const norm = graph.sqrt(squares.reduce((total, square) => graph.add(total, square)));
  const factor = graph.div(graph.scalar(largestNorm), graph.atLeast(norm, largestNorm));
  return gradients.map((gradient) => graph.mul(gradient, factor));
}
