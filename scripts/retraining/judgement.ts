/**
 * All that is known of a new router before anybody is served by it: it is opened as the edge opens it, asked for its
 * golden answers, timed against the incumbent in turns, and held against the log.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { CatalogModel } from "../../router-models/catalog.ts";
import type { Features } from "../../router-models/features/extract.ts";
import { canary, openRelease, type Release } from "../../router-models/release.ts";
import type { GraphRunner } from "../../router-models/scorer.ts";
import { readReleaseFolder } from "../dataset/release-folder.ts";
import { openGraph } from "../evaluation/onnx-graph.ts";
import { Scoring } from "../replaying/scoring.ts";
import { inTurns } from "../report/in-turns.ts";
import { calibrationOf, type Calibrated } from "./calibration-check.ts";
import { changesOf, type TenantChange } from "./changes.ts";
import { judgedDecisions } from "./dataset.ts";
import { gatesOf, type Compared, type Gate, type GateLimits, type Measured } from "./gates.ts";
import { estimatesOf, rejudge, type Estimates, type Estimating, type Rejudged } from "./judge.ts";
import { loggedFeatures, promptKey } from "./lesson.ts";

export interface Judgement {
  readonly gates: readonly Gate[];
  readonly measured: Measured;
  readonly estimates?: Estimates;
  readonly calibration?: Record<"candidate" | "incumbent", Calibrated>;
  readonly changes: readonly TenantChange[];
  /** Decisions that were made again, and those of them that were drawn. */
  readonly decisions: number;
  readonly drawn: number;
}

export interface JudgingOptions {
  /** Work folder of the run. */
  readonly folder: string;
  /** Folder of the new release. */
  readonly candidate: string;
  readonly incumbent: Release;
  readonly catalog: readonly CatalogModel[];
  readonly limits: GateLimits;
  readonly estimating: Estimating;
  /** Runs of each graph that are timed. */
  readonly rounds: number;
  readonly nowMs: () => number;
  readonly onDecision: (done: number) => void;
}

/** A release that cannot be opened is refused by the gates, not an error. */
export async function judgeRelease(options: JudgingOptions): Promise<Judgement> {
  const opened = await openOrWhy(options.candidate);
  if (typeof opened === "string") return unfit(opened, options);
  const { incumbent } = options;
  const graphs = {
    candidate: await openGraph(opened.model),
    incumbent: await openGraph(incumbent.model),
  };
  try {
    const golden = { ...(await canary(opened, graphs.candidate)), ...opened.golden };
    const { decisions, prompts } = await madeAgain(opened, graphs, options);
    const estimates = estimatesOf(decisions, options.estimating);
    const calibration = calibrationOf(decisions);
    const measured: Measured = {
      gain: estimates.all.difference,
      effectiveSampleSize: estimates.all.effectiveSampleSize,
      unsupported: estimates.all.unsupported,
      slices: estimates.slices.map(({ name, estimate }) => ({ name, gain: estimate.difference })),
      calibration: {
        candidate: calibration.candidate.error,
        incumbent: calibration.incumbent.error,
      },
      sizeBytes: opened.model.length,
      latency: await timed(graphs, prompts, options),
      golden: { worst: golden.worst, tolerance: golden.tolerance, failure: golden.failure },
    };
    return {
      gates: gatesOf(measured, options.limits),
      measured,
      estimates,
      calibration,
      changes: changesOf(decisions),
      decisions: decisions.length,
      drawn: estimates.all.rows,
    };
  } finally {
    await graphs.candidate.release();
    await graphs.incumbent.release();
  }
}

async function openOrWhy(folder: string): Promise<Release | string> {
  try {
    return await openRelease(await readReleaseFolder(folder));
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function unfit(why: string, { limits, candidate }: JudgingOptions) {
  const unknown = { value: NaN, low: NaN, high: NaN };
  const bytes = await readFile(join(candidate, "model.onnx")).then(
    ({ length }) => length,
    () => NaN,
  );
  const measured: Measured = {
    gain: unknown,
    effectiveSampleSize: 0,
    unsupported: NaN,
    slices: [],
    calibration: { candidate: NaN, incumbent: NaN },
    sizeBytes: bytes,
    latency: { candidate: NaN, incumbent: NaN },
    golden: { worst: NaN, tolerance: 0 },
    unfit: why,
  };
  return { gates: gatesOf(measured, limits), measured, changes: [], decisions: 0, drawn: 0 };
}

type Two<T> = Readonly<Record<"candidate" | "incumbent", T>>;

/** Prompts that are timed. */
const TIMED_PROMPTS = 64;

async function madeAgain(
  candidate: Release,
  graphs: Two<GraphRunner>,
  { folder, incumbent, catalog, onDecision }: JudgingOptions,
): Promise<{ decisions: Rejudged[]; prompts: Features[] }> {
  const judges = {
    candidate: new Scoring(candidate, graphs.candidate, catalog),
    incumbent: new Scoring(incumbent, graphs.incumbent, catalog),
    catalog,
  };
  const decisions: Rejudged[] = [];
  const prompts: Features[] = [];
  let done = 0;
  for await (const decision of judgedDecisions(folder)) {
    const { tableRows } = incumbent.manifest.features;
    const features = loggedFeatures(decision.record, tableRows);
    const again = features && (await rejudge(decision, promptKey(features), judges));
    if (again !== undefined) decisions.push(again);
    if (features !== undefined && features.ids.length > 0 && prompts.length < TIMED_PROMPTS)
      prompts.push(features);
    onDecision(++done);
  }
  return { decisions, prompts };
}

async function timed(
  graphs: Two<GraphRunner>,
  prompts: readonly Features[],
  { rounds, nowMs }: JudgingOptions,
): Promise<Compared> {
  if (prompts.length === 0) return { candidate: NaN, incumbent: NaN };
  const ways = (["incumbent", "candidate"] as const).map((name) => ({
    name,
    async run(round: number): Promise<number[]> {
      const features = prompts[Math.abs(round) % prompts.length]!;
      const startMs = nowMs();
      await graphs[name].run(features);
      return [nowMs() - startMs];
    },
  }));
  const [before, after] = await inTurns(ways, ["graph"], { rounds, report: () => undefined });
  return { candidate: after!.p50, incumbent: before!.p50 };
}
