/**
 * A forecast with what was learnt since its weights were trained: each model's score, moved by what its answers have
 * been better or worse than predicted. Standing, lengths and difficulty stay the weights' own.
 */
import type { Forecast } from "../../router-models/scorer.ts";

/** @param lifts By model, to be added to its score, which stays within 0 and 1. */
export function lifted(forecast: Forecast, lifts: ReadonlyMap<string, number>): Forecast {
  if (lifts.size === 0) return forecast;
  const models = forecast.models.map((model) => {
    const lift = lifts.get(model.id);
    return lift === undefined
      ? model
      : { ...model, score: Math.min(Math.max(model.score + lift, 0), 1) };
  });
  return { ...forecast, models };
}
