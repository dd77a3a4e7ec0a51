/**
 * What was served, in sums that only grow: the counters of `/metrics`.
 *
 * Requests are counted once, when they have ended, and words when a request is first spoken of. Names are few, those of
 * models and releases; what is beyond MOST of them goes under "other". Tenants are no names here.
 */
import { z } from "zod";
import type { Observation } from "../../domain/observation.ts";

const MOST_MODELS = 256;
const MOST_RELEASES = 32;
const OTHER = "other";
/** Who answers where nobody has. */
const NOBODY = "none";

const modelTotalsSchema = z.object({
  /** By ending. */
  requests: z.record(z.string(), z.number()),
  inputTokens: z.number(),
  outputTokens: z.number(),
  costMicroUsd: z.number(),
  savedMicroUsd: z.number(),
  /** Of requests that were spoken of: their rewards times weights, the weights, how many. */
  reward: z.object({ sum: z.number(), weight: z.number(), count: z.number() }),
});
type ModelTotals = z.output<typeof modelTotalsSchema>;

export const totalsSchema = z.object({
  models: z.record(z.string(), modelTotalsSchema),
  /** Requests by label of the weights. */
  releases: z.record(z.string(), z.number()),
  /** When the latest request that was told arrived, milliseconds since 1970; 0 before any. */
  lastMs: z.number(),
});
export type Totals = z.output<typeof totalsSchema>;

export function noTotals(): Totals {
  return { models: {}, releases: {}, lastMs: 0 };
}

/** @param isNewWord Somebody has spoken of the request for the first time. */
export function count(totals: Totals, told: Observation, isNewWord: boolean): Totals {
  const model = roomFor(totals.models, told.model ?? NOBODY, MOST_MODELS);
  const before = own(totals.models, model) ?? noModelTotals();
  const ended = told.isFirst ? countEnd(before, told) : before;
  const models = { ...totals.models, [model]: isNewWord ? countWord(ended, told) : ended };
  const lastMs = Math.max(totals.lastMs, told.atMs);
  if (!told.isFirst) return { ...totals, models, lastMs };
  const release = roomFor(totals.releases, told.weights, MOST_RELEASES);
  const releases = { ...totals.releases, [release]: (own(totals.releases, release) ?? 0) + 1 };
  return { models, releases, lastMs };
}

function noModelTotals(): ModelTotals {
  const reward = { sum: 0, weight: 0, count: 0 };
  const sums = { inputTokens: 0, outputTokens: 0, costMicroUsd: 0, savedMicroUsd: 0 };
  return { requests: {}, ...sums, reward };
}

function countEnd(totals: ModelTotals, told: Observation): ModelTotals {
  const { requests, inputTokens, outputTokens, costMicroUsd, savedMicroUsd, reward } = totals;
  return {
    requests: { ...requests, [told.ending]: (requests[told.ending] ?? 0) + 1 },
    inputTokens: inputTokens + told.inputTokens,
    outputTokens: outputTokens + told.outputTokens,
    costMicroUsd: costMicroUsd + told.costMicroUsd,
    savedMicroUsd: savedMicroUsd + told.savedMicroUsd,
    reward,
  };
}

function countWord(totals: ModelTotals, { reward: { value, weight } }: Observation): ModelTotals {
  const { sum, weight: before, count: words } = totals.reward;
  const reward = { sum: sum + weight * value, weight: before + weight, count: words + 1 };
  return { ...totals, reward };
}

/** A model may be called as what every object inherits. */
function own<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}

function roomFor(known: Readonly<Record<string, unknown>>, name: string, most: number): string {
  return Object.hasOwn(known, name) || Object.keys(known).length < most ? name : OTHER;
}
