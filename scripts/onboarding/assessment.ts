/**
 * What a place means in practice: expected quality with its interval, what the model would be chosen for,
 * and by how much more probes would narrow that.
 */
import { calibrate } from "../../router-models/calibration.ts";
import type { CatalogModel } from "../../router-models/catalog.ts";
import { promptOfText } from "../../router-models/features/prompt.ts";
import type { Manifest } from "../../router-models/manifest.ts";
import { placeCatalog, type Place } from "../../router-models/placement.ts";
import { Scorer, type GraphRunner } from "../../router-models/scorer.ts";
import { policySchema, PRESETS, type Preset } from "../../worker/domain/policy.ts";
import { buildCandidates } from "../../worker/routing/candidates.ts";
import { decide } from "../../worker/routing/decide.ts";
import type { Demand } from "./demand.ts";
import { informationOf, logitOn, narrowed, NINETY_PERCENT, type LogitBelief } from "./probes.ts";

/** Calibrated, at the mean demand of the training traffic; the interval holds 90 % of the belief. */
export interface Standing {
  readonly quality: number;
  readonly low: number;
  readonly high: number;
  /** Logits. */
  readonly standing: number;
  readonly standingDeviation: number;
}

/** Where a place stands on the traffic that the release was trained on. */
export function standingWithin(manifest: Manifest, place: Place): Standing {
  const { demand, difficulty } = manifest.placement;
  return standingFrom(manifest, logitOn(place, { demand: Float64Array.from(demand), difficulty }));
}

/** The same of a belief about the standing itself. */
export function standingFrom(
  { calibration }: Manifest,
  { mean, deviation }: LogitBelief,
): Standing {
  return {
    quality: calibrate(calibration, mean),
    low: calibrate(calibration, mean - NINETY_PERCENT * deviation),
    high: calibrate(calibration, mean + NINETY_PERCENT * deviation),
    standing: mean,
    standingDeviation: deviation,
  };
}

/** A prompt to show choices on. */
export interface SamplePrompt {
  readonly kind: string;
  readonly prompt: string;
}

/** Who is the first choice, under one preset. */
export interface Choice {
  /** Prompts of each kind that go to the model. */
  readonly own: Readonly<Record<string, number>>;
  /** Prompts that go to each other model. */
  readonly others: Readonly<Record<string, number>>;
}

export type Choices = Readonly<Record<Preset, Choice>>;

/** The policy that serves, over the whole catalogue as if every vendor had a key. */
export async function choicesOf(
  id: string,
  samples: readonly SamplePrompt[],
  {
    manifest,
    graph,
    catalog,
  }: { manifest: Manifest; graph: GraphRunner; catalog: readonly CatalogModel[] },
): Promise<Choices> {
  const scorer = new Scorer(manifest, placeCatalog(manifest, catalog));
  const chosen = new Map(
    PRESETS.map((preset) => [preset, [] as { model: string; kind: string }[]]),
  );
  for (const { kind, prompt } of samples) {
    const forecast = await scorer.score(promptOfText(prompt), graph);
    for (const preset of PRESETS) {
      const policy = policySchema.parse({ preset });
      const needs = { capabilities: [], contextTokens: forecast.inputTokens };
      const offered = buildCandidates({ catalog, forecast, needs, policy, isServed: () => true });
      const model = decide({ ...offered, policy }).attempts[0]?.model;
      if (model !== undefined) chosen.get(preset)!.push({ model, kind });
    }
  }
  function choiceUnder(preset: Preset): Choice {
    const firsts = chosen.get(preset)!;
    return {
      own: countsOf(firsts.filter(({ model }) => model === id).map(({ kind }) => kind)),
      others: countsOf(firsts.filter(({ model }) => model !== id).map(({ model }) => model)),
    };
  }
  return {
    cost: choiceUnder("cost"),
    balanced: choiceUnder("balanced"),
    quality: choiceUnder("quality"),
    fast: choiceUnder("fast"),
  };
}

/** The most frequent first. */
function countsOf(names: readonly string[]): Record<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return Object.fromEntries([...counts].toSorted(([, a], [, b]) => b - a));
}

/** Probes that the forecast of `narrowing` speaks of. */
const MORE_PROBES = [10, 25, 100] as const;

/** How wide the 90 % interval would be after so many more probes like the samples, whatever they score. */
export function narrowing(
  manifest: Manifest,
  place: Place,
  samples: readonly Demand[],
): { readonly probes: number; readonly width: number }[] {
  const information = samples.map((sample) => informationOf(place, sample));
  let { covariance } = place;
  let asked = 0;
  return MORE_PROBES.map((probes) => {
    for (; asked < probes && samples.length > 0; asked++) {
      const at = asked % samples.length;
      covariance = narrowed(covariance, samples[at]!.demand, information[at]!);
    }
    const { low, high } = standingWithin(manifest, { mean: place.mean, covariance });
    return { probes, width: high - low };
  });
}
