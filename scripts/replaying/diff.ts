/**
 * What would change if other weights or another policy decided: which requests would go to another model, what that
 * would cost and be worth, tenant by tenant.
 *
 * Preferred models are compared, before any draw, so an exploring tenant's luck is no change. Both are priced as the new
 * weights expect, so a request that keeps its model costs the same; what is expected of their quality is told by the
 * old weights and by the new ones, since each speaks for its own choice. Sums are over requests that somebody can still
 * serve. What was really earned is estimated from the log's rewards (evaluation/off-policy), draws included.
 *
 * Requests that named a model are counted and never change; nothing is learnt of a policy by them.
 */
import type { CatalogModel } from "../../router-models/catalog.ts";
import type { DecisionRecord } from "../../worker/domain/event.ts";
import {
  bySlice,
  estimatePolicies,
  type Estimation,
  type OffPolicyEstimate,
} from "../evaluation/off-policy/estimate.ts";
import { offPolicyRows, type LoggedChoice } from "../evaluation/off-policy/rows.ts";
import type { JoinedDecision } from "../events/join.ts";
import { UnknownWord } from "./logged-words.ts";
import { loggedOutlook, outlookUnder, type Alternative, type Outlook } from "./outlook.ts";
import type { Scoring } from "./scoring.ts";

/** Under the old choice and under the new one. */
export interface BeforeAfter {
  readonly before: number;
  readonly after: number;
}

/** One request that would go elsewhere. */
export interface Change {
  readonly id: string;
  readonly tenant: string;
  readonly from: string;
  readonly to: string;
  readonly costUsd: BeforeAfter;
  /** As the old weights expect and as the new ones do; NaN where the old ones did not consider a model. */
  readonly quality: { readonly old: BeforeAfter; readonly new: BeforeAfter };
}

export interface TenantDiff {
  readonly tenant: string;
  readonly decisions: number;
  readonly changed: number;
  /** Requests that nobody could serve any more. */
  readonly refused: number;
  /** Sums. */
  readonly costUsd: BeforeAfter;
  /** Means; over the requests where both weights know both models. */
  readonly quality: { readonly old: BeforeAfter; readonly new: BeforeAfter };
  /** Preferred models, by how many requests each had before; the most first. */
  readonly shares: readonly ({ readonly model: string } & BeforeAfter)[];
  /** The most frequent first. */
  readonly moves: readonly { readonly from: string; readonly to: string; readonly count: number }[];
  /** Those that would add the most cost. */
  readonly dearest: readonly Change[];
  /** Of the reward; undefined where no row says anything of it. */
  readonly reward: OffPolicyEstimate | undefined;
}

export interface Diff {
  readonly total: TenantDiff;
  /** By their names. */
  readonly tenants: readonly TenantDiff[];
  /** Why decisions could not be compared, and how many. */
  readonly skipped: ReadonlyMap<string, number>;
}

export interface DiffInput {
  readonly catalog: { readonly models: readonly CatalogModel[]; readonly digest: string };
  readonly next: Alternative;
  /** What to compare with; undefined for what was served. */
  readonly incumbent?: Alternative | undefined;
  /** The release that a record names; undefined where it is not at hand. */
  scoringOf(record: Pick<DecisionRecord, "release" | "weights">): Promise<Scoring | undefined>;
  readonly estimation: Estimation;
}

const DEAREST = 10;
/** Of what concerns all tenants. */
const ALL = "all";

/** Rejects as graphs and records do. */
export async function diffOf(
  decisions: AsyncIterable<JoinedDecision>,
  input: DiffInput,
): Promise<Diff> {
  const tallies = new Map<string, Tally>();
  const total = new Tally(ALL);
  const choices: LoggedChoice[] = [];
  const skipped = new Map<string, number>();
  for await (const { record, reward } of decisions) {
    const views = await viewsOf(record, input);
    if ("why" in views) {
      skipped.set(views.why, (skipped.get(views.why) ?? 0) + 1);
      continue;
    }
    const tally = tallies.get(record.tenant) ?? new Tally(record.tenant);
    tallies.set(record.tenant, tally);
    for (const one of [tally, total]) one.add(record, views);
    const choice = { ...choiceOf(record, views), reward };
    if (record.pinned === undefined && choice.target.size > 0) choices.push(choice);
  }
  const rows = offPolicyRows(choices);
  const rewards = bySlice(rows, input.estimation);
  const tenants = [...tallies.values()].toSorted((a, b) => (a.tenant < b.tenant ? -1 : 1));
  return {
    total: total.diff(rows.length > 0 ? estimatePolicies(rows, input.estimation) : undefined),
    tenants: tenants.map((tally) => tally.diff(rewards.get(tally.tenant))),
    skipped,
  };
}

interface Views {
  readonly before: Outlook;
  readonly after: Outlook;
  readonly logged: Outlook;
}

