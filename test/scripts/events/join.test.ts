/** Decisions joined with all that was said of them, whatever the order in which it came. */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import { Hearsay, joined } from "../../../scripts/events/join.ts";
import type { LogRecord } from "../../../worker/domain/event.ts";
import { decisionRecord, feedbackRecord, signalRecord } from "./event-files.ts";

async function* each(records: readonly LogRecord[]): AsyncGenerator<LogRecord> {
  yield* records;
}

async function rewardsOf(records: readonly LogRecord[]): Promise<Record<string, number[]>> {
  const hearsay = new Hearsay();
  for (const record of records) hearsay.hear(record);
  const rewards: Record<string, number[]> = {};
  for await (const { record, reward } of joined(each(records), hearsay))
    rewards[`${record.tenant}/${record.id}`] = [reward.value, reward.weight];
  return rewards;
}

describe("decisions joined with what was said of them", () => {
  it("gives silence a small weight", async ({ expect }) => {
    expect(await rewardsOf([decisionRecord()])).toEqual({ "shop/r1": [1, 0.1] });
  });

  it("takes the latest word of each source, and signals beside them", async ({ expect }) => {
    const records = [
      feedbackRecord({ score: 0, atMs: 2 }),
      feedbackRecord({ score: 1, atMs: 1 }),
      feedbackRecord({ source: "judge", score: 1, atMs: 1 }),
      signalRecord({ signal: "retried" }),
      decisionRecord(),
    ];
    const [value, weight] = (await rewardsOf(records))["shop/r1"]!;
    expect(value).toBeCloseTo(0.5 / 1.8, 12);
    expect(weight).toBeCloseTo(1.8, 12);
  });

  it("keeps tenants apart", async ({ expect }) => {
    const records = [decisionRecord(), feedbackRecord({ tenant: "other", score: 0 })];
    expect(await rewardsOf(records)).toEqual({ "shop/r1": [1, 0.1] });
  });

  it("says the same whatever the order and however often a record comes", async ({ expect }) => {
    const records: LogRecord[] = [
      decisionRecord(),
      decisionRecord({ id: "r2" }),
      feedbackRecord({ score: 0.25, atMs: 5 }),
      feedbackRecord({ score: 0.75, atMs: 5 }),
      feedbackRecord({ id: "r2", source: "tests", score: 0 }),
      signalRecord({ id: "r2", signal: "truncated" }),
    ];
    const expected = await rewardsOf(records);
    const copies = fc.shuffledSubarray([...records, ...records], { minLength: 12 });
    await fc.assert(
      fc.asyncProperty(copies, async (some) => {
        const found = await rewardsOf(some);
        expect(found).toEqual(expected);
      }),
    );
  });
});
