/**
 * Records of decisions that are made here step by step, as the service makes them: a tiny release, a small catalogue,
 * requests of every kind. Small random choices come from a seed, so a record can be made twice.
 */
import { digestOfCatalog } from "../../../router-models/catalog-digest.ts";
import { placeCatalog } from "../../../router-models/placement.ts";
import { openRelease, weightsLabel, type Release } from "../../../router-models/release.ts";
import { Scorer, type GraphRunner } from "../../../router-models/scorer.ts";
import type { Workshop } from "../../../scripts/replaying/replay.ts";
import { Scoring } from "../../../scripts/replaying/scoring.ts";
import type { Decision } from "../../../worker/domain/decision.ts";
import {
  decisionRecordSchema,
  explorationSchema,
  type DecisionRecord,
} from "../../../worker/domain/event.ts";
import { policySchema, PRESETS, type Policy } from "../../../worker/domain/policy.ts";
import { vendorOf } from "../../../worker/domain/upstream.ts";
import { packFloats, packInts } from "../../../worker/lib/packed-numbers.ts";
import { between, pick, randomFrom, type Random } from "../../../worker/lib/prng.ts";
import { buildCandidates } from "../../../worker/routing/candidates.ts";
import { decide } from "../../../worker/routing/decide.ts";
import { explore, propensitiesOf } from "../../../worker/routing/explore.ts";
import { lifted } from "../../../worker/routing/lift.ts";
import { pin } from "../../../worker/routing/pin.ts";
import { promptOf } from "../../../worker/routing/prompt-of.ts";
import { requirementsOf } from "../../../worker/routing/requirements.ts";
import { tinyGraph, tinyRelease } from "../../support/tiny-release.ts";
import { MODELS } from "../../worker/fixture/models.ts";

/** A release over the catalogue, and somebody who runs it. */
export interface MadeWorld {
  readonly release: Release;
  readonly graph: GraphRunner;
  readonly scorer: Scorer;
  readonly digest: string;
}

/** The tiny release of a seed, run by the plain interpreter unless a graph is given. */
export async function madeWorld(
  seed = 1,
  graph: GraphRunner = tinyGraph(seed),
): Promise<MadeWorld> {
  const release = await openRelease(await tinyRelease({ seed }));
  const scorer = new Scorer(release.manifest, placeCatalog(release.manifest, MODELS));
  return { release, graph, scorer, digest: await digestOfCatalog(MODELS) };
}

/** What makes these worlds' decisions again. */
export function workshopOf(...worlds: readonly MadeWorld[]): Workshop {
  return {
    catalog: MODELS,
    catalogDigest: worlds[0]!.digest,
    async scoringOf({ release: id }) {
      const world = worlds.find(({ release }) => release.id === id);
      return world && new Scoring(world.release, world.graph, MODELS);
    },
  };
}

export interface MadeOptions {
  readonly seed: number;
  readonly detail?: "decisions" | "features" | "prompts";
  /** Takes the place of the drawn one. */
  readonly policy?: Partial<Policy>;
  readonly isPlain?: boolean;
  readonly tenant?: string;
}

const WORDS = [
  "prove",
  "sum",
  "why",
  "def add(a, b):",
  "Paris",
  "7 × 8",
  "{",
  "essay",
  "?",
  "Grüße",
];

