/**
 * The training losses, composed of graph operators, so that their gradients need no rule of their own.
 *
 * Each is a weighted mean, Σ w · l / Σ w. A weight of 0 masks an element out: whatever finite label stands
 * there is not seen. If all weights are 0, the loss is 0 and so is its gradient. Weights are >= 0 and
 * broadcast to the losses they weigh.
 */
import type { Graph } from "./graph.ts";
import type { Value } from "./ir.ts";

/** Below every sum of weights that means anything; turns 0/0 into 0. */
const SMALLEST_TOTAL = 1e-12;

export interface Labelled {
  readonly labels: Value;
  readonly weights: Value;
}

/**
 * Cross-entropy of logits against soft labels in [0, 1], all of one shape. Written as softplus(z) − z·y,
 * which cannot overflow and whose gradient is σ(z) − y.
 */
export function binaryCrossEntropy(g: Graph, logits: Value, { labels, weights }: Labelled): Value {
  const losses = g.sub(g.softplus(logits), g.mul(logits, labels));
  return weightedMean(g, losses, weights);
}

/**
 * How far the differences within a row are from those of its labels, where only differences decide: the
 * weighted mean of (d − d̄)², with d = σ(z) − y and d̄ its weighted mean over the row's columns. That is
 * the mean squared error over all pairs of columns, halved, at the price of one pass. Logits, labels and
 * weights are [B, M].
 */
export function contrastError(g: Graph, logits: Value, { labels, weights }: Labelled): Value {
  const errors = g.sub(g.sigmoid(logits), labels);
  const total = g.atLeast(g.sum(weights, 1), SMALLEST_TOTAL);
  const mean = g.div(g.sum(g.mul(weights, errors), 1), total);
  return weightedMean(g, g.square(g.sub(errors, mean)), weights);
}

/** Cross-entropy of logits [B, K] against class distributions [B, K], weighted by sample: [B, 1]. */
export function crossEntropy(g: Graph, logits: Value, { labels, weights }: Labelled): Value {
  const losses = g.neg(g.sum(g.mul(labels, g.logSoftmax(logits)), 1));
  return weightedMean(g, losses, weights);
}

/**
 * Pinball loss, minimised by the quantile `level` in (0, 1) of the labels: level · d where the label is
 * d above the prediction, (1 − level) · |d| where it is below. Predictions, labels and weights have one shape.
 */
export function pinball(
  g: Graph,
  predictions: Value,
  { labels, weights, level }: Labelled & { readonly level: number },
): Value {
  const above = g.sub(labels, predictions);
  const losses = g.add(g.scale(above, level), g.relu(g.neg(above)));
  return weightedMean(g, losses, weights);
}

/** Σ w · l / Σ w, to a scalar. */
export function weightedMean(g: Graph, losses: Value, weights: Value): Value {
  const all = g.stretchLike(weights, losses);
  return g.div(g.sum(g.mul(all, losses), "all"), g.atLeast(g.sum(all, "all"), SMALLEST_TOTAL));
}
