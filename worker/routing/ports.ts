/** What routing needs from outside: someone who runs the router's graph. */
import type { CatalogModel } from "../../router-models/catalog.ts";
import type { Prompt } from "../../router-models/features/prompt.ts";
import type { Forecast } from "../../router-models/scorer.ts";

export interface ScoredPrompt {
  readonly forecast: Forecast;
  /** `version@sha256-12` of the release that made the forecast. */
  readonly weights: string;
}

/** Scores prompts with the release in service. Safe to call concurrently; a swap meanwhile is invisible. */
export interface PromptScorer {
  readonly catalog: readonly CatalogModel[];
  /** Rejects only when the runtime itself is broken. */
  score(prompt: Prompt): Promise<ScoredPrompt>;
}
