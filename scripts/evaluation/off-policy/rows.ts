/**
 * Logged choices as rows of an off-policy estimate: what either policy would have drawn, with a reward model that is
 * fitted to the very choices, each row's without its own half.
 */
import type { Reward } from "../../../worker/domain/reward.ts";
import type { OffPolicyRow } from "./estimate.ts";
import { fitRewardModel, type RewardModel } from "./reward-model.ts";

/** By model, how likely it is drawn first; models that are not are absent. They sum to 1. */
export type Draws = ReadonlyMap<string, number>;

export interface LoggedChoice {
  /** What was drawn. Whoever answered in its place, the reward is its. */
  readonly chosen: string;
  /** As the log has them. */
  readonly logged: Draws;
  readonly target: Draws;
  readonly incumbent: Draws;
  /** By model, of all that are in the draws: what was predicted of it, 0..1. */
  readonly scores: ReadonlyMap<string, number>;
  readonly reward: Reward;
  readonly cluster: string;
  readonly slice: string;
}

/** One row for each choice, in their order. */
export function offPolicyRows(choices: readonly LoggedChoice[]): OffPolicyRow[] {
  const predict = fitRewardModel(
    choices.map(({ cluster, chosen, scores, reward }) => ({
      cluster,
      model: chosen,
      score: scoreOf(scores, chosen),
      reward: reward.value,
      weight: reward.weight,
    })),
  );
  return choices.map((choice) => rowOf(choice, predict));
}

function rowOf(choice: LoggedChoice, predict: RewardModel): OffPolicyRow {
  const { chosen, logged, target, incumbent, scores, reward, cluster, slice } = choice;
  function predicted(model: string): number {
    return predict({ cluster, model, score: scoreOf(scores, model) });
  }
  function expected(draws: Draws): number {
    return within([...draws].reduce((sum, [model, p]) => sum + p * predicted(model), 0));
  }
  const foreign = [...target].filter(([model]) => (logged.get(model) ?? 0) <= 0);
  return {
    reward: reward.value,
    weight: reward.weight,
    propensity: logged.get(chosen) ?? 0,
    target: target.get(chosen) ?? 0,
    incumbent: incumbent.get(chosen) ?? 0,
    unsupported: within(foreign.reduce((sum, [, p]) => sum + p, 0)),
    predicted: {
      logged: predicted(chosen),
      target: expected(target),
      incumbent: expected(incumbent),
    },
    cluster,
    slice,
  };
}

/** A model that nobody has scored is as good as not. */
function scoreOf(scores: ReadonlyMap<string, number>, model: string): number {
  return scores.get(model) ?? 0.5;
}

/** Sums of probabilities may end a rounding beyond. */
function within(sum: number): number {
  return Math.min(Math.max(sum, 0), 1);
}