async function viewsOf(
  record: DecisionRecord,
  input: DiffInput,
): Promise<Views | { readonly why: string }> {
  const { catalog, next, incumbent } = input;
  const logged = loggedOutlook(record);
  async function under({ scoring, knobs }: Alternative): Promise<Outlook | { why: string }> {
    const own = scoring ?? (await input.scoringOf(record));
    if (own === undefined) return { why: `its weights ${record.weights} are not at hand` };
    try {
      const outlook = await outlookUnder(record, { scoring: own, knobs }, catalog);
      return outlook ?? { why: `neither prompt nor features that ${own.label} reads` };
    } catch (error) {
      if (error instanceof UnknownWord) return { why: error.message };
      throw error;
    }
  }
  const after = await under(next);
  if ("why" in after) return after;
  const before = incumbent === undefined ? logged : await under(incumbent);
  return "why" in before ? before : { before, after, logged };
}

function choiceOf(
  record: DecisionRecord,
  { before, after, logged }: Views,
): Omit<LoggedChoice, "reward"> {
  return {
    chosen: record.decision.attempts[0]!,
    logged: logged.draws,
    target: after.draws,
    incumbent: before.draws,
    scores: new Map([...after.scores, ...before.scores, ...logged.scores]),
    cluster: `${record.tenant} ${record.promptHash}`,
    slice: record.tenant,
  };
}

/** Sums over one tenant's requests. */
class Tally {
  readonly tenant: string;
  #decisions = 0;
  #changed = 0;
  #refused = 0;
  readonly #cost = { before: 0, after: 0 };
  readonly #old = { before: 0, after: 0 };
  readonly #new = { before: 0, after: 0 };
  #judged = 0;
  readonly #shares = new Map<string, { before: number; after: number }>();
  readonly #moves = new Map<string, { from: string; to: string; count: number }>();
  #dearest: Change[] = [];

  constructor(tenant: string) {
    this.tenant = tenant;
  }

  add(record: DecisionRecord, { before, after }: Views): void {
    this.#decisions++;
    const [from, to] = [before.preferred, after.preferred];
    if (from === undefined || to === undefined) return void this.#refused++;
    const change = {
      id: record.id,
      tenant: record.tenant,
      from,
      to,
      costUsd: { before: costUsd(from, { before, after }), after: costUsd(to, { before, after }) },
      quality: { old: pairOf(before, { from, to }), new: pairOf(after, { from, to }) },
    };
    addTo(this.#cost, change.costUsd);
    addTo(this.#shareOf(from), { before: 1, after: 0 });
    addTo(this.#shareOf(to), { before: 0, after: 1 });
    const { old, new: own } = change.quality;
    if (Number.isFinite(old.before + old.after + own.before + own.after)) {
      this.#judged++;
      addTo(this.#old, old);
      addTo(this.#new, own);
    }
    if (from !== to) this.#move(change);
  }

  diff(reward: OffPolicyEstimate | undefined): TenantDiff {
    return {
      tenant: this.tenant,
      decisions: this.#decisions,
      changed: this.#changed,
      refused: this.#refused,
      costUsd: this.#cost,
      quality: { old: meanOf(this.#old, this.#judged), new: meanOf(this.#new, this.#judged) },
      shares: [...this.#shares]
        .map(([model, counts]) => ({ model, ...counts }))
        .toSorted((a, b) => b.before - a.before || b.after - a.after),
      moves: [...this.#moves.values()].toSorted((a, b) => b.count - a.count),
      dearest: this.#dearest,
      reward,
    };
  }

  #shareOf(model: string): { before: number; after: number } {
    const share = this.#shares.get(model) ?? { before: 0, after: 0 };
    this.#shares.set(model, share);
    return share;
  }

  #move(change: Change): void {
    this.#changed++;
    const { from, to } = change;
    const name = `${from} ${to}`;
    const count = (this.#moves.get(name)?.count ?? 0) + 1;
    this.#moves.set(name, { from, to, count });
    if (addedUsd(change) <= 0) return;
    this.#dearest = [...this.#dearest, change]
      .toSorted((a, b) => addedUsd(b) - addedUsd(a))
      .slice(0, DEAREST);
  }
}

function addedUsd({ costUsd: { before, after } }: Change): number {
  return after - before;
}

/** As the new weights expect it, or where the new policy does not consider the model, as the old ones do. */
function costUsd(model: string, { before, after }: Pick<Views, "before" | "after">): number {
  const candidate = after.candidates.get(model) ?? before.candidates.get(model);
  return (candidate?.costP50MicroUsd ?? 0) / 1e6;
}

function pairOf({ scores }: Outlook, { from, to }: { from: string; to: string }): BeforeAfter {
  return { before: scores.get(from) ?? NaN, after: scores.get(to) ?? NaN };
}

function addTo(sum: { before: number; after: number }, one: BeforeAfter): void {
  sum.before += one.before;
  sum.after += one.after;
}

function meanOf({ before, after }: BeforeAfter, count: number): BeforeAfter {
  return { before: before / count, after: after / count };
}
