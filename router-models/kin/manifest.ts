/**
 * The schema of a released head, and of the vectors that it must give.
 *
 * A release is three files that name one another, as a router's is (../manifest.ts): `model.onnx` holds the
 * table, `golden.json` texts with their vectors, the manifest the SHA-256 of both. Vectors of two releases
 * cannot be compared, so whoever keeps vectors keeps the release's id with them.
 */
import { z } from "zod";

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, "must be 64 lower-case hex digits");
const fileSchema = z.strictObject({ sha256, bytes: z.int().positive() });
const rows = z
  .int()
  .positive()
  .refine((n) => Number.isInteger(Math.log2(n)), "must be a power of 2");

export const kinManifestSchema = z.strictObject({
  format: z.literal(1),
  kind: z.literal("kin"),
  name: z.string().min(1),
  version: z.string().regex(/^[0-9A-Za-z.-]{1,32}$/),
  /** KIN_FEATURES of the program that made it. */
  features: z.int().positive(),
  shape: z.strictObject({
    wordRows: rows,
    letterRows: rows,
    dimensions: z.int().positive().multipleOf(16),
  }),
  files: z.strictObject({ model: fileSchema, golden: fileSchema }),
  training: z.strictObject({
    seed: z.int(),
    commit: z.string(),
    settings: z.record(z.string(), z.number()),
    data: z.array(
      z.strictObject({
        name: z.string(),
        sha256,
        rows: z.int().nonnegative(),
        licence: z.string(),
      }),
    ),
  }),
  metrics: z.record(z.string(), z.number()),
});

export type KinManifest = z.infer<typeof kinManifestSchema>;

export const kinGoldenSchema = z.strictObject({
  /** Most that a number of a vector may be off: another processor may round the other way. */
  tolerance: z.int().nonnegative(),
  vectors: z
    .array(z.strictObject({ text: z.string(), vector: z.array(z.int().min(-127).max(127)) }))
    .min(1),
});

export type KinGolden = z.infer<typeof kinGoldenSchema>;
