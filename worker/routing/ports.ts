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
  /** Full id of that release. */
  readonly release?: string;
  readonly trial?: DecisionRecord["trial"];
}

/** For whom a prompt is scored, where releases serve side by side. */
export interface Asking {
  readonly tenant: string;
  readonly requestId: string;
  /** Version or label of the release that is wanted and no other. */
  readonly asked?: string | undefined;
}

/** Scores prompts with the release in service. Safe to call concurrently; a swap meanwhile is invisible. */
export interface PromptScorer {
  readonly catalog: readonly CatalogModel[];
  /** Rejects with RouterError 400 where `asked` is not served, else only when the runtime itself is broken. */
  score(prompt: Prompt, asking?: Asking): Promise<ScoredPrompt>;
}
