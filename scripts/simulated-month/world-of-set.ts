/**
 * A set of outcomes as a world: which of its questions are whose, and to which models what happens.
 *
 * Nothing is chosen by what a router makes of it. Half of the categories, those with the most questions, are familiar;
 * of their questions some, by the hash of the question, are before the month and the rest in it, so no question is on
 * both sides. Roles are dealt by the rows before the month alone: the model of the best utility collapses, the next one
 * after it is the one that appears, and is repriced later.
 *
 * Where a source states neither costs nor lengths every answer gets USUAL_OUTPUT_TOKENS, and the report says so.
 */
import type { CatalogModel } from "../../router-models/catalog.ts";
import { hashText } from "../../worker/lib/prng.ts";
import type { OutcomeRow } from "../dataset/outcome-file.ts";
import { poolByGid } from "../dataset/pool.ts";
import { meanQuality } from "../evaluation/controls.ts";
import type { PriceSources } from "../evaluation/costs.ts";
import type { LoadedSet } from "../evaluation/loaded-set.ts";
import { costsIn, setModels, type CostOf } from "../evaluation/set-models.ts";
import { pricesOf, withTokens, type ModelPrice } from "../training/prices.ts";
import type { Answer, Happening, Question, World } from "./world.ts";

/** A world, and what may be known of it beforehand. */
export interface Place {
  readonly world: World;
  /** Rows of the days before the month, without the model that appears. */
  readonly before: readonly OutcomeRow[];
  /** Outcomes of the model that appears, on some questions from before the month. */
  readonly probes: readonly OutcomeRow[];
  readonly prices: ReadonlyMap<string, ModelPrice>;
  /** The single model of the best utility before the month; it is the one that collapses. */
  readonly best: string;
  /** Whether lengths were made up. */
  readonly isLengthAssumed: boolean;
}

export interface PlaceTerms {
  readonly days: number;
  /** Quality that a saving of the reference's whole cost may lose. */
  readonly lambda: number;
  readonly prices: PriceSources;
}

/** Of the familiar questions, those of before the month. */
const BEFORE_SHARE = 0.45;
const PROBES = 20;
const USUAL_OUTPUT_TOKENS = 250;
/** One collapses, one appears, two are left. */
const LEAST_MODELS = 4;

interface Asked {
  readonly row: OutcomeRow;
  readonly question: Question;
}

/** A set that cannot be a world; the message says why. */
export class NoWorld extends Error {
  override readonly name = "NoWorld";
}

/** Throws NoWorld where fewer than four models of the set have costs, or it has no two categories. */
export function placeOfSet(set: LoadedSet, { days, lambda, prices: sources }: PlaceTerms): Place {
  const list = { name: set.name, prices: sources };
  const { rows, isLengthAssumed } = withLengths(poolByGid(set.rows));
  const models = setModels(rows, list, () => true)
    .models.filter(({ costUsd }) => costUsd !== undefined)
    .map(({ model }) => model);
  if (models.length < LEAST_MODELS)
    throw new NoWorld(
      `${set.name}: a month needs ${LEAST_MODELS} models with known costs, it has ${models.length}`,
    );
  const prices = pricesOf(rows, models, sources);
  const asked = askedOf(withTokens(rows, prices), models, costsIn(list));
  const categories = familiarCategories(rows);
  const familiar = asked.filter(({ row }) => categories.has(categoryOf(row)));
  const strange = asked.filter(({ row }) => !categories.has(categoryOf(row)));
  if (strange.length === 0) throw new NoWorld(`${set.name}: a shift needs two categories`);
  const before = familiar.filter(({ row }) => isBefore(row));
  const roles = rolesOf(before, models, lambda);
  const others = models.filter((model) => model !== roles.newcomer);
  return {
    world: {
      name: set.name,
      catalog: models.map((model) => entryOf(model, prices.get(model)!)),
      familiar: familiar.filter(({ row }) => !isBefore(row)).map(({ question }) => question),
      strange: strange.map(({ question }) => question),
      happenings: happeningsOf(roles, days),
      days,
      reference: roles.reference,
      lambda,
    },
    before: before.map(({ row }) => rowOf(row, others)),
    probes: before.slice(0, PROBES).map(({ row }) => rowOf(row, [roles.newcomer])),
    prices,
    best: roles.best,
    isLengthAssumed,
  };
}

