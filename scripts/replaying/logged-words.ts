/**
 * The words of a record that this program must know to decide by them: why a model was left out, what a request needs.
 * The log keeps them as they were written; a word of another version makes its record one that cannot be made again.
 */
import { REFUSALS } from "../../router-models/catalog.ts";
import type { Excluded, Exclusion } from "../../worker/domain/decision.ts";
import type { DecisionRecord } from "../../worker/domain/event.ts";
import type { Requirements } from "../../worker/routing/requirements.ts";

type Need = Requirements["capabilities"][number];
type Wish = NonNullable<Requirements["wishes"]>[number];

const NEEDS: Readonly<Record<Need, true>> = {
  tools: true,
  vision: true,
  audio: true,
  audio_output: true,
  files: true,
  web_search: true,
  json: true,
  reasoning: true,
};

const EXCLUSIONS: Readonly<Record<Exclusion, true>> = {
  not_allowed: true,
  no_vendor_key: true,
  not_placed: true,
  lacks_tools: true,
  lacks_vision: true,
  lacks_audio: true,
  lacks_audio_output: true,
  lacks_files: true,
  lacks_web_search: true,
  lacks_json: true,
  refuses_n: true,
  refuses_logprobs: true,
  refuses_logit_bias: true,
  refuses_penalties: true,
  refuses_sampling: true,
  refuses_temperature_above_1: true,
  refuses_json_object: true,
  refuses_other_files: true,
  refuses_chat_only_tools: true,
  refuses_streamed_json: true,
  lacks_reasoning: true,
  context_too_small: true,
  too_expensive: true,
  too_slow: true,
};

/** What the request needed. Throws for a word that is not known here. */
export function needsOf({ needs }: Pick<DecisionRecord, "needs">): Requirements {
  const { capabilities, wishes, contextTokens, maxOutputTokens, answers } = needs;
  return {
    capabilities: capabilities.map((word) => known(word, isNeed)),
    ...(wishes !== undefined && { wishes: wishes.map((word) => known(word, isWish)) }),
    contextTokens,
    ...(maxOutputTokens !== undefined && { maxOutputTokens }),
    ...(answers !== undefined && { answers }),
  };
}

/** Who was left out. Throws for a word that is not known here. */
export function excludedOf({ decision }: Pick<DecisionRecord, "decision">): Excluded[] {
  return decision.excluded.map(({ model, why }) => ({ model, why: known(why, isExclusion) }));
}

/** A record speaks of something that this program does not know. */
export class UnknownWord extends Error {}

function known<Word extends string>(word: string, isKnown: (word: string) => word is Word): Word {
  if (isKnown(word)) return word;
  throw new UnknownWord(`the word ${JSON.stringify(word.slice(0, 40))} is not known here`);
}

function isNeed(word: string): word is Need {
  return Object.hasOwn(NEEDS, word);
}

function isWish(word: string): word is Wish {
  return REFUSALS.some((refusal) => refusal === word);
}

function isExclusion(word: string): word is Exclusion {
  return Object.hasOwn(EXCLUSIONS, word);
}
