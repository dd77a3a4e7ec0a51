/**
 * A world with four models whose truth is plain: sums are for whoever counts, verses for whoever rhymes, one model is
 * good at neither and one, dear, at both.
 */
import type { CatalogModel } from "../../../router-models/catalog.ts";
import type { OutcomeRow } from "../../../scripts/dataset/outcome-file.ts";
import type { Course } from "../../../scripts/simulated-month/router.ts";
import { Router } from "../../../scripts/simulated-month/router.ts";
import type { Question, World } from "../../../scripts/simulated-month/world.ts";
import type { ModelPrice } from "../../../scripts/training/prices.ts";

type Kind = "sum" | "verse";

const QUALITIES: Readonly<Record<string, Readonly<Record<Kind, number>>>> = {
  counter: { sum: 0.9, verse: 0.2 },
  rhymer: { sum: 0.2, verse: 0.9 },
  simple: { sum: 0.3, verse: 0.3 },
  master: { sum: 0.95, verse: 0.95 },
};
const COSTS: Readonly<Record<string, number>> = {
  counter: 100,
  rhymer: 100,
  simple: 20,
  master: 1_000,
};
export const MODELS = Object.keys(QUALITIES);

function promptOf(kind: Kind, k: number): string {
  return kind === "sum"
    ? `What is ${k} + ${3 * k + 1}? Add the two numbers and answer with digits.`
    : `Write a short verse about the ${k}th evening of a quiet autumn by the sea.`;
}

function questionsOf(kind: Kind, from: number, count: number): Question[] {
  return Array.from({ length: count }, (_, k) => ({
    gid: `${kind} ${from + k}`,
    prompt: promptOf(kind, from + k),
    answers: new Map(
      MODELS.map((model) => [
        model,
        { quality: QUALITIES[model]![kind], costMicroUsd: COSTS[model]! },
      ]),
    ),
  }));
}

function entryOf(id: string): CatalogModel {
  return {
    id,
    name: id,
    price: { inputUsdPerMTok: 0, outputUsdPerMTok: COSTS[id]! / 100 },
    contextTokens: 1_000_000,
    maxOutputTokens: 128_000,
    capabilities: [],
    latency: { ttftMs: 500, outputTokensPerSecond: 100, source: "estimate" },
    outputTokensFactor: 1,
    anchors: [],
    sources: [],
  };
}

export const WORLD: World = {
  name: "made up",
  catalog: MODELS.map(entryOf),
  familiar: questionsOf("sum", 500, 60),
  strange: questionsOf("verse", 500, 60),
  happenings: [],
  days: 10,
  reference: "master",
  lambda: 0.08,
};

/** Rows of before the month, of both kinds. */
export const BEFORE: readonly OutcomeRow[] = (["sum", "verse"] as const).flatMap((kind) =>
  questionsOf(kind, 0, 80).map(({ gid, prompt, answers }) => ({
    id: gid,
    dataset: "made-up",
    gid,
    prompt,
    split: "train" as const,
    scores: Object.fromEntries([...answers].map(([model, { quality }]) => [model, quality])),
    out_tokens: Object.fromEntries(MODELS.map((model) => [model, 100])),
  })),
);

const PRICES = new Map(
  WORLD.catalog.map(({ id, price }): [string, ModelPrice] => [id, { ...price, source: "list" }]),
);

export function train(course: Course, version: string): Promise<Router> {
  return Router.train(course, { prices: PRICES, seed: 1, version });
}
