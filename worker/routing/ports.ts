/** What routing needs from outside: someone who runs the router's graph. */
import type { CatalogModel } from "../../router-models/catalog.ts";
import type { Prompt } from "../../router-models/features/prompt.ts";
import type { Forecast, Reading } from "../../router-models/scorer.ts";
import type { DecisionRecord } from "../domain/event.ts";

export interface ScoredPrompt {
  readonly forecast: Forecast;
  /** `version@sha256-12` of the release that made the forecast. */
  readonly weights: string;
  /** What the prompt was read as. */
  readonly reading: Reading;
  /** Full id of that release, where there is more than one. */
  readonly release?: string | undefined;
  /** The trial that the request is part of. */
  readonly trial?: DecisionRecord["trial"];
}

/** Scores prompts with the release in service. Safe to call concurrently; a swap meanwhile is invisible. */
export interface PromptScorer {
  readonly catalog: readonly CatalogModel[];
  /** Rejects only when the runtime itself is broken. */
  score(prompt: Prompt): Promise<ScoredPrompt>;
}
