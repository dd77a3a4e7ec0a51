/** What an operator may write of budgets and limits, and what is refused. */
import { describe, it } from "vitest";
import { budgetsSchema, rateLimitsSchema } from "../../../worker/domain/budget.ts";

const DAY = { window: "day", limit_usd: 1 };

describe("budgets", () => {
  it.for([
    ["of a model that is none", { model: "gpt" }],
    ["of a model with a line break", { model: "a/b\nx-evil: 1" }],
    ["of half a character", { model: "a/\ud800" }],
    ["of less than a micro-dollar", { limit_usd: 0.0000001 }],
    ["of a part of a micro-dollar", { limit_usd: 1.0000005 }],
    ["of nothing", { limit_usd: 0 }],
    ["in no time zone", { time_zone: "Mars/Olympus" }],
    ["with the length of a day", { hours: 24 }],
    ["of a rolling window without a length", { window: "rolling" }],
    ["paced without an end", { window: "total", is_paced: true }],
    ["paced for one model", { model: "openai/large", is_paced: true }],
  ] as const)("are refused: %s", ([, more], { expect }) => {
    expect(budgetsSchema.safeParse([DAY]).success).toBe(true);
    expect(budgetsSchema.safeParse([{ ...DAY, ...more }]).success).toBe(false);
  });

  it("name each window of each model once", ({ expect }) => {
    const model = "openai/large";
    expect(budgetsSchema.safeParse([DAY, { ...DAY, model }]).success).toBe(true);
    expect(budgetsSchema.safeParse([DAY, { ...DAY, kind: "soft" }]).success).toBe(false);
    const zoned = { ...DAY, time_zone: "Europe/Lisbon" };
    expect(budgetsSchema.safeParse([DAY, zoned]).success).toBe(false);
  });
});

describe("rate limits", () => {
  it("name each window of each unit once, a minute by its length or without", ({ expect }) => {
    const minute = { unit: "requests", limit: 5 };
    const second = { ...minute, window_s: 1 };
    expect(rateLimitsSchema.safeParse([minute, second]).success).toBe(true);
    expect(rateLimitsSchema.safeParse([minute, { ...minute, window_s: 60 }]).success).toBe(false);
  });
});
