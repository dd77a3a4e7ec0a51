/**
 * What is remembered of every decision so that the router can learn from it: the vocabulary between whoever decides,
 * whoever keeps what was decided, and whoever reads it.
 *
 * A record stands for itself and is never changed. What is learnt of a request later, that somebody was not content
 * or that the same was asked again, is a record of its own under the request's id. So the log only grows, its parts
 * can be copied and joined in any order, and a record that comes twice is known by its id.
 *
 * A decision is logged with all that it was made of, the moment's facts included: whoever has the weights and the
 * catalogue that it names makes the same decision again, to the last bit. Of the prompt there is what the tenant
 * allows (`Tenant.events`): a digest, or its features, or its text. No answer and no comment is ever in here.
 */
import { z } from "zod";
import { policySchema } from "./policy.ts";

/** What went wrong with an answer as far as the answer itself, or what its client did next, tells. */
export const SIGNALS = [
  "failed", // nobody answered
  "broken_form", // the answer does not have the form that was asked for
  "broken_tool_call", // it calls a tool that was not offered, or with arguments that are none
  "refused",
  "truncated",
  "hung_up", // the client left before the end
  "retried", // the client asked the very same again within minutes
] as const;
export type Signal = (typeof SIGNALS)[number];

const count = z.int().nonnegative();
/** Milliseconds since 1970. */
const instant = z.int().nonnegative();
const probability = z.number().min(0).max(1);

const promptSchema = z.strictObject({
  turns: z.array(
    z.strictObject({ role: z.enum(["system", "user", "assistant", "tool"]), text: z.string() }),
  ),
  imageCount: count,
  toolCount: count,
  wantsJson: z.boolean(),
});

const packed = z.base64().max(16_384);

const featuresSchema = z.strictObject({
  /** router-models/features/extract.ts's FEATURE_VERSION: what the numbers mean. */
  version: z.int().positive(),
  /** Rows of the router's table; ids are of a table of this size. */
  tableRows: z.int().positive(),
  /** lib/packed-numbers.ts: whole numbers, then two of floats. */
  ids: packed,
  weights: packed,
  statistics: packed,
});
export type LoggedFeatures = z.output<typeof featuresSchema>;

/** A model that was considered, and what was expected of it: domain/decision.ts's Candidate. */
const candidateSchema = z.strictObject({
  model: z.string(),
  score: z.number(),
  standing: z.number(),
  outputTokensP50: z.number(),
  costP50MicroUsd: z.number(),
  costP90MicroUsd: z.number(),
  ttftMs: z.number(),
  ttftP90Ms: z.number(),
  latencyMs: z.number(),
  latencyP90Ms: z.number(),
});

/** How a tenant explores: families/bandit.ts and routing/explore.ts say what the numbers do. */
export const explorationSchema = z.strictObject({
  /** γ: the larger, the less is tried that looks worse. */
  sharpness: z.number().min(0).max(1e6).default(1_000),
  /** Least probability of every model that may be tried. */
  floor: z.number().min(0).max(0.2).default(0.005),
  /** No model is tried that is expected to cost more than so many times the preferred one. */
  max_cost_ratio: z.number().min(1).max(1_000).default(3),
});
export type Exploration = z.output<typeof explorationSchema>;

/** What the moment knew that neither weights nor catalogue do. */
const momentSchema = z.strictObject({
  /** By model: what was learnt of it since the release, added to its score. */
  lifts: z.record(z.string(), z.number()),
  /** Score by which every floor was raised, because something has drifted. */
  caution: z.number().min(0).max(1),
  /** What a paced budget said of money; routing/decide.ts. */
  qualityPerUsd: z.number().optional(),
  mostMicroUsd: z.number().optional(),
  /** The draw of an exploring tenant, uniform in [0, 1), and its terms. */
  exploration: z
    .strictObject({ ...explorationSchema.shape, unit: z.number().min(0).lt(1) })
    .optional(),
});

const decisionSchema = z.strictObject({
  reason: z.string(),
  /** Best first. */
  attempts: z.array(z.string()).min(1),
  candidates: z.array(candidateSchema).min(1),
  /** Passed the filters, but not the policy's limits or a paced budget's; among `excluded` too. Absent where there are none. */
  beyond: z.array(candidateSchema).optional(),
  excluded: z.array(z.strictObject({ model: z.string(), why: z.string() })),
  reference: z.string(),
  floor: z.number().optional(),
  /** Whether the floor is certified for these models. */
  isCertified: z.boolean().optional(),
  lambda: z.number(),
  /** By model, of the candidates: how likely it was to be the first attempt. 1 for the one, where nothing was drawn. */
  propensities: z.record(z.string(), probability),
});

