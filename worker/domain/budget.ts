/**
 * What an operator may limit: money by budgets, traffic by rate limits. Both are lists on an organisation, a
 * tenant or a key, and every entry holds on its own, so limits nest by being written at several levels.
 *
 * Amounts are written in dollars, as people write them, and must be whole micro-dollars.
 */
import { z } from "zod";

/** IANA's name of a time zone that this runtime knows. */
const timeZoneSchema = z
  .string()
  .max(64)
  .refine(isTimeZone, "must be an IANA time zone such as Europe/Lisbon");

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}

/** Dollars above 0 and at most a billion, with at most six decimal places. */
const usdSchema = z
  .number()
  .positive()
  .max(1_000_000_000)
  .refine(
    // Divided again, because a product of millions of dollars is off by more than its last digit.
    (usd) => Math.round(usd * 1e6) / 1e6 === usd,
    "must have at most six decimal places",
  );

const WINDOWS = ["day", "week", "month", "rolling", "total"] as const;

export const budgetSchema = z
  .strictObject({
    /** Days, weeks (from Monday) and months of the calendar; the last `hours`; or everything ever. */
    window: z.enum(WINDOWS),
    /** Length of a rolling window. */
    hours: z.int().min(1).max(8_784).optional(),
    limit_usd: usdSchema,
    /** Where the calendar's days begin. */
    time_zone: timeZoneSchema.default("UTC"),
    /** `hard` refuses what goes beyond, `soft` only warns. */
    kind: z.enum(["hard", "soft"]).default("hard"),
    /** Only what is spent at this model, `provider/model`. */
    model: z
      .string()
      .max(200)
      .regex(/^[^\s/,]+\/[^\s,]+$/, "must be provider/model")
      // Half a character has no form in a header, and stores keep another one in its place.
      .refine((model) => model.isWellFormed(), "must be whole characters")
      .optional(),
    /** Shares of the limit at which an alert goes out. */
    alerts: z.array(z.number().gt(0).max(10)).max(10).default([0.5, 0.8, 1]),
    /** Spend it evenly: cheaper models while money runs ahead of time, better ones while it lags. */
    is_paced: z.boolean().default(false),
  })
  .superRefine(({ window, hours, is_paced: isPaced, model }, context) => {
    if ((window === "rolling") !== (hours !== undefined))
      context.addIssue({
        code: "custom",
        path: ["hours"],
        message: "belongs to the window rolling, and only to it",
        input: undefined,
      });
    if (isPaced && (["rolling", "total"].includes(window) || model !== undefined))
      context.addIssue({
        code: "custom",
        path: ["is_paced"],
        message: "needs a day, week or month of all models: a window that ends",
        input: undefined,
      });
  });

export type Budget = z.output<typeof budgetSchema>;

export const rateLimitSchema = z
  .strictObject({
    unit: z.enum(["requests", "tokens", "concurrent"]),
    limit: z.int().positive().max(1_000_000_000_000),
    /** The sliding window, seconds; requests that are under way at once have none. */
    window_s: z.int().min(1).max(86_400).optional(),
  })
  .superRefine(({ unit, window_s: windowS }, context) => {
    if (unit === "concurrent" && windowS !== undefined)
      context.addIssue({
        code: "custom",
        path: ["window_s"],
        message: "belongs to requests and tokens only",
        input: undefined,
      });
  });

/** A window that is not given is a minute. */
export type RateLimit = z.output<typeof rateLimitSchema>;

/** Each at most once: a second entry for the same count would be the same account with two limits. */
export const budgetsSchema = z
  .array(budgetSchema)
  .max(16)
  .refine(
    (budgets) =>
      new Set(budgets.map(({ window, hours, model }) => `${window} ${hours} ${model}`)).size ===
      budgets.length,
    "must name each window of each model once",
  )
  .default([]);

export const rateLimitsSchema = z
  .array(rateLimitSchema)
  .max(8)
  .refine(
    (limits) =>
      new Set(limits.map(({ unit, window_s: windowS = 60 }) => `${unit} ${windowS}`)).size ===
      limits.length,
    "must name each window of each unit once",
  )
  .default([]);
