/** A tenant's cache on the wire, as operators see and purge it. Money is US dollars. */
import { z } from "zod";
import type { CacheCounts, CacheStanding } from "../../domain/cache-standing.ts";
import { policySchema } from "../../domain/policy.ts";

const counts = {
  hits: z.number(),
  misses: z.number(),
  saved_usd: z.number().describe("What the hits would have cost at the reference model, estimated"),
};

export const cacheViewSchema = z.strictObject({
  object: z.literal("cache"),
  tenant: z.string(),
  since: z.iso.datetime().nullable().describe("First use, or use since everything was purged"),
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
  { sinceMs, total, days }: CacheStanding,
): z.output<typeof cacheViewSchema> {
  return {
    object: "cache",
    tenant,
    since: sinceMs === undefined ? null : new Date(sinceMs).toISOString(),
    ...countsView(total),
    days: days.map((day) => ({ date: day.date, ...countsView(day) })),
  };
}

function countsView({ hits, misses, savedMicroUsd }: CacheCounts) {
  return { hits, misses, saved_usd: savedMicroUsd / 1e6 };
}
