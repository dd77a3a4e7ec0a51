/** What the document says of a route; operations.ts and admin-operations.ts list them. */
import type { z } from "zod";

/** A component of the document. */
export interface Named {
  readonly name: string;
  readonly schema: z.ZodType;
}

export interface Operation {
  readonly method: "get" | "post" | "put" | "patch" | "delete";
  /** With parameters in braces. */
  readonly path: string;
  readonly id: string;
  readonly summary: string;
  readonly description?: string;
  /** Answers without a key. */
  readonly isOpen?: boolean;
  /** /metrics and below /admin: wants an operator's key, and no other. */
  readonly isAdmin?: boolean;
  /** Routed: takes the knobs, answers with the headers of a decision, and with a route on a dry run. */
  readonly isRouted?: boolean;
  /** Routed only in that: its model is named, and nothing about it is predicted. */
  readonly isNamed?: boolean;
  /** What a dry run answers with, where that is no chat's route. */
  readonly dryAnswer?: Named;
  /** Says where the caller's budgets stand, and needs its ledger. */
  readonly isOfBudgets?: boolean;
  /** Counts as one request of the caller's rate limits, though it is not routed. */
  readonly isLimited?: boolean;
  /** Needs what a deployment may keep or not: feedback, caches. */
  readonly isOfStore?: boolean;
  /** Errors have Anthropic's shape. */
  readonly hasAnthropicErrors?: boolean;
  /** What a query may say, by name. */
  readonly query?: Readonly<Record<string, { readonly schema: z.ZodType; description: string }>>;
  readonly body?: Named;
  readonly answer: Named;
  /** Answers with plain text. */
  readonly isText?: boolean;
  /** The data of each event, where the answer may be streamed. */
  readonly event?: Named;
  /** Whether this is asked for something that may not exist. */
  readonly canMiss?: boolean;
  /** Whether what is there may stand in the way. */
  readonly canConflict?: boolean;
}
