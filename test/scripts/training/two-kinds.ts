/**
 * A small world in which routing pays: sums that one model masters, poems that another does, and a third
 * that is middling at both. Labels are drawn, so nobody is right about all of them. Made from a seed.
 */
import type { OutcomeRow } from "../../../scripts/dataset/outcome-file.ts";
import type { Hyperparameters } from "../../../scripts/training/run.ts";
import { randomFrom } from "../../../worker/lib/prng.ts";

export const MODELS = ["calculator", "middling", "poet"];
/** Chance of a good answer, by kind of prompt. */
const SKILL = { sum: [0.95, 0.5, 0.1], poem: [0.1, 0.5, 0.95] };
const THEMES = ["the sea", "autumn rain", "an old clock", "a lost glove", "winter light"];

export type Kind = keyof typeof SKILL;

export function kindOf(row: { readonly id: string }): Kind {
  return row.id.startsWith("sum") ? "sum" : "poem";
}

export function twoKinds(count: number, seed: number): OutcomeRow[] {
  const random = randomFrom(seed);
  return Array.from({ length: count }, (_, i) => {
    const kind: Kind = i % 2 === 0 ? "sum" : "poem";
    const id = `${kind}/${seed}/${i}`;
    const [a, b] = [Math.floor(90 * random()), Math.floor(90 * random())];
    const theme = THEMES[Math.floor(random() * THEMES.length)]!;
    const prompt =
      kind === "sum"
        ? `Compute ${a} * ${b} + ${i} and give the number.`
        : `Please write a gentle verse about ${theme}, in ${3 + (i % 5)} lines.`;
    const scores = Object.fromEntries(
      MODELS.map((model, m) => [model, random() < SKILL[kind][m]! ? 1 : 0]),
    );
    return { id, gid: id, dataset: "kinds", split: "train", category: kind, prompt, scores };
  });
}

/** As train.ts has them, at a shape that takes a second. */
export const SMALL_SETTINGS: Hyperparameters = {
  shape: { tableRows: 256, tableWidth: 4, hiddenWidth: 4, groups: 4, abilityWidth: 3, tasks: 8 },
  batchSize: 64,
  rate: 4e-3,
  epochs: 10,
  tableRate: 1,
  tableDamping: 1e-3,
  abilityRate: 5,
  groupRate: 5,
  tableDecay: 0.02,
  groupDecay: 0.02,
  denseDecay: 0.02,
  abilityDecay: 0.02,
  lexicalDropout: 0.3,
  minDocuments: 2,
  contrastWeight: 1,
  headWeights: { difficulty: 0.1, task: 0.1, length: 0.1 },
  datasetExponent: 0.6,
  abilitySpread: 0.3,
  wordSpread: 0.35,
  groupSharpness: 20,
  clipNorm: 5,
};
