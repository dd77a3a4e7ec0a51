/**
 * A decision: which models are tried, in which order, and why. The list is the fallback chain.
 *
 * It is a plain value, made by routing/decide.ts and carried out elsewhere. It holds everything that
 * `/v1/route` shows and that a replay must reproduce.
 */

/** The models of the catalogue that were considered, and what was expected of each. */
export interface Candidate {
  /** `provider/model` */
  readonly model: string;
  /** Calibrated probability in (0, 1) that the answer is good. */
  readonly score: number;
  /** Expected logit over the router's whole training traffic: how strong the model is in general. */
  readonly standing: number;
  /** Billed output tokens at the median, thinking included, within the client's limit. */
  readonly outputTokensP50: number;
  readonly costP50MicroUsd: number;
  readonly costP90MicroUsd: number;
  /** Until the first token, at the median. */
  readonly ttftMs: number;
  readonly ttftP90Ms: number;
  /** Until the last token, at the median. */
  readonly latencyMs: number;
  readonly latencyP90Ms: number;
}

/** Why a model was not considered. */
export type Exclusion =
  | "not_allowed"
  | "no_vendor_key"
  | "not_placed" // nothing says how strong it is: it answers only where the client names it
  | "lacks_tools"
  | "lacks_vision"
  | "lacks_audio"
  | "lacks_audio_output"
  | "lacks_files"
  | "lacks_web_search"
  | "lacks_json"
  | "refuses_n"
  | "refuses_logprobs"
  | "refuses_logit_bias"
  | "refuses_penalties"
  | "refuses_sampling"
  | "refuses_temperature_above_1"
  | "refuses_json_object"
  | "refuses_other_files"
  | "refuses_chat_only_tools"
  | "refuses_streamed_json"
  | "lacks_reasoning"
  | "context_too_small"
  | "too_expensive"
  | "too_slow";

export interface Excluded {
  readonly model: string;
  readonly why: Exclusion;
}

/** Short code of the rule that chose the first attempt; goes out in `x-sluice-decision`. */
export type DecisionReason =
  | "pinned" // the client named the model
  | "only_candidate" // nothing else passed the filters
  | "best_utility" // highest quality − λ·cost − μ·latency on the hull
  | "certified_floor" // the cheapest model that keeps the quality floor, as a certificate proves
  | "cheapest_above_floor" // the same by what the scores predict, which nobody has proven
  | "floor_unreachable" // no model keeps the floor: the best one
  | "explored" // drawn, to learn of it
  | "within_budget"; // what is left of a budget does not do for the preferred model, but for this one

/** What stands behind a quality floor. */
export interface Assurance {
  /** Why the floor is a prediction only; absent where it is certified. */
  readonly doubt?: "no_certificate" | "other_models";
  /** What was certified; with a doubt, of other models than these. */
  readonly proof?: {
    /** Share of the reference's mean quality, at least what was asked for. */
    readonly floor: number;
    readonly confidence: number;
    /** Questions that it was tested on. */
    readonly rows: number;
    /** Score by which a model must exceed the reference's; negative: may fall short. */
    readonly margin: number;
    /** The forecast task that it is for, where not for all. */
    readonly task?: string | undefined;
  };
}

export interface Decision {
  /** Best first, at least one, no model twice. */
  readonly attempts: readonly Candidate[];
  readonly reason: DecisionReason;
  /** Every model that passed the filters and keeps the limits, the preferred first; the attempts are taken from it. */
  readonly candidates: readonly Candidate[];
  /** Those that passed the filters and do not; absent where there are none. The reference may be one of them. */
  readonly beyond?: readonly Candidate[];
  readonly excluded: readonly Excluded[];
  /** Against which savings and quality floors are stated: the model of the highest standing that could serve. */
  readonly reference: Candidate;
  /** Score that the floor demanded, where one was asked for. */
  readonly floor?: number;
  /** What stands behind the floor, where one was asked for. */
  readonly assurance?: Assurance;
  /** Quality that a saving of the reference's whole cost may lose, λ of the utility. */
  readonly lambda: number;
  /** Score per dollar, where a paced budget set the price of money and λ follows from it. */
  readonly qualityPerUsd?: number;
  /** What that budget let the request hold, micro-dollars. */
  readonly mostMicroUsd?: number;
  /** By model: how likely it was to be the first attempt, where that was drawn. They sum to 1. */
  readonly propensities?: ReadonlyMap<string, number>;
}

/** The foreseen "no": every model was excluded, each for its reason. */
export interface NoCandidate {
  readonly attempts: readonly [];
  readonly excluded: readonly Excluded[];
}
