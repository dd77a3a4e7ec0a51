/**
 * A small deployment, made up: three models, an incumbent that knows little of them, and a log of decisions that it made
 * for a tenant that explores. Sums and verses are asked; one model masters the one, another the other. Decisions are
 * made by the functions that serve, so they can be made again. Everything follows from the seed.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  estimateInputTokens,
  extractFeatures,
  FEATURE_VERSION,
} from "../../../router-models/features/extract.ts";
import type { Prompt } from "../../../router-models/features/prompt.ts";
import { openRelease, type Release } from "../../../router-models/release.ts";
import type { OutcomeRow } from "../../../scripts/dataset/outcome-file.ts";
import { decideAgain } from "../../../scripts/replaying/again.ts";
import type { Scoring } from "../../../scripts/replaying/scoring.ts";
import { examplesOf } from "../../../scripts/training/examples.ts";
import { fit } from "../../../scripts/training/fit.ts";
import { pricesOf } from "../../../scripts/training/prices.ts";
import { releaseFiles } from "../../../scripts/training/release-files.ts";
import type { DecisionRecord, LogRecord } from "../../../worker/domain/event.ts";
import { packFloats, packInts } from "../../../worker/lib/packed-numbers.ts";
import { randomFrom, type Random } from "../../../worker/lib/prng.ts";
import { propensitiesOf } from "../../../worker/routing/explore.ts";
import { catalogOf } from "../../router-models/made-catalog.ts";
import { decisionRecord, feedbackRecord, START_MS } from "../events/event-files.ts";
import { SMALL_SETTINGS } from "../training/two-kinds.ts";

export const MADE_MODELS = ["made/calculator", "made/middling", "made/poet"];
export const MADE_CATALOG = catalogOf(Object.fromEntries(MADE_MODELS.map((id) => [id, {}])));
export const TABLE_ROWS = 1024;
/** Chance of a good answer: sums, verses. */
const SKILL: Readonly<Record<string, readonly [number, number]>> = {
  "made/calculator": [0.95, 0.15],
  "made/middling": [0.55, 0.55],
  "made/poet": [0.15, 0.95],
};
const THEMES = ["the sea", "autumn rain", "an old clock", "a lost glove", "winter light", "a road"];

interface Question {
  readonly kind: 0 | 1;
  readonly prompt: Prompt;
}

function questionFrom(random: Random, number: number): Question {
  function theme(): string {
    return THEMES[Math.floor(random() * THEMES.length)]!;
  }
  const kind = random() < 0.5 ? 0 : 1;
  const [a, b] = [Math.floor(900 * random()), Math.floor(900 * random())];
  const text =
    kind === 0
      ? `Compute ${a} * ${b} + ${number} and give the number.`
      : `Please write a gentle verse about ${theme()} and ${theme()} and ${theme()} for poem ${number}.`;
  return {
    kind,
    prompt: {
      turns: [{ role: "user", text }],
      imageCount: 0,
      toolCount: 0,
      wantsJson: false,
    },
  };
}

export interface MadeUpRelease {
  readonly seed?: number;
  readonly rows?: number;
  /** 1 learns what is true, 0 nothing: labels are a coin's. */
  readonly truth?: number;
}

/** Outcomes of all models, as base rows are. */
export function madeUpRows({ seed = 1, rows = 120, truth = 0 }: MadeUpRelease = {}): OutcomeRow[] {
  const random = randomFrom(seed);
  return Array.from({ length: rows }, (_, i) => {
    const { kind, prompt } = questionFrom(random, i + 100_000 * seed);
    const scores = Object.fromEntries(
      MADE_MODELS.map((model) => {
        const chance = truth * SKILL[model]![kind] + (1 - truth) * 0.55;
        return [model, random() < chance ? 1 : 0];
      }),
    );
    const id = `row/${seed}/${i}`;
    return { id, gid: id, dataset: "base", split: "train", prompt: prompt.turns[0]!.text, scores };
  });
}

