/** A tenant's cache on the wire, as operators see and purge it. Money is US dollars. */
import { z } from "zod";
import type { CacheCounts, CacheStanding } from "../../domain/cache-standing.ts";
import { policySchema } from "../../domain/policy.ts";

const counts = {
  hits: z.number(),
  semantic: z.number().describe("Those of the hits that were asked in other words"),
  misses: z.number(),
  audits: z.number().describe("Answers of neighbours that were held against a vendor's"),
  wrong: z.number().describe("Those of the audits that found another answer"),
  saved_usd: z.number().describe("What the hits would have cost at the reference model, estimated"),
};

export const cacheViewSchema = z.strictObject({
  object: z.literal("cache"),
  tenant: z.string(),
  since: z.iso.datetime().nullable().describe("First use, or use since everything was purged"),
  likeness: z.strictObject({
    state: z
      .enum(["learning", "on", "off"])
      .describe("Whether prompts in other words are answered: not yet, yes, or no more for now"),
    most_wrong: z.number().describe("The most, 0 to 1, of such answers that can be wrong, at 95 %"),
    trips: z.number().describe("How often answers that had changed have ended them"),
  }),
  ...counts,
  days: z.array(z.strictObject({ date: z.iso.date(), ...counts })),
});

export const purgeBodySchema = z.strictObject({
  tags: policySchema.shape.cache_tags.describe("Everything is purged where they are left out"),
});

export const purgeViewSchema = z.strictObject({
  object: z.literal("cache_purge"),
  tenant: z.string(),
  tags: z.array(z.string()).nullable(),
});

export function cacheView(
  tenant: string,
  { sinceMs, likeness, total, days }: CacheStanding,
): z.output<typeof cacheViewSchema> {
  return {
    object: "cache",
    tenant,
    since: sinceMs === undefined ? null : new Date(sinceMs).toISOString(),
    likeness: {
      state: likeness.state,
      most_wrong: likeness.mostWrong,
      trips: likeness.trips,
    },
    ...countsView(total),
    days: days.map((day) => ({ date: day.date, ...countsView(day) })),
  };
}

function countsView({ savedMicroUsd, hits, semantic, misses, audits, wrong }: CacheCounts) {
  return { hits, semantic, misses, audits, wrong, saved_usd: savedMicroUsd / 1e6 };
}
