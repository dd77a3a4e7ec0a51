/** Alarms of the watch: none where nothing is wrong, many where much is, and the rate is theirs. */
import { describe, it } from "vitest";
import { alarmRow } from "../../../../scripts/evaluation/drift/false-alarms.ts";

describe("alarmRow", () => {
  it("has none where nothing is wrong", ({ expect }) => {
    const row = alarmRow(0, { budget: 0.01, audits: 5_000, seed: 1 });
    expect(row).toMatchObject({ alarms: 0, audits: 5_000, wrongShare: 0, rate: { low: 0 } });
  });

  it("counts one for every three audits where all is wrong, since it begins anew", ({ expect }) => {
    const row = alarmRow(100, { budget: 0.01, audits: 300, seed: 1 });
    expect(row.alarms).toBe(100);
    expect(row.rate.value).toBeCloseTo(1 / 3, 12);
  });
});
