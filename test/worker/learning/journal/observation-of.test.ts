/** What the watch is told of a request, by all that was known up to a row. */
import { describe, it } from "vitest";
import { observationSchema } from "../../../../worker/domain/observation.ts";
import { observationOf } from "../../../../worker/learning/journal/observation-of.ts";
import { decided, NOON_MS, said, signalled } from "./made-up-records.ts";

const DECISION = { number: 1, record: decided("a") };

describe("an observation", () => {
  it("has the request's numbers, with predictions as the weights alone made them", ({ expect }) => {
    const told = observationOf(DECISION, [DECISION]);
    expect(observationSchema.parse(told)).toEqual(told);
    expect(told).toMatchObject({
      number: 1,
      isFirst: true,
      chosen: "a/small",
      model: "a/small",
      score: 0.625,
      lift: 0.125,
      referenceScore: 0.875,
      expectedMicroUsd: 900,
      quality: 0.9,
      isCertified: false,
      reward: { value: 1, weight: 0.1 },
      isSpoken: false,
    });
  });

  it("is about the model that was tried where nobody has answered", ({ expect }) => {
    const record = decided("a", {}, { model: null, ending: "failed", signals: ["failed"] });
    const told = observationOf({ number: 1, record }, [{ number: 1, record }]);
    expect(told).toMatchObject({
      model: null,
      chosen: "a/small",
      score: 0.625,
      reward: { value: 0 },
    });
  });

  it("has the latest word of each source and every signal once", ({ expect }) => {
    const rows = [
      said("a", { score: 1, atMs: NOON_MS + 2 }),
      said("a", { score: 0, atMs: NOON_MS + 1 }),
      said("a", { score: 0.5, source: "judge" }),
      signalled("a", "hung_up"),
      signalled("a", "hung_up"),
    ].map((record, at) => ({ number: at + 2, record }));
    const told = observationOf(rows.at(-1)!, [DECISION, ...rows]);
    expect(told).toMatchObject({ number: 6, isFirst: false, isSpoken: true, signals: ["hung_up"] });
    expect(told!.reward.weight).toBeCloseTo(1.7, 12);
    expect(told!.reward.value).toBeCloseTo(1.25 / 1.7, 12);
  });

  it("is none of a request whose decision nobody knows", ({ expect }) => {
    const row = { number: 1, record: said("a") };
    expect(observationOf(row, [row])).toBeUndefined();
  });
});
