/**
 * The schema of a released router: everything but the graph that a scorer needs, and where it came from.
 *
 * A release is three files that name one another: `model.onnx` holds the weights, `golden.json` holds
 * prompts with the answers that these weights must give, and the manifest holds the SHA-256 of both.
 * So the SHA-256 of the manifest's bytes identifies the whole release; answers carry its first twelve
 * digits in `x-sluice-weights`.
 */
import { z } from "zod";
import { referenceSchema } from "./reference.ts";

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, "must be 64 lower-case hex digits");
const fileSchema = z.strictObject({ sha256, bytes: z.int().positive() });

/** One model's place: `[bias, θ...]`, 1 + abilityWidth numbers, on the scale of the graph's demand. */
const abilitySchema = z.array(z.number());

const trainedModelSchema = z.strictObject({
  ability: abilitySchema,
  /** Training rows that carry a score of this model. */
  rows: z.int().nonnegative(),
  meanScore: z.number().min(0).max(1),
  /** Added to the graph's ln(output tokens), for p50 and p90 alike. */
  logTokensOffset: z.number(),
  /** Where the data gives neither price nor cost, "assumed" says that a price was made up. */
  price: z.strictObject({
    inputUsdPerMTok: z.number().nonnegative(),
    outputUsdPerMTok: z.number().nonnegative(),
    source: z.enum(["list", "fitted", "assumed"]),
  }),
});

const calibrationSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("identity") }),
  /** score = σ(slope · logit + intercept) */
  z.strictObject({ kind: z.literal("platt"), slope: z.number().positive(), intercept: z.number() }),
  /** Knots of a non-decreasing function of the logit, linear between them. */
  z
    .strictObject({
      kind: z.literal("isotonic"),
      logits: z.array(z.number()).min(1),
      scores: z.array(z.number().min(0).max(1)),
    })
    .refine(({ logits, scores }) => logits.length === scores.length, "give each knot a score")
    .refine(
      ({ logits, scores }) =>
        logits.every((x, k) => k === 0 || (x > logits[k - 1]! && scores[k]! >= scores[k - 1]!)),
      "knots must ascend and scores must not fall",
    ),
]);

/** How a published benchmark score constrains an ability vector; see placement.ts. */
const anchorSchema = z.strictObject({
  /** logit(benchmark score) ≈ intercept + gradient · ability, with this standard deviation. */
  intercept: z.number(),
  gradient: abilitySchema,
  deviation: z.number().positive(),
  models: z.int().positive(),
});

/** A quality floor that was proven on rows; certificate.ts says how, and what it means. */
const certifiedFloorSchema = z.strictObject({
  /** Share of the reference's mean quality that is kept. */
  floor: z.number().gt(0).lt(1),
  /** Probability, before the rows were drawn, that this would be said only if it holds. */
  confidence: z.number().gt(0).lt(1),
  /** The forecast task that the floor is for; every task together where there is none. */
  task: z.string().optional(),
  /** Score by which a model must exceed the reference's to take its place; negative: may fall short. */
  margin: z.number().min(-1).max(1),
  /** Questions that the margin was tested on. */
  rows: z.int().positive(),
  /** On other questions, which had no say in the margin; absent where there were none. */
  measured: z
    .strictObject({
      rows: z.int().positive(),
      /** Mean quality over the reference's; may exceed 1. */
      keptQuality: z.number().nonnegative(),
      /** Share of questions that the reference answered. */
      referenceShare: z.number().min(0).max(1),
    })
    .optional(),
});

const certificateSchema = z.strictObject({
  /** One entry per set of rows: the models that were chosen among, at the prices they were chosen by. */
  data: z
    .array(
      z.strictObject({
        name: z.string(),
        sha256,
        rows: z.int().positive(),
        reference: z.string(),
        models: z.record(
          z.string(),
          z.strictObject({
            inputUsdPerMTok: z.number().nonnegative(),
            outputUsdPerMTok: z.number().nonnegative(),
          }),
        ),
      }),
    )
    .min(1),
  floors: z.array(certifiedFloorSchema).min(1),
});

/** The families that are released as graphs. What else routes is a control, or asks a model. */
export const FAMILIES = ["mf", "classifier", "similarity", "graph", "bandit", "length"] as const;

export const manifestSchema = z.strictObject({
  format: z.literal(1),
  name: z.string().min(1),
  version: z.string().regex(/^[0-9A-Za-z.-]{1,32}$/),
  family: z.enum(FAMILIES),
  features: z.strictObject({
    version: z.int().positive(),
    tableRows: z.int().positive(),
    statistics: z.int().positive(),
    /** Of the golden prompts' features (features/feature-bytes.ts); older releases have none. */
    hash: sha256.optional(),
  }),
  shape: z.strictObject({
    tableWidth: z.int().positive(),
    /** Units between table and answer: hidden units, anchors, groups. */
    hiddenWidth: z.int().positive(),
    abilityWidth: z.int().positive(),
  }),
  tasks: z.array(z.string()).min(1),
  files: z.strictObject({ model: fileSchema, golden: fileSchema }),
  calibration: calibrationSchema,
  models: z.record(z.string(), trainedModelSchema),
  placement: z.strictObject({
    /** Mean and covariance (row-major) of the trained ability vectors. */
    mean: abilitySchema,
    covariance: z.array(z.number()),
    /** Mean demand `[1, a(x)]` and difficulty b(x) of the training traffic: a model's standing is its logit there. */
    demand: abilitySchema,
    difficulty: z.number(),
    anchors: z.record(z.string(), anchorSchema),
  }),
  /** What it remembers of its training traffic, to tell a drift from it. */
  reference: referenceSchema.optional(),
  training: z.strictObject({
    seed: z.int(),
    commit: z.string(),
    epochs: z.int().nonnegative(),
    hyperparameters: z.record(z.string(), z.union([z.number(), z.string(), z.boolean()])),
    data: z.array(
      z.strictObject({
        name: z.string(),
        sha256,
        trainRows: z.int().nonnegative(),
        validRows: z.int().nonnegative(),
        licence: z.string(),
      }),
    ),
  }),
  metrics: z.record(z.string(), z.number()),
  certificate: certificateSchema.optional(),
});

export type Manifest = z.infer<typeof manifestSchema>;
export type TrainedModel = z.infer<typeof trainedModelSchema>;
export type Calibration = z.infer<typeof calibrationSchema>;
export type Certificate = z.infer<typeof certificateSchema>;
export type CertifiedFloor = z.infer<typeof certifiedFloorSchema>;

/** Throws a ZodError that names the field; a manifest is never half right. */
export function parseManifest(text: string): Manifest {
  return manifestSchema.parse(JSON.parse(text));
}

/** A golden vector: what the release must answer for one prompt, as ids go in and scores come out. */
export const goldenSchema = z.strictObject({
  /** Largest difference of a score from its golden value that still passes. */
  tolerance: z.number().positive(),
  models: z.array(z.string()).min(1),
  vectors: z
    .array(
      z.strictObject({
        prompt: z.string(),
        scores: z.array(z.number().min(0).max(1)),
        difficulty: z.number().min(0).max(1),
      }),
    )
    .min(1),
});

export type Golden = z.infer<typeof goldenSchema>;

export function parseGolden(text: string): Golden {
  return goldenSchema.parse(JSON.parse(text));
}