const outcomeSchema = z.strictObject({
  /** Who answered; null where nobody has. */
  model: z.string().nullable(),
  ending: z.enum(["complete", "stopped", "cancelled", "broken", "failed"]),
  /** Code of the error that ended it. */
  error: z.string().optional(),
  /** Calls made. */
  attempts: count,
  inputTokens: count,
  cachedInputTokens: count,
  outputTokens: count,
  /** Whether tokens and cost are estimates. */
  isEstimated: z.boolean(),
  /** All that was paid, and by model. */
  costMicroUsd: count,
  costs: z.record(z.string(), count),
  /** Against the reference model; may be negative. */
  savedMicroUsd: z.int(),
  /** Until the first token of a stream. */
  ttftMs: count.optional(),
  durationMs: count,
  signals: z.array(z.enum(SIGNALS)),
});
export type LoggedOutcome = z.output<typeof outcomeSchema>;

export const decisionRecordSchema = z.strictObject({
  kind: z.literal("decision"),
  /** The request's. */
  id: z.string().min(1).max(100),
  tenant: z.string(),
  /** When the request arrived. */
  atMs: instant,
  /** `version@sha256-12` of the release that scored, and its full id. */
  weights: z.string(),
  release: z.string(),
  /** The trial that the request was part of, by the serial of the rollout that began it, and on which side. */
  trial: z.strictObject({ serial: count, side: z.enum(["candidate", "incumbent"]) }).optional(),
  /** First twelve digits of the SHA-256 of the catalogue. */
  catalog: z.string(),
  /** Tells equal prompts of one tenant; 16 hexadecimal digits of a digest of its features under the tenant's id. */
  promptHash: z.string(),
  /** Where the tenant allows it. */
  features: featuresSchema.optional(),
  prompt: promptSchema.optional(),
  /** Of an exploring tenant: what the prompt asks for by these weights, a(x), lib/packed-numbers.ts. */
  demand: packed.optional(),
  inputTokens: count,
  difficulty: z.number(),
  task: z.string(),
  /** For each surface statistic the decile of the training traffic that it falls into, a digit each; empty if unknown. */
  deciles: z.string(),
  /** Share of the prompt's words that training has never seen, 0 to 1; absent if unknown. */
  novelty: probability.optional(),
  /** What the request needs: routing/requirements.ts's Requirements. */
  needs: z.strictObject({
    capabilities: z.array(z.string()),
    wishes: z.array(z.string()).optional(),
    contextTokens: z.number(),
    maxOutputTokens: z.number().optional(),
    answers: z.number().optional(),
  }),
  policy: policySchema,
  /** The model that the client named. */
  pinned: z.string().optional(),
  moment: momentSchema,
  decision: decisionSchema,
  outcome: outcomeSchema,
});
export type DecisionRecord = z.output<typeof decisionRecordSchema>;

/** Somebody's opinion; a later one of the same source takes the earlier one's place. */
const feedbackRecordSchema = z.strictObject({
  kind: z.literal("feedback"),
  id: z.string().min(1).max(100),
  tenant: z.string(),
  atMs: instant,
  source: z.string(),
  score: probability,
});

/** What a request's client did next. */
const signalRecordSchema = z.strictObject({
  kind: z.literal("signal"),
  id: z.string().min(1).max(100),
  tenant: z.string(),
  atMs: instant,
  signal: z.enum(SIGNALS),
});

export const logRecordSchema = z.discriminatedUnion("kind", [
  decisionRecordSchema,
  feedbackRecordSchema,
  signalRecordSchema,
]);
export type LogRecord = z.output<typeof logRecordSchema>;
export type FeedbackRecord = z.output<typeof feedbackRecordSchema>;
export type SignalRecord = z.output<typeof signalRecordSchema>;

/** What of a tenant's prompts may be kept in its events; `off` keeps no events at all. */
export const EVENT_DETAILS = ["off", "decisions", "features", "prompts"] as const;

/** What of a tenant its journal has to know: `Tenant.events_days`. */
export interface EventTerms {
  readonly events_days: number;
}

/**
 * Takes records of one tenant. Resolves when they will not be lost any more, or when they could not be kept, which is
 * logged; never rejects. Nobody waits for it with an answer. A record that is there already changes nothing.
 */
export interface EventLog {
  /** @param terms The tenant's; what was said last holds, and 90 days where nothing ever was. */
  record(records: readonly LogRecord[], terms?: EventTerms): Promise<void>;
  /** Forgets all of a tenant's. Rejects when that cannot be done now; may be repeated. */
  erase(tenant: string): Promise<void>;
}

/**
 * Where whole hours of events lie as files: `events/v1/<tenant>/<yyyy-mm-dd>/<hh>/<first>-<last>.ndjson.gz`, UTC hours
 * of when records were kept, numbers of the tenant's journal with twelve digits. One record a line, oldest first.
 */
export const EVENTS_PREFIX = "events/v1/";
