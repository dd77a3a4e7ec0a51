/**
 * What somebody says of an answer: a score, where it comes from, perhaps a word. The vocabulary between whoever
 * takes it and whoever keeps it.
 *
 * One source has one opinion of one request: saying it again changes nothing, saying something else takes the place
 * of what was said before.
 */
import { z } from "zod";

/** As given: `source` tells a person's thumb from a test's verdict. */
export const feedbackSchema = z.strictObject({
  request_id: z.string().min(1).max(100),
  /** 0 is useless, 1 is all that was wanted. */
  score: z.number().min(0).max(1),
  source: z
    .string()
    .regex(/^[a-z0-9][a-z0-9_.-]{0,31}$/, "must be 1 to 32 of a-z, 0-9, _, . and -")
    .default("user"),
  comment: z.string().max(2_000).optional(),
});

export interface Feedback {
  readonly requestId: string;
  readonly source: string;
  /** 0 to 1. */
  readonly score: number;
  readonly comment?: string | undefined;
  /** Milliseconds since 1970. */
  readonly givenMs: number;
}

/** As it is kept. `at` grows with every change, so that a reader who goes on after the last one misses none. */
export interface KeptFeedback extends Feedback {
  readonly at: number;
}

/** Each tenant's feedback, for ninety days. Rejects when it cannot be reached. */
export interface FeedbackStore {
  /** `full`: as many sources as are kept have said something of the request already. */
  keep(tenant: string, feedback: Feedback): Promise<"kept" | "full">;
  /** What was kept or changed after `at`, in that order, at most `limit`. */
  list(
    tenant: string,
    page: { readonly after: number; readonly limit: number },
  ): Promise<readonly KeptFeedback[]>;
  /** Forgets all of it. */
  erase(tenant: string): Promise<void>;
}