/** A release that was trained on made-up outcomes, written into `folder`. */
export async function writeRelease(folder: string, options: MadeUpRelease = {}): Promise<Release> {
  const rows = madeUpRows(options);
  const examples = examplesOf(rows, { models: MADE_MODELS, tableRows: TABLE_ROWS });
  const { shape } = SMALL_SETTINGS;
  const fitted = await fit({
    examples,
    models: MADE_MODELS.length,
    hyperparameters: { ...SMALL_SETTINGS, shape: { ...shape, tableRows: TABLE_ROWS } },
    seed: 1,
    hasTime: () => false,
    onProgress: () => {},
  });
  const { files } = await releaseFiles({
    name: "made-up",
    version: "1.0.0",
    fit: fitted,
    examples,
    models: MADE_MODELS,
    prices: pricesOf(rows, MADE_MODELS, { table: {}, catalog: MADE_CATALOG }),
    seed: 1,
    commit: "none",
    data: [],
  });
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "model.onnx"), files.model);
  await writeFile(join(folder, "golden.json"), files.golden);
  await writeFile(join(folder, "manifest.json"), files.manifest);
  return openRelease(files);
}

/** A catalogue file of the made-up models. */
export async function writeCatalog(path: string): Promise<void> {
  const catalog = { version: "2026-11-21", currency: "USD", models: MADE_CATALOG };
  await writeFile(path, JSON.stringify(catalog));
}

export interface MadeUpTraffic {
  readonly count: number;
  readonly seed: number;
  readonly scoring: Scoring;
  /** Whether somebody says of each answer the opposite of what is true. */
  readonly isSlandered?: boolean;
  /** Whether rewards belong to other requests than those that earned them. */
  readonly isShuffled?: boolean;
  readonly explores?: boolean;
}

/** Decisions a minute apart, with feedback on two in three. */
export async function madeUpTraffic(options: MadeUpTraffic): Promise<LogRecord[]> {
  const { count, seed, scoring, isSlandered = false, isShuffled = false } = options;
  const random = randomFrom(seed);
  const log: LogRecord[] = [];
  for (let i = 0; i < count; i++) {
    const { kind, prompt } = questionFrom(random, i + 100_000 * seed);
    const record = await decided(prompt, { ...options, number: i, unit: random(), scoring });
    const chance = SKILL[record.outcome.model!]![kind];
    const draw = random();
    const isGood = isShuffled ? random() < 0.55 : draw < chance !== isSlandered;
    log.push(record);
    if (random() < 2 / 3) {
      const { id, atMs } = record;
      log.push(feedbackRecord({ id, atMs: atMs + 1_000, score: isGood ? 1 : 0 }));
    }
  }
  return log;
}

async function decided(
  prompt: Prompt,
  {
    number,
    unit,
    scoring,
    seed,
    explores = true,
  }: MadeUpTraffic & { readonly number: number; readonly unit: number },
): Promise<DecisionRecord> {
  const features = extractFeatures(prompt, TABLE_ROWS);
  const draft = decisionRecord({
    id: `request-${seed}-${number}`,
    atMs: START_MS + number * 60_000,
    weights: scoring.label,
    release: scoring.id,
    promptHash: String(number).padStart(16, "0"),
    inputTokens: estimateInputTokens(prompt),
    features: {
      version: FEATURE_VERSION,
      tableRows: TABLE_ROWS,
      ids: packInts(features.ids),
      weights: packFloats(features.weights),
      statistics: packFloats(features.statistics),
    },
    moment: {
      lifts: {},
      caution: 0,
      ...(explores && { exploration: { sharpness: 5, floor: 0.1, max_cost_ratio: 100, unit } }),
    },
    decision: emptyDecision(),
  });
  const read = (await scoring.read(draft))!;
  const decision = decideAgain(draft, {
    catalog: MADE_CATALOG,
    forecast: read.forecast,
    certificate: undefined,
    policy: draft.policy,
    lifts: {},
  });
  if (!("reason" in decision)) throw new Error("Nobody can answer");
  const { reason, attempts, candidates, excluded, reference, lambda } = decision;
  const model = attempts[0]!.model;
  return {
    ...draft,
    task: read.forecast.task,
    difficulty: read.forecast.difficulty,
    decision: {
      reason,
      attempts: attempts.map((one) => one.model),
      candidates: [...candidates],
      excluded: [...excluded],
      reference: reference.model,
      lambda,
      propensities: Object.fromEntries(propensitiesOf(decision)),
    },
    outcome: { ...draft.outcome, model, outputTokens: 40 + (number % 60) },
  };
}

/** No candidate is known yet, so that latencies are the catalogue's. */
function emptyDecision(): DecisionRecord["decision"] {
  const { decision } = decisionRecord();
  return { ...decision, candidates: [{ ...decision.candidates[0]!, model: "made/nobody" }] };
}
