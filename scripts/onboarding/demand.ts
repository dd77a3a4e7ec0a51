/**
 * What prompts ask of a model, as a release's graph sees them: the numbers by which an outcome on a prompt
 * tells something about a model's row.
 *
 * The scorer that serves feeds the graph; a panel of no models makes it feed and judge nobody. So a probe
 * is read exactly as a request is.
 */
import { promptOfText } from "../../router-models/features/prompt.ts";
import type { Manifest } from "../../router-models/manifest.ts";
import { columnsOf, Scorer, type GraphRunner } from "../../router-models/scorer.ts";

/** One prompt: the logit of a model with this row is demand · row − difficulty. */
export interface Demand {
  /** `[1, a]`, 1 + abilityWidth numbers. */
  readonly demand: Float64Array;
  readonly difficulty: number;
}

/** In the order of the prompts; `onPrompt` is called after each. Rejects as the graph does. */
export async function demandsOf(
  prompts: readonly string[],
  {
    manifest,
    graph,
    onPrompt,
  }: { manifest: Manifest; graph: GraphRunner; onPrompt?: (done: number) => void },
): Promise<Demand[]> {
  const { demand, difficulty } = columnsOf(manifest);
  const demands: Demand[] = [];
  const listening: GraphRunner = {
    async run(feeds) {
      const answer = await graph.run(feeds);
      demands.push({
        demand: Float64Array.of(1, ...answer.subarray(...demand)),
        difficulty: answer[difficulty[0]]!,
      });
      return answer;
    },
  };
  const scorer = new Scorer(manifest, []);
  for (const text of prompts) {
    await scorer.score(promptOfText(text), listening);
    onPrompt?.(demands.length);
  }
  return demands;
}