function withLengths(rows: readonly OutcomeRow[]): {
  rows: readonly OutcomeRow[];
  isLengthAssumed: boolean;
} {
  const isLengthAssumed = rows.every(
    ({ cost_usd, out_tokens, out_chars }) => (cost_usd ?? out_tokens ?? out_chars) === undefined,
  );
  if (!isLengthAssumed) return { rows, isLengthAssumed };
  const lengthened = rows.map((row) => {
    const names = Object.keys(row.scores);
    return { ...row, out_tokens: Object.fromEntries(names.map((m) => [m, USUAL_OUTPUT_TOKENS])) };
  });
  return { rows: lengthened, isLengthAssumed };
}

/** The rows on which every model has a score and a cost. */
function askedOf(rows: readonly OutcomeRow[], models: readonly string[], costOf: CostOf): Asked[] {
  return rows.flatMap((row): Asked[] => {
    const answers = models.flatMap((model): [string, Answer][] => {
      const [quality, costUsd] = [row.scores[model], costOf(row, model)];
      if (quality === undefined || costUsd === undefined) return [];
      return [[model, { quality, costMicroUsd: costUsd * 1e6 }]];
    });
    if (answers.length < models.length) return [];
    return [{ row, question: { gid: row.gid, prompt: row.prompt, answers: new Map(answers) } }];
  });
}

function familiarCategories(rows: readonly OutcomeRow[]): ReadonlySet<string> {
  const bySize = [...Map.groupBy(rows, categoryOf)].toSorted(
    ([a, some], [b, others]) => others.length - some.length || (a < b ? -1 : 1),
  );
  return new Set(bySize.slice(0, Math.ceil(bySize.length / 2)).map(([category]) => category));
}

function categoryOf({ category = "" }: OutcomeRow): string {
  return category;
}

function isBefore({ gid }: OutcomeRow): boolean {
  return hashText(`before ${gid}`) / 2 ** 32 < BEFORE_SHARE;
}

/** The row with the outcomes of these models alone. */
function rowOf(row: OutcomeRow, models: readonly string[]): OutcomeRow {
  const of = new Set(models);
  function kept(values: Readonly<Record<string, number>>): Record<string, number> {
    return Object.fromEntries(Object.entries(values).filter(([model]) => of.has(model)));
  }
  const { id, dataset, category, prompt, gid, split, scores, out_tokens: tokens = {} } = row;
  return {
    id,
    dataset,
    category,
    prompt,
    gid,
    split,
    scores: kept(scores),
    out_tokens: kept(tokens),
  };
}

interface Roles {
  /** Of the highest quality. */
  readonly reference: string;
  readonly best: string;
  readonly newcomer: string;
}

function rolesOf(before: readonly Asked[], models: readonly string[], lambda: number): Roles {
  const rows = before.map(({ row }) => row);
  const qualities = new Map(models.map((model) => [model, meanQuality(rows, model)]));
  function byValue(value: (model: string) => number): string[] {
    return models.toSorted((a, b) => value(b) - value(a) || (a < b ? -1 : 1));
  }
  const strongest = byValue((model) => qualities.get(model)!);
  function utility(model: string): number {
    const costs = before.map(({ question: { answers } }) => {
      const own = answers.get(model)!.costMicroUsd;
      return own / Math.max(answers.get(strongest[0]!)!.costMicroUsd, 1);
    });
    const cost = costs.reduce((sum, share) => sum + share, 0) / costs.length;
    return qualities.get(model)! - lambda * cost;
  }
  const [best, newcomer] = byValue(utility);
  return { reference: strongest[0]!, best: best!, newcomer: newcomer! };
}

function happeningsOf({ best, newcomer }: Roles, days: number): Happening[] {
  return [
    { what: "appears", day: 0.13 * days, model: newcomer },
    { what: "collapses", day: 0.37 * days, model: best, factor: 0.2 },
    { what: "shifts", day: 0.55 * days, share: 0.7 },
    { what: "reprices", day: 0.77 * days, model: newcomer, factor: 4 },
  ];
}

function entryOf(id: string, { inputUsdPerMTok, outputUsdPerMTok }: ModelPrice): CatalogModel {
  return {
    id,
    name: id,
    price: { inputUsdPerMTok, outputUsdPerMTok },
    contextTokens: 1_000_000,
    maxOutputTokens: 128_000,
    capabilities: [],
    latency: { ttftMs: 500, outputTokensPerSecond: 100, source: "estimate" },
    outputTokensFactor: 1,
    anchors: [],
    sources: [],
  };
}
