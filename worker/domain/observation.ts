/**
 * What whoever watches the service is told of a request: a few numbers, neither prompt nor answer nor features.
 *
 * A tenant's journal tells it once when the request has ended, and again, with another reward, whenever something more is
 * said of it. `number` grows with every observation of a tenant, so what comes twice is known.
 */
import { z } from "zod";
import { SIGNALS } from "./event.ts";

export const observationSchema = z.strictObject({
  /** Of the tenant, growing; 1 is the first. */
  number: z.int().positive(),
  tenant: z.string(),
  id: z.string(),
  /** Whether it is about a request for the first time. Counts are taken of these alone. */
  isFirst: z.boolean(),
  atMs: z.int().nonnegative(),
  weights: z.string(),
  trial: z
    .strictObject({ serial: z.int().nonnegative(), side: z.enum(["candidate", "incumbent"]) })
    .optional(),
  reason: z.string(),
  /** The first attempt, and who answered; null where nobody has. */
  chosen: z.string(),
  model: z.string().nullable(),
  /** What was predicted of the model that answered, and of the reference, before lifts; the lift of the former. */
  score: z.number(),
  referenceScore: z.number(),
  lift: z.number(),
  /** The share of the reference's quality that was promised, where it was; and whether a certificate stood behind it. */
  quality: z.number().optional(),
  isCertified: z.boolean(),
  ending: z.enum(["complete", "stopped", "cancelled", "broken", "failed"]),
  costMicroUsd: z.int().nonnegative(),
  savedMicroUsd: z.int(),
  /** What its cost was expected to be, at the median. */
  expectedMicroUsd: z.number().nonnegative(),
  inputTokens: z.int().nonnegative(),
  outputTokens: z.int().nonnegative(),
  durationMs: z.int().nonnegative(),
  ttftMs: z.int().nonnegative().optional(),
  signals: z.array(z.enum(SIGNALS)),
  reward: z.strictObject({ value: z.number().min(0).max(1), weight: z.number().positive() }),
  /** Whether anybody has said a word of it: its reward is more than what it told itself. */
  isSpoken: z.boolean(),
  difficulty: z.number(),
  task: z.string(),
  deciles: z.string(),
  novelty: z.number().min(0).max(1).optional(),
});
export type Observation = z.output<typeof observationSchema>;

/** Who watches. Rejects when it cannot be reached; what it was told before is not counted again. */
export interface Watch {
  observe(observations: readonly Observation[]): Promise<void>;
}

/** What the watch has every isolate know. */
export const watchNewsSchema = z.strictObject({
  /** Trials that were ended by the watch, by the serial of their rollout, with why. */
  halted: z.array(z.strictObject({ serial: z.int().nonnegative(), why: z.string() })).max(32),
  /** By model: how far its answers are from what is predicted, to be added to its score. */
  shifts: z.record(z.string(), z.number().min(-1).max(1)),
  /** Score by which floors are to be raised, while something drifts. */
  caution: z.number().min(0).max(1),
});
export type WatchNews = z.output<typeof watchNewsSchema>;
