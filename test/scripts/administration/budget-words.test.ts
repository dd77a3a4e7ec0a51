/** Budgets and limits as words: what was written is read as the same, and what cannot be read is refused by name. */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import {
  readBudget,
  readLimit,
  textOfBudget,
  textOfLimit,
} from "../../../scripts/administration/budget-words.ts";
import { secondsIn, textOfSeconds } from "../../../scripts/administration/spans.ts";
import { budgetSchema, rateLimitSchema } from "../../../worker/domain/budget.ts";

const WINDOW = fc.oneof(
  fc.constantFrom("day", "week", "month", "total").map((window) => ({ window })),
  fc.integer({ min: 1, max: 8_784 }).map((hours) => ({ window: "rolling", hours })),
);

const MODEL = fc
  .tuple(fc.string({ minLength: 1, maxLength: 20 }), fc.string({ minLength: 1, maxLength: 40 }))
  .map((parts) => parts.map((part) => part.replaceAll(/[\s,]/g, ":")))
  .map(([vendor = "", name = ""]) => `${vendor.replaceAll("/", "@")}/${name}`);

const ALERT = fc.double({ min: 1e-9, max: 10, noNaN: true });

const BUDGET = fc
  .tuple(
    WINDOW,
    fc.record(
      {
        limit_usd: fc.integer({ min: 1, max: 1e15 }).map((micro) => micro / 1e6),
        time_zone: fc.constantFrom("UTC", "Europe/Lisbon", "Etc/GMT+1", "+05:30", "-01:00"),
        kind: fc.constantFrom("hard", "soft"),
        model: MODEL,
        alerts: fc.array(ALERT, { maxLength: 10 }),
        is_paced: fc.boolean(),
      },
      { requiredKeys: ["limit_usd"] },
    ),
  )
  .map(([window, fields]) => {
    const mayPace = "hours" in window ? false : window.window !== "total";
    const { is_paced: isPaced = false, ...rest } = fields;
    const paced = { is_paced: isPaced && mayPace && fields.model === undefined };
    return budgetSchema.parse({ ...window, ...rest, ...paced });
  });

const LIMIT = fc
  .oneof(
    fc.record(
      {
        unit: fc.constantFrom("requests", "tokens"),
        limit: fc.integer({ min: 1, max: 1e12 }),
        window_s: fc.integer({ min: 1, max: 86_400 }),
      },
      { requiredKeys: ["unit", "limit"] },
    ),
    fc.record({ unit: fc.constant("concurrent"), limit: fc.integer({ min: 1, max: 1e12 }) }),
  )
  .map((limit) => rateLimitSchema.parse(limit));

describe("budgets as words", () => {
  it("are read as what was written", ({ expect }) => {
    fc.assert(
      fc.property(BUDGET, (budget) => {
        expect(readBudget(textOfBudget(budget))).toEqual(budget);
      }),
    );
  });

  it.for([
    ["month:100", { window: "month", limit_usd: 100, kind: "hard" }],
    ["month:100:hard", { window: "month", limit_usd: 100, kind: "hard" }],
    ["day:5:soft", { window: "day", limit_usd: 5, kind: "soft" }],
    ["day:5:Europe/Lisbon:soft", { time_zone: "Europe/Lisbon", kind: "soft" }],
    ["day:5:-03:30:soft", { time_zone: "-03:30", kind: "soft" }],
    ["week:0.5:paced:alerts=0.5+0.9", { is_paced: true, alerts: [0.5, 0.9] }],
    ["total:1000:alerts=none", { window: "total", alerts: [] }],
    ["rolling-24h:10", { window: "rolling", hours: 24 }],
    ["rolling-7d:10", { window: "rolling", hours: 168 }],
    ["month:50@openai/gpt-6-astra", { model: "openai/gpt-6-astra", limit_usd: 50 }],
    ["month:50:soft@workers-ai/@cf/meta/x:1", { model: "workers-ai/@cf/meta/x:1", kind: "soft" }],
  ] as const)("say %s", ([word, budget], { expect }) => {
    expect(readBudget(word)).toMatchObject(budget);
    expect(readBudget(textOfBudget(readBudget(word)))).toEqual(readBudget(word));
  });

  it.for([
    ["", "begins with day, week"],
    ["year:5", "begins with day, week"],
    ["rolling:5", "rolling-24h"],
    ["month", '"" is no number'],
    ["month:-5", '"-5" is no number'],
    ["month:$5", '"$5" is no number'],
    ["month:0", "limit_usd"],
    ["month:0.0000001", "limit_usd must have at most six decimal places"],
    ["month:5:firm", "time_zone must be an IANA time zone"],
    ["month:5:alerts=11", "alerts.0"],
    ["total:5:paced", "is_paced needs a day, week or month"],
    ["month:5@gpt", "model must be provider/model"],
    ["rolling-9999h:5", "hours"],
  ])("are refused by name: %s", ([word, why], { expect }) => {
    const message = `--budget ${JSON.stringify(word)}: `;
    expect(() => readBudget(word!)).toThrow(message);
    expect(() => readBudget(word!)).toThrow(why);
  });
});

describe("limits as words", () => {
  it("are read as what was written", ({ expect }) => {
    fc.assert(
      fc.property(LIMIT, (limit) => {
        expect(readLimit(textOfLimit(limit))).toEqual(limit);
      }),
    );
  });

  it.for([
    ["requests:60", { unit: "requests", limit: 60 }],
    ["requests:60/60s", { unit: "requests", limit: 60, window_s: 60 }],
    ["requests:60/m", { unit: "requests", limit: 60, window_s: 60 }],
    ["tokens:100000/1h", { unit: "tokens", limit: 100_000, window_s: 3_600 }],
    ["concurrent:8", { unit: "concurrent", limit: 8 }],
  ] as const)("say %s", ([word, limit], { expect }) => {
    expect(readLimit(word)).toEqual(limit);
  });

  it.for([
    "",
    "requests",
    "requests:x",
    "requests:0",
    "calls:5",
    "requests:5/year",
    "requests:5/2d",
    "concurrent:5/60s",
  ])("are refused by name: %s", (word, { expect }) => {
    expect(() => readLimit(word)).toThrow(`--limit ${JSON.stringify(word)}: `);
  });

  it("write spans as they are read", ({ expect }) => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 999_999_999 }), (seconds) => {
        expect(secondsIn(textOfSeconds(seconds))).toBe(seconds);
      }),
    );
  });
});
