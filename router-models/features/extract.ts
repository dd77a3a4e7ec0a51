/**
 * Prompt in, features out: the one function that training, scoring and serving share.
 *
 * Pure and bounded: whatever the prompt's size, at most about 1,800 characters are read and at most
 * MAX_GRAMS rows come back. What the features mean is fixed by FEATURE_VERSION, which a released
 * router's manifest repeats; a router is never run on features of another version.
 */
import { countGrams, type Bag, type TaggedText } from "./ngrams.ts";
import { normalise, readPrompt } from "./normalise.ts";
import type { Prompt } from "./prompt.ts";
import { surfaceStatistics } from "./statistics.ts";

/** Raised by every change that moves any feature of any prompt. */
export const FEATURE_VERSION = 3;

export interface Features extends Bag {
  /** float32 [STATISTICS.length]; statistics.ts names the entries. */
  readonly statistics: Float32Array<ArrayBuffer>;
}

const USER_TAG = 0;
const SYSTEM_TAG = 0x5bd1e995;

/** @param rows Rows of the router's table, a power of two. */
export function extractFeatures(prompt: Prompt, rows: number): Features {
  const text = readPrompt(prompt);
  const tagged: TaggedText[] = [
    { text: normalise(text.user), seed: USER_TAG },
    { text: normalise(text.system), seed: SYSTEM_TAG },
  ];
  return { ...countGrams(tagged, rows), statistics: surfaceStatistics(prompt, text) };
}

/**
 * Input tokens of the whole prompt, estimated from its characters: four to a token in ASCII text, one
 * to a token from Thai on, two between. Vendors' tokenizers differ by more than this rule is off; the
 * true count arrives with the vendor's usage.
 */
export function estimateInputTokens(prompt: Prompt): number {
  let quarters = 0;
  for (const { text } of prompt.turns) {
    quarters += 16; // Four tokens of frame around a turn.
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      quarters += unit < 128 ? 1 : unit < 0x0e00 ? 2 : 4;
    }
  }
  const IMAGE_TOKENS = 800; // A medium picture at the vendors' usual tile size.
  const TOOL_TOKENS = 100; // One function schema.
  return (
    Math.ceil(quarters / 4) + prompt.imageCount * IMAGE_TOKENS + prompt.toolCount * TOOL_TOKENS
  );
}
