/** The text of `/metrics`: of the format, complete, and true to what was told. */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import type { Observation } from "../../../../worker/domain/observation.ts";
import {
  halt,
  isNewWord,
  newWatch,
  watch,
  type WatchState,
} from "../../../../worker/learning/detectors/watch.ts";
import { exposition } from "../../../../worker/learning/watch/exposition.ts";
import { count, noTotals, type Totals } from "../../../../worker/learning/watch/totals.ts";
import { madeUpObservation } from "../detectors/made-up-observation.ts";
import { parseExposition } from "./exposition-parser.ts";

function keptAfter(observations: readonly Observation[]): WatchState & { totals: Totals } {
  let kept = { ...newWatch(), totals: noTotals() };
  for (const one of observations) {
    const totals = count(kept.totals, one, isNewWord(kept, one));
    kept = { ...kept, ...watch(kept, one), totals };
  }
  return kept;
}

function valueAt(
  text: string,
  name: string,
  labels: Record<string, string> = {},
): number | undefined {
  const sorted = Object.entries(labels).toSorted(([a], [b]) => a.localeCompare(b));
  return parseExposition(text)
    .get(name)
    ?.values.get(JSON.stringify(Object.fromEntries(sorted)));
}

describe("the text of metrics", () => {
  it("is of the format before anything was told", ({ expect }) => {
    const text = exposition(keptAfter([]), 0);
    expect(parseExposition(text).size).toBeGreaterThan(20);
    expect(valueAt(text, "sluice_caution")).toBe(0);
    expect(valueAt(text, "sluice_alarm", { alarm: "prompts" })).toBe(0);
  });

  it("counts requests, tokens, money and words by model", ({ expect }) => {
    const model = "openai/gpt-5.4-mini";
    const word = { isSpoken: true, reward: { value: 0.5, weight: 0.5 } };
    const text = exposition(
      keptAfter([
        madeUpObservation({ id: "a", atMs: 5_000 }),
        madeUpObservation({ id: "b", savedMicroUsd: -1_000 }),
        madeUpObservation({ id: "b", isFirst: false, ...word }),
        madeUpObservation({ id: "b", isFirst: false, ...word }),
        madeUpObservation({ id: "c", model: null, ending: "failed", costMicroUsd: 0 }),
      ]),
      6_000,
    );
    expect(valueAt(text, "sluice_requests_total", { model, ending: "complete" })).toBe(2);
    expect(valueAt(text, "sluice_requests_total", { model: "none", ending: "failed" })).toBe(1);
    expect(valueAt(text, "sluice_tokens_total", { model, direction: "output" })).toBe(100);
    expect(valueAt(text, "sluice_cost_usd_total", { model })).toBeCloseTo(0.0004, 12);
    expect(valueAt(text, "sluice_saved_usd", { model })).toBeCloseTo(-0.0002, 12);
    expect(valueAt(text, "sluice_rewards_total", { model })).toBe(1);
    expect(valueAt(text, "sluice_reward_sum_total", { model })).toBe(0.25);
    expect(valueAt(text, "sluice_release_requests_total", { weights: "mf-1@0123456789ab" })).toBe(
      3,
    );
    expect(valueAt(text, "sluice_last_request_timestamp_seconds")).toBe(5);
  });

  it("shows trials and who has ended them", ({ expect }) => {
    const sides = ["candidate", "incumbent"] as const;
    const told = sides.map((side) => madeUpObservation({ id: side, trial: { serial: 4, side } }));
    const kept = keptAfter(told);
    const text = exposition({ ...halt(kept, 4, "no"), totals: kept.totals }, 0);
    expect(valueAt(text, "sluice_trial_pairs", { trial: "4", count: "errors" })).toBe(1);
    expect(valueAt(text, "sluice_trial_requests_total", { trial: "4", side: "candidate" })).toBe(1);
    expect(valueAt(text, "sluice_trial_halted", { trial: "4" })).toBe(1);
    expect(valueAt(text, "sluice_trial_as_good", { trial: "4" })).toBe(0);
  });

  it("names statistics where their reference is known", ({ expect }) => {
    const told = Array.from({ length: 2_100 }, (_, n) =>
      madeUpObservation({ id: `${n}`, deciles: "0123456789".repeat(4) + "01" }),
    );
    const indices = parseExposition(exposition(keptAfter(told), 0)).get(
      "sluice_prompt_stability_index",
    )!;
    expect([...indices.values.keys()].slice(0, 2)).toEqual([
      '{"statistic":"userChars"}',
      '{"statistic":"systemChars"}',
    ]);
    expect(indices.values.size).toBe(42);
  });

  it("is of the format whatever models are called, and has no more series than it may", ({
    expect,
  }) => {
    const name = fc.string({ minLength: 1, maxLength: 20, unit: "binary" });
    const awkward = fc.constantFrom('"', "\\", "\n", '\\"\n', "{}", "a,b", " ", "__proto__");
    fc.assert(
      fc.property(fc.array(fc.oneof(name, awkward), { maxLength: 20 }), (models) => {
        const told = models.map((model, n) =>
          madeUpObservation({ id: `${n}`, model, weights: model }),
        );
        const { values } = parseExposition(exposition(keptAfter(told), 0)).get(
          "sluice_cost_usd_total",
        )!;
        expect(values.size).toBe(new Set(models).size);
      }),
    );
    const many = Array.from({ length: 400 }, (_, n) =>
      madeUpObservation({ id: `${n}`, model: `m/${n}`, weights: `w${n}` }),
    );
    const families = parseExposition(exposition(keptAfter(many), 0));
    expect(families.get("sluice_cost_usd_total")!.values.size).toBe(257);
    expect(families.get("sluice_release_requests_total")!.values.size).toBe(33);
    expect(
      families.get("sluice_requests_total")!.values.get('{"ending":"complete","model":"other"}'),
    ).toBe(144);
  });
});