/** One record, or undefined where nobody could serve the request. */
export async function madeRecord(
  { scorer, graph, release, digest }: MadeWorld,
  { seed, detail = "features", policy: asked, isPlain = false, tenant = "acme" }: MadeOptions,
): Promise<DecisionRecord | undefined> {
  const random = randomFrom(seed);
  const request = requestOf(random);
  const policy = asked === undefined ? policyOf(random) : policySchema.parse(asked);
  const prompt = promptOf(request);
  const read = scorer.featuresOf(prompt);
  const { forecast, reading } = await scorer.read(read, graph);
  const needs = requirementsOf(request, { prompt, inputTokens: read.inputTokens });
  const lifts = isPlain ? new Map<string, number>() : liftsOf(random);
  const caution = !isPlain && random() < 0.3 ? random() / 4 : 0;
  const unserved = !isPlain && random() < 0.2 ? vendorOf(pick(random, MODELS).id) : undefined;
  const pinned = !isPlain && random() < 0.15 ? pick(random, MODELS).id : undefined;
  const pace =
    !isPlain && pinned === undefined && random() < 0.3
      ? { qualityPerUsd: random() * 1e3, mostMicroUsd: random() * 5_000 }
      : undefined;
  const { candidates, excluded } = buildCandidates({
    catalog: MODELS,
    forecast: lifted(forecast, lifts),
    needs,
    policy,
    isServed: (id) => vendorOf(id) !== unserved,
    latencyOf: () => latencyOf(random),
    pinned,
  });
  const input = { candidates, excluded, policy, task: forecast.task, caution, ...pace };
  const preferred = pinned === undefined ? decide(input) : pin(pinned, input);
  if (!("reason" in preferred)) return undefined;
  const exploration =
    !isPlain && pinned === undefined && random() < 0.4
      ? { ...explorationSchema.parse({ sharpness: random() * 50 }), unit: random() }
      : undefined;
  const decision = exploration ? explore(preferred, { ...exploration, policy }) : preferred;
  const { ids, weights, statistics } = read.features;
  // Through text, as a log has it.
  return decisionRecordSchema.parse(
    JSON.parse(
      JSON.stringify({
        kind: "decision",
        id: `req-${tenant}-${seed}`,
        tenant,
        atMs: 1_700_000_000_000 + seed,
        weights: weightsLabel(release),
        release: release.id,
        catalog: digest,
        promptHash: seed.toString(16).padStart(16, "0"),
        ...(detail !== "decisions" && {
          features: {
            version: reading.version,
            tableRows: reading.tableRows,
            ids: packInts(ids),
            weights: packFloats(weights),
            statistics: packFloats(statistics),
          },
        }),
        ...(detail === "prompts" && { prompt }),
        inputTokens: forecast.inputTokens,
        difficulty: forecast.difficulty,
        task: forecast.task,
        deciles: "",
        needs,
        policy,
        ...(pinned !== undefined && { pinned }),
        moment: {
          lifts: Object.fromEntries(lifts),
          caution,
          ...pace,
          ...(exploration !== undefined && { exploration }),
        },
        decision: loggedDecision(decision),
        outcome: outcomeOf(decision),
      }),
    ),
  );
}

/** As many as there are of so many seeds. */
export async function madeRecords(
  world: MadeWorld,
  count: number,
  options: Omit<MadeOptions, "seed"> = {},
): Promise<DecisionRecord[]> {
  const made: DecisionRecord[] = [];
  for (let seed = 1; seed <= count; seed++) {
    const record = await madeRecord(world, { ...options, seed });
    if (record !== undefined) made.push(record);
  }
  return made;
}

export async function* asLog<T>(records: readonly T[]): AsyncGenerator<T> {
  for (const record of records) yield record;
}

function requestOf(random: Random) {
  const content = Array.from({ length: between(random, 0, 40) }, () => pick(random, WORDS)).join(
    " ",
  );
  const tools = [{ type: "function", function: { name: "look" } }];
  return {
    messages: [{ role: "user", content } as const],
    ...(random() < 0.2 && { max_tokens: between(random, 1, 2_000) }),
    ...(random() < 0.2 && { tools }),
    ...(random() < 0.2 && { response_format: { type: "json_object" } as const }),
    ...(random() < 0.1 && { n: 2 }),
  };
}

function policyOf(random: Random): Policy {
  return policySchema.parse({
    preset: pick(random, PRESETS),
    ...(random() < 0.3 && { quality: random() }),
    ...(random() < 0.3 && { max_cost_usd: 1e-5 + random() / 100 }),
    ...(random() < 0.3 && { max_latency_ms: 100 + random() * 4_000 }),
    ...(random() < 0.2 && {
      allow_models: MODELS.filter(() => random() < 0.7)
        .map(({ id }) => id)
        .concat("openai/large"),
    }),
  });
}

function liftsOf(random: Random): Map<string, number> {
  if (random() < 0.5) return new Map();
  return new Map(MODELS.map(({ id }) => [id, (random() - 0.5) / 3]));
}

function latencyOf(random: Random) {
  const ttft = 100 + random() * 900;
  const total = ttft + random() * 4_000;
  return {
    ttftMs: { p50: ttft, p90: ttft * 1.7, p95: ttft * 2 },
    totalMs: { p50: total, p90: total * 1.7, p95: total * 2 },
  };
}

function loggedDecision(decision: Decision) {
  const { attempts, reference, assurance, reason, candidates, beyond, excluded, floor, lambda } =
    decision;
  return {
    reason,
    attempts: attempts.map(({ model }) => model),
    candidates,
    beyond,
    excluded,
    reference: reference.model,
    floor,
    isCertified: assurance && assurance.doubt === undefined,
    lambda,
    propensities: Object.fromEntries(propensitiesOf(decision)),
  };
}

function outcomeOf({ attempts }: Decision) {
  const { model, costP50MicroUsd } = attempts[0]!;
  return {
    model,
    ending: "complete",
    attempts: 1,
    inputTokens: 10,
    cachedInputTokens: 0,
    outputTokens: 10,
    isEstimated: false,
    costMicroUsd: costP50MicroUsd,
    costs: { [model]: costP50MicroUsd },
    savedMicroUsd: 0,
    durationMs: 500,
    signals: [],
  };
}
