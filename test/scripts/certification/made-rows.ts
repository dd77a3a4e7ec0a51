/** Outcomes and forecasts made up for tests of certificates, the same for a seed. */
import { MARGINS } from "../../../router-models/certificate.ts";
import type { Forecast } from "../../../router-models/scorer.ts";
import type { TestedRow } from "../../../scripts/certification/panel.ts";
import type { OutcomeRow } from "../../../scripts/dataset/outcome-file.ts";
import { randomFrom } from "../../../worker/lib/prng.ts";
import { outcomeRow } from "../evaluation/outcome-rows.ts";

/** What a router says of a prompt: a score for each model, the first of which stands highest. */
export function forecastOf(scores: Readonly<Record<string, number>>): Forecast {
  return {
    models: Object.entries(scores).map(([id, score], at) => ({
      id,
      score,
      standing: -at,
      outputTokensP50: 100,
      outputTokensP90: 200,
    })),
    inputTokens: 50,
    difficulty: 0.5,
    task: "math",
  };
}

/** Rows of a set with outcomes that follow the scores, and those scores. */
export function scoredRows(
  ids: readonly string[],
  { count, seed }: { count: number; seed: number },
): Map<OutcomeRow, Forecast> {
  const random = randomFrom(seed);
  return new Map(
    Array.from({ length: count }, (_, n) => {
      const scores = Object.fromEntries(ids.map((id) => [id, 0.001 + 0.998 * random()]));
      const outcomes = ids.map((id) => [id, random() < scores[id]! ? 1 : 0] as const);
      const row = outcomeRow({
        scores: Object.fromEntries(outcomes),
        gid: `g${seed}-${n}`,
        split: "valid",
      });
      return [row, forecastOf(scores)] as const;
    }),
  );
}

/**
 * A strong model that is right eight times in ten and a weak one that is right half as often. The
 * router knows on three quarters of the rows which of both will be right.
 */
export function testedRows(count: number, seed: number, task = "math"): TestedRow[] {
  const random = randomFrom(seed);
  return Array.from({ length: count }, (_, n) => {
    const reference = random() < 0.8 ? 1 : 0;
    const weak = random() < 0.4 ? 1 : 0;
    const known = weak === reference ? 0.1 - 0.2 * random() : (weak - reference) * random();
    const lead = random() < 0.75 ? known : 0.4 * (random() - 0.5);
    const answers = MARGINS.map((margin) =>
      lead >= margin
        ? { quality: weak, isByReference: false }
        : { quality: reference, isByReference: true },
    );
    const id = `q${seed}-${n}`;
    return { gid: id, id, dataset: "made", task, reference, answers, predicted: answers[0]! };
  });
}
